import type { Transaction, Updateable } from "kysely";

import { appendAudit } from "../audit/append.ts";
import type { Db } from "../store/open.ts";
import type { Database, RequestsTable } from "../store/schema.ts";
import { STOPPED_NOTE, stopWaiting } from "./bulk/targets.ts";
import { targetsOf } from "./plan.ts";
import { addPosts, type NewPost } from "./posts.ts";
import {
  fromRow,
  isFinal,
  type BreakGlassUse,
  type Request,
  type Result,
  type Review,
  type Status,
  type Vote,
} from "./request.ts";
import { nextReviewNudgeAt } from "./nudge-times.ts";
import { findUnreviewed } from "./find.ts";
import { claimTarget, releaseTargets, TargetBusyError } from "./target-locks.ts";

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
  failed: ["executing", "unknown"],
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
  /** All votes, of which whoever decided had seen so many: lost when somebody else voted meanwhile. */
  votes?: { all: readonly Vote[]; seen: number };
  /** Somebody acts alone: it has to be looked at afterwards, and they lose while another such action waits for that. */
  breakGlass?: BreakGlassUse;
  posts?: NewPost[];
}

/**
 * Moves a request to another state if it still is in one that leads there: one conditional UPDATE together with
 * its audit row and the messages that tell of it, in one transaction. Deadlines are part of the condition: a
 * decision at or after `expires_at` loses whatever the card in Slack still shows, and only then can it expire.
 * @returns the request as it now is, or null when somebody or something else was first.
 */
export async function moveRequest(db: Db, id: string, transition: Transition): Promise<Request | null> {
  try {
    return await db.transaction().execute((trx) => move(trx, id, transition));
  } catch (error) {
    if (error instanceof ActedAloneError) return null;
    throw error;
  }
}

/** Rolls back a second action alone of somebody whose first one nobody has looked at yet. */
class ActedAloneError extends Error {
  override readonly name = "ActedAloneError";
}

async function move(trx: Transaction<Database>, id: string, transition: Transition): Promise<Request | null> {
  const update = trx
    .updateTable("requests")
    .set((eb) => ({ ...columnsOf(transition), version: eb("version", "+", 1) }))
    .where("id", "=", id)
    .where(
      "status",
      "in",
      REACHED_FROM[transition.to].filter((status) => transition.from?.includes(status) ?? true),
    )
    .$if(
      transition.to === "approved" || transition.to === "denied" || transition.to === "cancelled",
      (query) => query.where("expires_at", ">", transition.at),
    )
    .$if(transition.to === "expired", (query) => query.where("expires_at", "<=", transition.at))
    .$if(transition.votes !== undefined, (query) =>
      query.where("vote_count", "=", transition.votes?.seen ?? 0),
    )
    .returningAll();
  const row = await update.executeTakeFirst();
  if (row === undefined) return null;
  const request = fromRow(row);
  if (isFinal(request.status)) await releaseTargets(trx, id);
  if (transition.to === "executing") {
    // With the state or not at all: what is withdrawn in this moment must not keep the user from others.
    const holder = await claimTarget(trx, request.plan.target, id, transition.at);
    if (holder !== id) throw new TargetBusyError(holder);
  }
  await appendAudit(trx, {
    at: transition.at,
    teamId: request.teamId,
    requestId: id,
    actor: transition.actor,
    event: `request.${transition.to}`,
    data: {
      plan_hash: request.planHash,
      requester: request.requesterId,
      target: request.plan.target.email,
      target_id: request.plan.target.id,
      ...(transition.reason === undefined ? {} : { reason: transition.reason }),
      ...transition.data,
    },
  });
  // Whoever appends waits for whoever appended before: here, of two at once, the later one sees the earlier one.
  if (transition.breakGlass !== undefined) {
    const other = await findUnreviewed(trx, transition.actor, id);
    if (other !== null) throw new ActedAloneError(other);
  }
  await addPosts(trx, id, transition.at, transition.posts ?? []);
  return request;
}

/**
 * Adds a vote that is not the last one needed, if the request still waits and nobody else voted meanwhile: each
 * voter has counted those before, so that exactly one of them is the last.
 * @returns the request as it now is, or null when it is not any more as it was read.
 */
export async function addVote(
  db: Db,
  { id, votes: seen }: Pick<Request, "id" | "votes">,
  { vote, data }: { vote: Vote; data: Record<string, unknown> },
  posts: NewPost[],
): Promise<Request | null> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable("requests")
      .set((eb) => ({
        votes: JSON.stringify([...seen, vote]),
        vote_count: seen.length + 1,
        version: eb("version", "+", 1),
      }))
      .where("id", "=", id)
      .where("status", "=", "pending")
      .where("vote_count", "=", seen.length)
      .where("expires_at", ">", vote.at)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return null;
    const request = fromRow(row);
    await appendAudit(trx, {
      at: vote.at,
      teamId: request.teamId,
      requestId: id,
      actor: vote.by,
      event: "request.voted",
      data: {
        plan_hash: request.planHash,
        requester: request.requesterId,
        target: request.plan.target.email,
        target_id: request.plan.target.id,
        ...(vote.unchecked === undefined ? {} : { unchecked: vote.unchecked }),
        ...data,
      },
    });
    await addPosts(trx, id, vote.at, posts);
    return request;
  });
}

/**
 * Stops a request about several users, once: whoever was not touched yet is not going to be, from this write on.
 * The state stays: what is under way is finished, and then it ends by itself.
 * @returns the request as it now is, or null when it is over or was stopped before.
 */
export async function stopRequest(
  db: Db,
  id: string,
  { actor, at, data }: Pick<Transition, "actor" | "at" | "data">,
): Promise<Request | null> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable("requests")
      .set((eb) => ({ stopped_by: actor, stopped_at: at, version: eb("version", "+", 1) }))
      .where("id", "=", id)
      .where("status", "in", ["approved", "executing", "unknown"])
      .where("stopped_by", "is", null)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return null;
    const request = fromRow(row);
    const untouched = await stopWaiting(trx, id, STOPPED_NOTE);
    await appendAudit(trx, {
      at,
      teamId: request.teamId,
      requestId: id,
      actor,
      event: "request.stopped",
      data: {
        plan_hash: request.planHash,
        requester: request.requesterId,
        targets: targetsOf(request.plan).length,
        untouched,
        ...data,
      },
    });
    await addPosts(trx, id, at, [
      { key: "stopped", surface: "thread", data: { kind: "stopped", by: actor, at } },
    ]);
    return request;
  });
}

/**
 * Keeps what somebody else says of an action done alone, once. The state stays, whatever it is by then.
 * @returns the request as it now is, or null when nobody acted alone there, or somebody else was first.
 */
export async function reviewRequest(
  db: Db,
  id: string,
  { review, data, posts }: { review: Review; data: Record<string, unknown>; posts: NewPost[] },
): Promise<Request | null> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable("requests")
      .set((eb) => ({
        review: JSON.stringify(review),
        review_due: null,
        version: eb("version", "+", 1),
      }))
      .where("id", "=", id)
      .where("break_glass", "is not", null)
      .where("review", "is", null)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return null;
    const request = fromRow(row);
    await appendAudit(trx, {
      at: review.at,
      teamId: request.teamId,
      requestId: id,
      actor: review.by,
      event: "request.reviewed",
      data: {
        plan_hash: request.planHash,
        requester: request.requesterId,
        target: request.plan.target.email,
        target_id: request.plan.target.id,
        acted_alone: request.breakGlass?.by,
        verdict: review.verdict,
        ...(review.note === "" ? {} : { note: review.note }),
        ...data,
      },
    });
    await addPosts(trx, id, review.at, posts);
    return request;
  });
}

function columnsOf(transition: Transition): Updateable<RequestsTable> {
  const columns: Updateable<RequestsTable> = { status: transition.to, held: null };
  if (transition.votes !== undefined) {
    columns.votes = JSON.stringify(transition.votes.all);
    columns.vote_count = transition.votes.all.length;
  }
  if (transition.breakGlass !== undefined) {
    columns.break_glass = JSON.stringify(transition.breakGlass);
    columns.review_due = transition.at;
    // What was counted and planned so far was for those who had to approve.
    columns.reminders = 0;
    columns.nudge_at = nextReviewNudgeAt(0, transition.at);
  }
  if (transition.result !== undefined) columns.result = JSON.stringify(transition.result);
  switch (transition.to) {
    case "approved":
    case "denied":
    case "cancelled":
    case "expired":
      return {
        ...columns,
        decided_at: transition.at,
        decided_by: transition.actor,
        decision_reason: transition.reason ?? null,
      };
    case "executing":
      return { ...columns, started_at: transition.at };
    case "voided":
    case "succeeded":
    case "failed":
      return { ...columns, finished_at: transition.at };
    case "unknown":
      return columns;
  }
}
