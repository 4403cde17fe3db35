import type { Transaction, UpdateObject } from "kysely";

import type { Db } from "../store/open.ts";
import type { Database } from "../store/schema.ts";
import { transact } from "../store/transact.ts";
import { always, changeRequest, type Condition, type Writer } from "./change.ts";
import { unlockTargets } from "./locks.ts";
import { targetsOf } from "./plan.ts";
import { updateApprovers, type NewPost } from "./posts.ts";
import { findUnreviewed } from "./queries.ts";
import {
  isFinal,
  type BreakGlassUse,
  type Request,
  type Result,
  type Review,
  type Status,
  type Vote,
} from "./request.ts";
import { countTargets, isUntouched, STOPPED_NOTE, stopWaiting } from "./targets.ts";

/** From which states each state is reached. What is not written here cannot happen. */
const REACHED_FROM: Record<Exclude<Status, "pending">, readonly Status[]> = {
  approved: ["pending"],
  denied: ["pending"],
  cancelled: ["pending"],
  expired: ["pending"],
  voided: ["pending", "approved", "executing"],
  executing: ["approved"],
  unknown: ["executing"],
  succeeded: ["executing", "unknown"],
  failed: ["approved", "executing", "unknown"],
};

export interface Transition {
  to: Exclude<Status, "pending">;
  actor: string;
  at: number;
  /** What the audit row holds beside the states. */
  data?: Record<string, unknown>;
  reason?: string;
  result?: Result;
  /** Only from these of the states that lead there: what the decision was made on. */
  from?: readonly Status[];
  /** What else has to hold of the request: a lease, for one. */
  where?: Condition;
  /** All votes, of which the decider had seen so many: lost when somebody else voted meanwhile. */
  votes?: { all: readonly Vote[]; seen: number };
  /** Somebody acts alone: it has to be looked at afterwards, and they lose while another such action waits for that. */
  breakGlass?: BreakGlassUse;
  /** When somebody is first reminded to look at it. */
  reviewReminderAt?: number;
  posts?: NewPost[];
  /** What else is written in the same transaction. */
  also?: (request: Request, trx: Transaction<Database>) => Promise<void>;
}

/**
 * Moves a request to another state if it still is in one that leads there. Deadlines are part of the condition: a
 * decision at or after `expires_at` loses whatever the card in Slack still shows, and only then can it expire.
 * @returns the request as it now is, or null when somebody or something else was first.
 */
export async function moveRequest(db: Writer, id: string, transition: Transition): Promise<Request | null> {
  try {
    return await changeRequest(db, {
      id,
      at: transition.at,
      where: isMovable(transition),
      set: columnsOf(transition),
      event: `request.${transition.to}`,
      actor: transition.actor,
      async data(request, trx) {
        if (isFinal(request.status)) await unlockTargets(trx, id);
        await tellApprovers(trx, request, transition.at);
        await transition.also?.(request, trx);
        if (transition.breakGlass !== undefined) {
          // A write to the chain's head, which everybody who acts takes in turn: of two at once, one sees the other.
          await trx.updateTable("audit_head").set({ id: 1 }).where("id", "=", 1).execute();
          const other = await findUnreviewed(trx, transition.actor, id);
          if (other !== null) throw new UnreviewedError(other);
        }
        return {
          ...(transition.reason === undefined ? {} : { reason: transition.reason }),
          ...transition.data,
        };
      },
      posts: transition.posts ?? [],
    });
  } catch (error) {
    if (error instanceof UnreviewedError) return null;
    throw error;
  }
}

/** Everyone who was asked to decide sees that it is decided; approvers also see the outcome. */
async function tellApprovers(trx: Writer, { id, status, votes }: Request, at: number): Promise<void> {
  if (status === "executing" || status === "unknown") return;
  await updateApprovers(trx, id, { at, news: "decided" });
  if (isFinal(status)) await updateApprovers(trx, id, { at, news: "over", only: votes.map(({ by }) => by) });
}

/** Rolls back a second action alone of somebody whose first one nobody has looked at yet. */
class UnreviewedError extends Error {
  override readonly name = "UnreviewedError";
}

function isMovable({ to, at, from, votes, where = always }: Transition): Condition {
  const states = REACHED_FROM[to].filter((status) => from?.includes(status) ?? true);
  return (eb) =>
    eb.and([
      eb("status", "in", states),
      where(eb),
      ...(to === "approved" || to === "denied" || to === "cancelled" ? [eb("expires_at", ">", at)] : []),
      ...(to === "expired" ? [eb("expires_at", "<=", at)] : []),
      ...(votes === undefined ? [] : [eb("vote_count", "=", votes.seen)]),
    ]);
}

function columnsOf(transition: Transition): UpdateObject<Database, "requests"> {
  const { to, at, actor, votes, breakGlass, result } = transition;
  return {
    status: to,
    held: null,
    ...(votes === undefined ? {} : { votes: JSON.stringify(votes.all), vote_count: votes.all.length }),
    ...(breakGlass === undefined
      ? {}
      : {
          break_glass: JSON.stringify(breakGlass),
          review_due: at,
          // What was counted and planned so far was for those who had to approve.
          reminders: 0,
          nudge_at: transition.reviewReminderAt ?? null,
        }),
    ...(result === undefined ? {} : { result: JSON.stringify(result) }),
    ...(to === "approved" || to === "denied" || to === "cancelled" || to === "expired"
      ? { decided_at: at, decided_by: actor, decision_reason: transition.reason ?? null }
      : {}),
    ...(to === "approved" ? { execution_due: at } : {}),
    ...(to === "executing" ? { started_at: at } : {}),
    ...(to === "voided" || to === "succeeded" || to === "failed"
      ? { finished_at: at, execution_due: null }
      : {}),
  };
}

/**
 * Adds a vote that is not the last one needed, if the request still waits and nobody else voted meanwhile: each
 * voter has counted those before, so that exactly one of them is the last.
 * @returns the request as it now is, or null when it is no longer as it was read.
 */
export function addVote(
  db: Db,
  { id, votes: seen }: Pick<Request, "id" | "votes">,
  { vote, data }: { vote: Vote; data: Record<string, unknown> },
  posts: NewPost[],
): Promise<Request | null> {
  return changeRequest(db, {
    id,
    at: vote.at,
    where: (eb) =>
      eb.and([
        eb("status", "=", "pending"),
        eb("vote_count", "=", seen.length),
        eb("expires_at", ">", vote.at),
      ]),
    set: { votes: JSON.stringify([...seen, vote]), vote_count: seen.length + 1 },
    event: "request.voted",
    actor: vote.by,
    async data(_request, trx) {
      await updateApprovers(trx, id, { at: vote.at, news: `voted-${seen.length + 1}`, only: [vote.by] });
      return {
        ...(vote.unchecked === undefined ? {} : { unchecked: vote.unchecked }),
        ...(vote.stepUp === undefined ? {} : { step_up: vote.stepUp }),
        ...data,
      };
    },
    posts,
  });
}

/**
 * Stops what is carried out, once: from this write on, users not touched yet never will be. The state
 * stays: what is under way is looked into to its end, and then it ends by itself.
 * @returns the request as it now is, or null when it is over, was stopped before, or there is nobody left to stop for.
 */
export async function stopRequest(
  db: Writer,
  id: string,
  { actor, at, data }: Pick<Transition, "actor" | "at" | "data">,
): Promise<Request | null> {
  try {
    return await changeRequest(db, {
      id,
      at,
      where: (eb) =>
        eb.and([eb("status", "in", ["approved", "executing", "unknown"]), eb("stopped_by", "is", null)]),
      set: { stopped_by: actor, stopped_at: at, held: null, execution_due: at },
      event: "request.stopped",
      actor,
      async data({ plan }, trx) {
        const untouched = await stopWaiting(trx, id, STOPPED_NOTE);
        // An unclear call is not sent again from now on.
        if (untouched + (await countTargets(trx, id)).sending === 0) throw new NobodyLeftError();
        return { targets: targetsOf(plan).length, untouched, ...data };
      },
      posts: [{ key: "stopped", surface: "thread", data: { kind: "stopped", by: actor, at } }],
    });
  } catch (error) {
    if (error instanceof NobodyLeftError) return null;
    throw error;
  }
}

/**
 * Takes back an approved request that is held: void where nothing took effect, otherwise stopped, so that what was sent
 * is looked into and nothing more is sent.
 * @returns the request as it now is, or null when it is no longer held, or nothing is left to be sent.
 */
export function withdrawRequest(db: Db, id: string, as: Omit<Transition, "to">): Promise<Request | null> {
  return transact(db, async (trx) => {
    const { at } = as;
    const held = await changeRequest(trx, {
      id,
      at,
      isShown: false,
      where: (eb) =>
        eb.and([eb("held", "is not", null), eb("status", "in", ["approved", "executing", "unknown"])]),
    });
    if (held === null) return null;
    const counts = await countTargets(trx, id);
    if (counts.waiting + counts.sending === 0) return null;
    const isVoid = isUntouched(counts) && held.status !== "unknown";
    return isVoid ? moveRequest(trx, id, { ...as, to: "voided" }) : stopRequest(trx, id, as);
  });
}

/** Rolls back a stop that would stop nothing: "10 of 10 done" must not stand beside "stopped". */
class NobodyLeftError extends Error {
  override readonly name = "NobodyLeftError";
}

/**
 * Puts a request back to how it stands by the record: somebody changed its row past zt-bot.
 * @returns the request as it now is, or null when `where` does not hold (any longer).
 */
export function restoreState(
  db: Db,
  id: string,
  { to, at, where }: { to: Status; at: number; where: Condition },
): Promise<Request | null> {
  const set = { status: to, held: null, ...(isFinal(to) ? { execution_due: null } : {}) };
  return changeRequest(db, { id, at, where, set });
}

/**
 * Keeps what somebody else says of an action done alone, once. The state stays, whatever it is by then.
 * @returns the request as it now is, or null when nobody acted alone there, or somebody else was first.
 */
export function reviewRequest(
  db: Db,
  id: string,
  { review, data, posts }: { review: Review; data: Record<string, unknown>; posts: NewPost[] },
): Promise<Request | null> {
  return changeRequest(db, {
    id,
    at: review.at,
    where: (eb) => eb.and([eb("break_glass", "is not", null), eb("review", "is", null)]),
    set: { review: JSON.stringify(review), review_due: null },
    event: "request.reviewed",
    actor: review.by,
    data: ({ breakGlass }) =>
      Promise.resolve({
        acted_alone: breakGlass?.by,
        verdict: review.verdict,
        ...(review.note === "" ? {} : { note: review.note }),
        ...data,
      }),
    posts,
  });
}
