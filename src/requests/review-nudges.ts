import { appendAudit, BOT } from "../audit/append.ts";
import type { Db } from "../store/open.ts";
import { nextReviewNudgeAt } from "./nudge-times.ts";
import { addPosts, reviewReminderKey } from "./posts.ts";
import { fromRow, type Request } from "./request.ts";
import { rulesFor } from "./rules.ts";
import { readRequest } from "./store.ts";
import { findUnanswered, type UnansweredDeps } from "./unanswered.ts";

/**
 * Mentions whoever could review an action done alone, if that is due: a conditional write with its audit row and its
 * message. Of several replicas at it at once one writes.
 * @returns the request as it now is, or null when there was nothing to do.
 */
export async function nudgeReviewers(deps: UnansweredDeps & { db: Db }, id: string): Promise<Request | null> {
  const seen = await readRequest(deps.db, id);
  const at = deps.now();
  if (seen === null || seen.breakGlass === null || seen.reviewDue === null) return null;
  if (seen.nudgeAt === null || seen.nudgeAt > at) return null;
  const { approvers } = rulesFor(deps.policy.current(), seen);
  // Who did it can say nothing of it; whoever agreed to it before may.
  const asked = await findUnanswered(deps, { ...seen, votes: [seen.breakGlass] }, approvers);
  const written = await write(deps.db, seen, asked, at);
  if (written !== null)
    deps.log.warn({ requestId: id, reminders: written.reminders }, "not reviewed yet: reminded");
  return written;
}

async function write(db: Db, seen: Request, asked: string[], at: number): Promise<Request | null> {
  const reminders = seen.reminders + 1;
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable("requests")
      .set((eb) => ({
        reminders,
        nudge_at: nextReviewNudgeAt(reminders, at),
        version: eb("version", "+", 1),
      }))
      .where("id", "=", seen.id)
      .where("review_due", "is not", null)
      .where("reminders", "=", seen.reminders)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return null;
    const request = fromRow(row);
    await appendAudit(trx, {
      at,
      teamId: request.teamId,
      requestId: request.id,
      actor: BOT,
      event: "review.reminded",
      data: {
        plan_hash: request.planHash,
        requester: request.requesterId,
        target: request.plan.target.email,
        target_id: request.plan.target.id,
        acted_alone: request.breakGlass?.by,
        number: reminders,
        reminded: asked,
      },
    });
    await addPosts(trx, request.id, at, [
      {
        key: reviewReminderKey(reminders),
        surface: "thread",
        data: { kind: "review-reminder", at, since: seen.reviewDue ?? at, asked },
      },
    ]);
    return request;
  });
}
