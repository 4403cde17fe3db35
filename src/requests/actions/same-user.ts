import { sameEmail, type Cloudflare } from "../../api/cloudflare.ts";
import type { Target } from "../plan.ts";
import type { TargetCheck } from "./define.ts";

/**
 * Is the target still the principal that was approved? A user id that now has another e-mail is somebody else.
 * @throws NotFoundError when the user is gone.
 */
export async function checkSameUser(cloudflare: Cloudflare, target: Target): Promise<TargetCheck> {
  const user = await cloudflare.accessUsers.get(target.id);
  if (sameEmail(user.email, target.email)) return { ok: true };
  return {
    ok: false,
    why: `The Access user ${target.id} is no longer ${target.email}: it is not the user that was approved.`,
    next: "Look the user up again and make a new request.",
  };
}
