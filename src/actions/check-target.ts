import { sameEmail, type Cloudflare } from "../api/cloudflare.ts";
import { isCloudflareFailure } from "../api/errors.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import type { Target } from "../requests/target.ts";
import type { TargetCheck } from "./define.ts";
import { actionOf, type Plan } from "./index.ts";

/** Just before the call: is what was approved still what would be done? */
export async function checkTarget(cloudflare: Cloudflare, plan: Plan): Promise<TargetCheck> {
  const action = actionOf(plan);
  try {
    const asApproved = action.checkTarget?.(cloudflare, plan) ?? Promise.resolve(OK);
    // Of another user, how that one stands means nothing.
    asApproved.catch(() => {});
    // Someone who is to be created has no id yet.
    const same = plan.target.id === "" ? OK : await checkSameUser(cloudflare, plan.target);
    return same.ok ? await asApproved : same;
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    if (action.isUrgent === true && action.namesTarget === true) return OK;
    return {
      ok: false,
      isUnread: true,
      why: `Can't check that this is still what was approved. ${describeFailure(error).why}`,
      next: "Request again when Cloudflare answers.",
    };
  }
}

const OK = { ok: true } as const;

/** Is the target still the principal that was approved? A user id that now has another email is someone else. */
async function checkSameUser(cloudflare: Cloudflare, { id, email }: Target): Promise<TargetCheck> {
  try {
    const user = await cloudflare.accessUsers.get(id);
    if (sameEmail(user.email, email)) return OK;
    return changed(
      `The Access user ${id} is no longer ${email}, the user that was approved.`,
      "Look up the user again and make a new request.",
    );
  } catch (error) {
    if (!isCloudflareFailure(error) || error.kind !== "not-found") throw error;
    const seen = await cloudflare.accessUsers.confirmGone({ id, email });
    if (seen === "there") throw error;
    if (seen === "gone")
      return changed(
        `${email} is no longer an Access user of this account.`,
        "Nothing is left to do for this user.",
      );
    return changed(
      `${email} is now another Access user (${seen.other.id}) than the one that was approved (${id}).`,
      "Look up the user again and make a new request.",
    );
  }
}

function changed(why: string, next: string): TargetCheck {
  return { ok: false, why, next };
}
