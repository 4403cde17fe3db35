import { REVIEW_REMINDER_MS } from "../approvals/break-glass.ts";
import type { ActionRules } from "../policy-file.ts";
import type { Request } from "../requests/request.ts";

/**
 * When someone is to be reminded of a request, and when further people are asked: pure functions of the request, the
 * rules of its action as they are now, and the time.
 */
export type Waiting = Pick<
  Request,
  "status" | "createdAt" | "expiresAt" | "nudgeAt" | "reminders" | "escalatedAt"
>;

export type NudgeRules = Pick<ActionRules, "remindAfterMs" | "escalate">;

/** Those who have not answered is mentioned; or further people are asked, and those who have not answered mentioned too. */
export type Nudge = "reminder" | "escalation";

/** What is due now; never after the decision, at or after the deadline, or before `nudgeAt`. */
export function nudgeDue(request: Waiting, rules: NudgeRules, now: number): Nudge | null {
  const { status, expiresAt, nudgeAt } = request;
  if (status !== "pending" || now >= expiresAt || nudgeAt === null || now < nudgeAt) return null;
  if (now >= (escalationTime(request, rules) ?? Infinity)) return "escalation";
  if (now >= (earliestReminder(request, rules) ?? Infinity)) return "reminder";
  return null;
}

/**
 * When to look at it next. Each reminder comes twice as late after the one before as that one did, counted from
 * `since`: when it was last told of, or asked for. So after a standstill no one is told several times in a row.
 * @returns null when nothing is to come before the deadline.
 */
export function nextNudgeAt(
  request: Omit<Waiting, "nudgeAt">,
  rules: NudgeRules,
  since: number,
): number | null {
  if (request.status !== "pending") return null;
  const earliest = earliestReminder(request, rules);
  const reminderAt =
    earliest === null || rules.remindAfterMs === null
      ? null
      : Math.max(since + rules.remindAfterMs * 2 ** request.reminders, earliest);
  const escalationAt = escalationTime(request, rules);
  const next = Math.min(reminderAt ?? Infinity, Math.max(escalationAt ?? Infinity, since));
  return next < request.expiresAt ? next : null;
}

/** Were all of them in time, the next one came at this moment: 1, 3, 7 … times the wait after it was asked. */
function earliestReminder(
  { createdAt, reminders }: Pick<Waiting, "createdAt" | "reminders">,
  { remindAfterMs }: NudgeRules,
): number | null {
  return remindAfterMs === null ? null : createdAt + remindAfterMs * (2 ** (reminders + 1) - 1);
}

function escalationTime(
  { createdAt, escalatedAt }: Pick<Waiting, "createdAt" | "escalatedAt">,
  { escalate }: NudgeRules,
): number | null {
  return escalate === null || escalatedAt !== null ? null : createdAt + escalate.afterMs;
}

const LONGEST_PAUSE = 24 * 3_600_000;

/**
 * When the approvers who could review what was done by break-glass is reminded next: an hour after `since`, and after each reminder
 * twice as late, at most a day.
 */
export function nextReviewNudgeAt(reminders: number, since: number): number {
  return since + Math.min(REVIEW_REMINDER_MS * 2 ** reminders, LONGEST_PAUSE);
}
