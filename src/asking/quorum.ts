import type { Asker, Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import { plural } from "../pluralize.ts";
import { affectedBy } from "../requests/plan.ts";
import { couldApprove } from "../approvals/decide.ts";
import type { Request } from "../requests/request.ts";
import { rulesFor } from "../approvals/rules.ts";
import { describeProtection, namesOfGroups, type Protection } from "../approvals/protected-targets.ts";
import type { ApproverRisk, RefusalCode } from "../approvals/eligibility.ts";

/** Past this a sentence is no longer read. */
const MAX_NAMED = 8;

/**
 * Whether enough people could decide a request that is about to be made: where they can't, it is refused when it is
 * asked for instead of waiting for ever.
 * @throws UserError that says who is missing, and why.
 */
export async function checkQuorum(
  deps: Deps,
  asked: Pick<Request, "plan" | "evidence" | "isProtected"> & { protection: Protection },
  { userId }: Asker,
): Promise<void> {
  const policy = deps.policy.current();
  const { plan } = asked;
  const { escalate } = policy.action(plan.action);
  const { approvers, quorum } = rulesFor(policy, { ...asked, escalatedAt: null });
  const judge = async (id: string): Promise<Judged> => {
    if (id === userId) return { name: "you", why: "requested it" };
    const person = await deps.directory.person(id);
    const name = person?.name ?? id;
    const refusal = couldApprove(person, { id, plan, requesterId: userId, homeTeamId: deps.homeTeamId });
    if (refusal !== null)
      return {
        name,
        why: WHY_NOT[refusal.code] ?? "is a bot, deactivated or without an email address in Slack",
      };
    if (!policy.checksApproverRisk || !person?.email) return { name, why: null };
    return { name, why: WHY_AT_RISK[(await deps.approverRisk(person.email)).kind] ?? null };
  };
  const named = [...approvers, ...(escalate?.to ?? [])];
  const ids = [...(await deps.directory.members(named))];
  const able: string[] = [];
  const unable: string[] = [];
  // A few at a time: mostly the first ones will do.
  while (ids.length > 0 && able.length < quorum) {
    const some = ids.splice(0, quorum);
    for (const { name, why } of await Promise.all(some.map(judge))) {
      if (why === null) able.push(name);
      else unable.push(`${name} ${why}`);
    }
  }
  if (able.length >= quorum) return;

  const gone = await deps.directory.unknownGroups(named);
  if (gone.length > 0)
    unable.unshift(`${namesOfGroups(gone)} ${gone.length === 1 ? "is" : "are"} unknown to Slack`);
  const about = affectedBy(plan).length > 1 ? "of these people" : `of ${plan.target.email}`;
  const left = unable.length - MAX_NAMED;
  const missing = quorum - able.length;
  throw new UserError({
    what:
      able.length === 0
        ? "No one can approve this, so nothing was requested."
        : "Too few people can approve this, so nothing was requested.",
    why: [
      `The policy needs ${plural(quorum, "approver")} ${asked.isProtected ? `(${describeProtection(asked.protection, affectedBy(plan))}) ` : ""}for ${plan.action} ${about}`,
      `, and ${able.length === 0 ? "none of those it names can approve" : `only ${able.join(" and ")} can approve`}`,
      unable.length === 0
        ? "."
        : `: ${unable.slice(0, MAX_NAMED).join(", ")}${left > 0 ? ` and ${left} more` : ""}.`,
    ].join(""),
    next: `The zt-bot administrator needs to add ${plural(missing, "approver")} to policy.yml. If it can't wait, do it in the Cloudflare dashboard.`,
  });
}

interface Judged {
  name: string;
  /** After the name: why not; null when they could decide. */
  why: string | null;
}

const WHY_NOT: Partial<Record<RefusalCode, string>> = {
  target: "is the target",
  stranger: "is a guest or from another organization",
};

/** Where Cloudflare can't say, it may by the time someone decides. */
const WHY_AT_RISK: Partial<Record<ApproverRisk["kind"], string>> = {
  "high-risk": "is high-risk in Cloudflare",
  revoked: "was revoked within the last 24 hours",
};
