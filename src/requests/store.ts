import { appendAudit, BOT } from "../audit/append.ts";
import { canonicalJson } from "../canonical-json.ts";
import type { UserSummary } from "../lookup/summary.ts";
import type { Db } from "../store/open.ts";
import { addTargets } from "./bulk/targets.ts";
import { createRequestId, hashPlan, othersOf, targetsOf, type Plan } from "./plan.ts";
import { addPosts, type NewPost } from "./posts.ts";
import { fromRow, type Held, type Request, type Result } from "./request.ts";

export interface NewRequest {
  teamId: string;
  plan: Plan;
  evidence: UserSummary | null;
  requesterId: string;
  originChannel: string;
  cardChannel: string;
  reason: string;
  isProtected: boolean;
  /** When who has not answered is reminded first; null: never. */
  nudgeAt: number | null;
  /** For the record: see circumstances.ts. */
  circumstances?: Record<string, unknown>;
  at: number;
  expiresAt: number;
  posts: NewPost[];
}

/** Another request with the very same plan is open. */
export class AlreadyOpenError extends Error {
  override readonly name = "AlreadyOpenError";
}

/**
 * Writes a pending request, its audit row and its first messages in one transaction.
 * @throws AlreadyOpenError, also for the later of two who ask at once: see findOpen.
 */
export async function insertRequest(db: Db, input: NewRequest): Promise<Request> {
  return db.transaction().execute(async (trx) => {
    const planHash = hashPlan(input.plan);
    const row = await trx
      .insertInto("requests")
      .values({
        id: createRequestId(),
        team_id: input.teamId,
        action: input.plan.action,
        plan: canonicalJson(input.plan),
        plan_hash: planHash,
        evidence: JSON.stringify(input.evidence),
        target_id: input.plan.target.id,
        target_email: input.plan.target.email,
        requester_id: input.requesterId,
        origin_channel: input.originChannel,
        reason: input.reason,
        status: "pending",
        result: null,
        created_at: input.at,
        expires_at: input.expiresAt,
        decided_at: null,
        decided_by: null,
        decision_reason: null,
        started_at: null,
        finished_at: null,
        version: 1,
        card_version: 0,
        card_channel: input.cardChannel,
        card_ts: null,
        card_attempted_at: null,
        publishing_until: null,
        is_protected: input.isProtected ? 1 : 0,
        once: 1,
        nudge_at: input.nudgeAt,
        trouble: null,
        trouble_since: null,
      })
      // The one constraint that a new request can meet: its id is random.
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw new AlreadyOpenError(`a request with the plan ${planHash} is open`);
    const request = fromRow(row);
    await appendAudit(trx, {
      at: input.at,
      teamId: input.teamId,
      requestId: request.id,
      actor: input.requesterId,
      event: "request.created",
      data: {
        plan: input.plan,
        plan_hash: planHash,
        reason: input.reason,
        expires_at: input.expiresAt,
        ...(input.isProtected ? { protected: true } : {}),
        ...input.circumstances,
        channel: input.originChannel,
      },
    });
    if (othersOf(input.plan).length > 0) await addTargets(trx, request.id, targetsOf(input.plan));
    await addPosts(trx, request.id, input.at, input.posts);
    return request;
  });
}

export async function readRequest(db: Db, id: string): Promise<Request | null> {
  const row = await db.selectFrom("requests").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** Adds messages, and what is known of the result so far, without a change of state; the card follows. */
export async function reportProgress(
  db: Db,
  id: string,
  at: number,
  progress: { posts: NewPost[]; result?: Result },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable("requests")
      .set((eb) => ({
        version: eb("version", "+", 1),
        ...(progress.result === undefined ? {} : { result: JSON.stringify(progress.result) }),
      }))
      .where("id", "=", id)
      .execute();
    await addPosts(trx, id, at, progress.posts);
  });
}

/**
 * Keeps a request from being carried out, with the reason, while it is approved or under way. Told (by the card, the
 * thread and the record) when the reason is a new one. `endsRun`: the execution gives it back, and another begins
 * with another key; done twice, after a crash, it ends only this `run`.
 * @returns the request as it now is, or null when there is nothing new to tell.
 */
export async function holdRequest(
  db: Db,
  request: Request,
  held: Held,
  { run, endsRun }: { run: number | null; endsRun: boolean },
): Promise<Request | null> {
  const isKnown = request.held?.code === held.code && request.held.why === held.why;
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable("requests")
      .set((eb) => ({
        ...(endsRun ? { runs: eb("runs", "+", 1) } : {}),
        ...(isKnown ? {} : { held: JSON.stringify(held), version: eb("version", "+", 1) }),
        id: request.id,
      }))
      .where("id", "=", request.id)
      .where("status", "in", ["approved", "executing", "unknown"])
      .$if(run !== null, (query) => query.where("runs", "=", run))
      .returningAll()
      .executeTakeFirst();
    if (row === undefined || isKnown) return null;
    await appendAudit(trx, {
      at: held.since,
      teamId: request.teamId,
      requestId: request.id,
      actor: BOT,
      event: "request.held",
      data: {
        code: held.code,
        why: held.why,
        target: request.plan.target.email,
        target_id: request.plan.target.id,
      },
    });
    await addPosts(trx, request.id, held.since, [
      {
        key: `held-${held.since}`,
        surface: "thread",
        data: { kind: "held", at: held.since, why: held.why, code: held.code },
      },
    ]);
    return fromRow(row);
  });
}

/** It goes on: nothing keeps it any more. @returns the request as it now is. */
export async function unhold(db: Db, request: Request, at: number): Promise<Request> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable("requests")
      .set((eb) => ({ held: null, version: eb("version", "+", 1) }))
      .where("id", "=", request.id)
      .where("held", "is not", null)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return request;
    await appendAudit(trx, {
      at,
      teamId: request.teamId,
      requestId: request.id,
      actor: BOT,
      event: "request.unheld",
      data: { target: request.plan.target.email, target_id: request.plan.target.id },
    });
    return fromRow(row);
  });
}

/** Shows every request that waits anew: what its card says of the policy may have changed. */
export async function touchPending(db: Db): Promise<void> {
  await db
    .updateTable("requests")
    .set((eb) => ({ version: eb("version", "+", 1) }))
    .where("status", "=", "pending")
    .execute();
}
