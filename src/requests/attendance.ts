import { appendAudit, BOT } from "../audit/append.ts";
import { isSlackFailure } from "../slack/clients.ts";
import type { ReadPresence } from "../slack/presence.ts";
import type { Db } from "../store/open.ts";
import { fromRow, type Request } from "./request.ts";
import { rulesFor } from "./rules.ts";
import { readRequest } from "./store.ts";
import { AT_ONCE, keepAble, MAX_LOOKED_AT, mayStillAnswer, type UnansweredDeps } from "./unanswered.ts";

export interface AttendDeps extends UnansweredDeps {
  db: Db;
  presence: ReadPresence;
}

/**
 * Looks whether anybody who could decide is active in Slack, and has the card say so when nobody is, until somebody is.
 * @returns the request as it now is when the card has to change; null otherwise.
 */
export async function attend(deps: AttendDeps, id: string): Promise<Request | null> {
  const request = await readRequest(deps.db, id);
  if (request === null || request.status !== "pending") return null;
  const attendance = await lookForApprovers(deps, request);
  if (attendance === "unknown") return null;
  return writeAttendance(deps.db, request, attendance === "nobody", deps.now());
}

async function writeAttendance(
  db: Db,
  seen: Request,
  isNobody: boolean,
  at: number,
): Promise<Request | null> {
  const isNews = isNobody !== (seen.nobodyThereAt !== null);
  if (!isNews && !isNobody) return null;
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable("requests")
      .set((eb) => ({
        nobody_there_at: isNobody ? at : null,
        ...(isNews ? { version: eb("version", "+", 1) } : {}),
      }))
      .where("id", "=", seen.id)
      .where("status", "=", "pending")
      .where("expires_at", ">", at)
      .where("nobody_there_at", seen.nobodyThereAt === null ? "is" : "=", seen.nobodyThereAt)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined || !isNews) return null;
    const request = fromRow(row);
    await appendAudit(trx, {
      at,
      teamId: request.teamId,
      requestId: request.id,
      actor: BOT,
      event: isNobody ? "approvers.away" : "approvers.back",
      data: {
        plan_hash: request.planHash,
        requester: request.requesterId,
        target: request.plan.target.email,
        target_id: request.plan.target.id,
      },
    });
    return request;
  });
}

/** Is anybody who could decide active in Slack now? `unknown`: nobody was seen, and not of all of them it is known. */
type Attendance = "somebody" | "nobody" | "unknown";

/**
 * Looks for somebody who is active and could decide, among the first twenty of those who have not answered. Slack
 * shows who looks at it on a phone now and then as away, so that nobody being active means: call somebody.
 */
async function lookForApprovers(deps: AttendDeps, request: Request): Promise<Attendance> {
  try {
    const { approvers } = rulesFor(deps.policy.current(), request);
    const members = await deps.directory.members(approvers);
    const all = [...members].filter((id) => mayStillAnswer(request, id));
    const ids = all.slice(0, MAX_LOOKED_AT);
    // Of those who are not looked at nothing is known.
    let attendance: Attendance = all.length === 0 || all.length > ids.length ? "unknown" : "nobody";
    while (ids.length > 0) {
      const some = ids.splice(0, AT_ONCE);
      const seen = await Promise.all(some.map(deps.presence));
      const active = some.filter((_id, index) => seen[index] === true);
      if ((await keepAble(deps, request, active)).length > 0) return "somebody";
      if (seen.includes(null)) attendance = "unknown";
    }
    return attendance;
  } catch (error) {
    if (!isSlackFailure(error)) throw error;
    deps.log.warn({ err: error, requestId: request.id }, "Slack does not say who is active");
    return "unknown";
  }
}
