import { BOT } from "../audit/append.ts";
import { isSlackFailure } from "../slack/clients.ts";
import type { ReadPresence } from "../slack/presence.ts";
import type { Db } from "../store/open.ts";
import { changeRequest } from "../requests/change.ts";
import type { Request } from "../requests/request.ts";
import { rulesFor } from "../approvals/rules.ts";
import { readRequest } from "../requests/repository.ts";
import { AT_ONCE, keepAble, MAX_LOOKED_AT, mayStillAnswer, type UnansweredDeps } from "./unanswered.ts";

export interface PresenceDeps extends UnansweredDeps {
  db: Db;
  presence: ReadPresence;
}

/**
 * Looks whether anyone who could decide is active in Slack, and has the card say so when no one is, until someone is.
 * @returns the request as it now is when the card has to change; null otherwise.
 */
export async function updatePresence(deps: PresenceDeps, id: string): Promise<Request | null> {
  const request = await readRequest(deps.db, id);
  if (request === null || request.status !== "pending") return null;
  const presenceSeen = await lookForApprovers(deps, request);
  if (presenceSeen === "unknown") return null;
  return writePresence(deps.db, request, presenceSeen === "nobody", deps.now());
}

function writePresence(db: Db, seen: Request, isNobody: boolean, at: number): Promise<Request | null> {
  const isNews = isNobody !== (seen.nobodyThereAt !== null);
  if (!isNews && !isNobody) return Promise.resolve(null);
  return changeRequest(db, {
    id: seen.id,
    at,
    isShown: isNews,
    where: (eb) =>
      eb.and([
        eb("status", "=", "pending"),
        eb("expires_at", ">", at),
        eb("nobody_there_at", seen.nobodyThereAt === null ? "is" : "=", seen.nobodyThereAt),
      ]),
    set: { nobody_there_at: isNobody ? at : null },
    actor: BOT,
    ...(isNews ? { event: isNobody ? "approvers.away" : "approvers.back" } : {}),
  }).then((changed) => (isNews ? changed : null));
}

/** Is anyone who could decide active in Slack now? `unknown`: no one was seen, and not of all of them it is known. */
type Presence = "somebody" | "nobody" | "unknown";

/**
 * Looks for someone who is active and could decide, among the first twenty of those who have not answered. Slack
 * shows who looks at it on a phone now and then as away, so that no one being active means: call someone.
 */
async function lookForApprovers(deps: PresenceDeps, request: Request): Promise<Presence> {
  try {
    const { approvers } = rulesFor(deps.policy.current(), request);
    const members = await deps.directory.members(approvers);
    const all = [...members].filter(mayStillAnswer(deps, request));
    const ids = all.slice(0, MAX_LOOKED_AT);
    // Of those who are not looked at nothing is known.
    let presenceSeen: Presence = all.length === 0 || all.length > ids.length ? "unknown" : "nobody";
    while (ids.length > 0) {
      const some = ids.splice(0, AT_ONCE);
      const seen = await Promise.all(some.map(deps.presence));
      const active = some.filter((_id, index) => seen[index] === true);
      if ((await keepAble(deps, request, active)).length > 0) return "somebody";
      if (seen.includes(null)) presenceSeen = "unknown";
    }
    return presenceSeen;
  } catch (error) {
    if (!isSlackFailure(error)) throw error;
    deps.log.warn({ err: error, requestId: request.id }, "Slack does not say who is active");
    return "unknown";
  }
}
