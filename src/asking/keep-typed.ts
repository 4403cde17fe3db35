import type { Asker, Deps } from "../deps.ts";
import { whoText } from "../lookup/who-list.ts";
import { saveDraft } from "../requests/drafts.ts";
import type { WishFor } from "../requests/plan.ts";
import type { UnknownUsersError } from "./unknown-users.ts";

/**
 * Keeps all that was typed for a revocation of several users, and which names the requester is told were not found: only
 * those can be left out afterwards.
 * @returns the draft's id.
 */
export function keepTyped(
  { db, now }: Pick<Deps, "db" | "now">,
  { userId }: Asker,
  { notFound }: UnknownUsersError,
  { wish, reason }: { wish: WishFor<"revoke">; reason: string },
): Promise<string> {
  const { several = [], unreadable = [], devices, warpReauth } = wish;
  const users = [...several.map(whoText), ...unreadable];
  const names = notFound.map(({ name }) => name);
  return saveDraft(db, userId, now(), { users, devices, warpReauth, reason, notFound: names });
}
