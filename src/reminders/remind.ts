import { BOT } from "../audit/append.ts";
import type { Db } from "../store/open.ts";
import { nextNudgeAt, nudgeDue, type Nudge } from "./schedule.ts";
import { changeRequest } from "../requests/change.ts";
import { reminderKey, type NewPost } from "../requests/posts.ts";
import type { Request } from "../requests/request.ts";
import { rulesFor } from "../approvals/rules.ts";
import { readRequest } from "../requests/repository.ts";
import { postsForApprovers, toldDirectly } from "./notify-approvers.ts";
import { countMissing, findUnanswered, type UnansweredDeps } from "./unanswered.ts";

export interface NudgeDeps extends UnansweredDeps {
  db: Db;
}

/**
 * Reminds whoever has not answered a request, or asks further people, if that is due: a conditional write with its
 * audit rows and its message. Of several replicas at it at once one writes.
 * @returns the request as it now is, or null when it is gone. Its `nudgeAt` says when to come back.
 */
export async function nudge(deps: NudgeDeps, id: string): Promise<Request | null> {
  const request = await readRequest(deps.db, id);
  if (request === null) return null;
  const at = deps.now();
  const rules = deps.policy.current().action(request.plan.action);
  const due = nudgeDue(request, rules, at);
  if (due === null) {
    // The policy has changed since it was planned: nothing to tell yet, and another time to look.
    if (request.status === "pending" && request.nudgeAt !== null && request.nudgeAt <= at)
      await plan(deps.db, request, nextNudgeAt(request, rules, request.createdAt), at);
    return readRequest(deps.db, id);
  }
  const after: Request = {
    ...request,
    reminders: request.reminders + (due === "reminder" ? 1 : 0),
    escalatedAt: due === "escalation" ? at : request.escalatedAt,
  };
  const further = due === "escalation" ? (rules.escalate?.to ?? []) : [];
  // Where the policy wants no reminders, an escalation is none either.
  const before = rules.remindAfterMs === null ? [] : rulesFor(deps.policy.current(), request).approvers;
  const [asked, also, missing] = await Promise.all([
    findUnanswered(deps, after, before),
    findUnanswered(deps, after, further),
    countMissing(deps, after),
  ]);
  const told = { asked: asked.filter((one) => !also.includes(one)), also, missing };
  // The thread mentions them in any case.
  const direct = (await postsForApprovers(deps, after, further, "")).filter(
    ({ surface }) => surface === "dm",
  );
  const written = await write(deps.db, request, due, told, {
    at,
    nextAt: nextNudgeAt(after, rules, at),
    direct,
  });
  if (written === null) return readRequest(deps.db, id);
  deps.log.info({ requestId: id, nudge: due, reminders: written.reminders, missing }, "approvers nudged");
  return written;
}

interface Told {
  /** Who was asked before and has not answered. */
  asked: readonly string[];
  /** Who is asked now for the first time. */
  also: readonly string[];
  /** So many approvals are missing. */
  missing: number;
}

/** @returns null when it was decided, or nudged by somebody else, since it was read, or its time is over. */
function write(
  db: Db,
  seen: Request,
  due: Nudge,
  told: Told,
  { at, nextAt, direct }: { at: number; nextAt: number | null; direct: readonly NewPost[] },
): Promise<Request | null> {
  const reminders = seen.reminders + (due === "reminder" ? 1 : 0);
  return changeRequest(db, {
    id: seen.id,
    at,
    where: (eb) =>
      eb.and([
        eb("status", "=", "pending"),
        eb("expires_at", ">", at),
        eb("reminders", "=", seen.reminders),
        eb("nudge_at", "=", seen.nudgeAt),
        eb("escalated_at", seen.escalatedAt === null ? "is" : "=", seen.escalatedAt),
      ]),
    set: { nudge_at: nextAt, ...(due === "reminder" ? { reminders } : { escalated_at: at }) },
    event: due === "reminder" ? "request.reminded" : "request.escalated",
    actor: BOT,
    data: {
      missing: told.missing,
      reminded: told.asked,
      ...(due === "reminder" ? { number: reminders } : { to: told.also }),
      ...(direct.length === 0 ? {} : { told_directly: toldDirectly(direct) }),
    },
    posts: [postOf({ ...seen, reminders }, due, told, at), ...direct],
  });
}

function postOf(request: Request, due: Nudge, told: Told, at: number): NewPost {
  const { createdAt, expiresAt } = request;
  return due === "escalation"
    ? { key: "escalated", surface: "thread", data: { kind: "escalated", at, createdAt, expiresAt, ...told } }
    : {
        key: reminderKey(request.reminders),
        surface: "thread",
        data: { kind: "reminder", at, expiresAt, asked: told.asked, missing: told.missing },
      };
}

async function plan(db: Db, { id, nudgeAt }: Request, nextAt: number | null, at: number): Promise<void> {
  await changeRequest(db, {
    id,
    at,
    isShown: false,
    where: (eb) => eb.and([eb("status", "=", "pending"), eb("nudge_at", "=", nudgeAt)]),
    set: { nudge_at: nextAt },
  });
}
