import { BOT } from "../audit/append.ts";
import type { Db } from "../store/open.ts";
import { nextReviewNudgeAt } from "./schedule.ts";
import { changeRequest } from "../requests/change.ts";
import { reviewReminderKey } from "../requests/posts.ts";
import type { Request } from "../requests/request.ts";
import { rulesFor } from "../approvals/rules.ts";
import { readRequest } from "../requests/repository.ts";
import { findUnanswered, type UnansweredDeps } from "./unanswered.ts";

/**
 * Mentions the approvers who could review a break-glass action, if that is due: a conditional write with its audit row and its
 * message. Of several replicas at it at once one writes.
 * @returns the request as it now is, or null when there was nothing to do.
 */
export async function nudgeReviewers(deps: UnansweredDeps & { db: Db }, id: string): Promise<Request | null> {
  const seen = await readRequest(deps.db, id);
  const at = deps.now();
  if (seen === null || seen.breakGlass === null || seen.reviewDue === null) return null;
  if (seen.nudgeAt === null || seen.nudgeAt > at) return null;
  const { approvers } = rulesFor(deps.policy.current(), seen);
  // Who did it can say nothing of it; an approver who agreed before may.
  const asked = await findUnanswered(deps, { ...seen, votes: [seen.breakGlass] }, approvers);
  const written = await write(deps.db, seen, asked, at);
  if (written !== null)
    deps.log.warn({ requestId: id, reminders: written.reminders }, "not reviewed yet: reminded");
  return written;
}

function write(db: Db, seen: Request, asked: string[], at: number): Promise<Request | null> {
  const reminders = seen.reminders + 1;
  return changeRequest(db, {
    id: seen.id,
    at,
    where: (eb) => eb.and([eb("review_due", "is not", null), eb("reminders", "=", seen.reminders)]),
    set: { reminders, nudge_at: nextReviewNudgeAt(reminders, at) },
    event: "review.reminded",
    actor: BOT,
    data: { acted_alone: seen.breakGlass?.by, number: reminders, reminded: asked },
    posts: [
      {
        key: reviewReminderKey(reminders),
        surface: "thread",
        data: { kind: "review-reminder", at, since: seen.reviewDue ?? at, asked },
      },
    ],
  });
}
