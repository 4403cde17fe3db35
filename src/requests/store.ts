import { appendAudit } from "../audit/append.ts";
import { canonicalJson } from "../canonical-json.ts";
import type { UserSummary } from "../lookup/summary.ts";
import type { Db } from "../store/open.ts";
import { addTargets } from "./bulk/targets.ts";
import { createRequestId, hashPlan, othersOf, targetsOf, type Plan } from "./plan.ts";
import { addPosts, type NewPost } from "./posts.ts";
import { fromRow, type Request, type Result } from "./request.ts";

export interface NewRequest {
  teamId: string;
  plan: Plan;
  evidence: UserSummary | null;
  requesterId: string;
  originChannel: string;
  cardChannel: string;
  reason: string;
  /** For the record: see circumstances.ts. */
  circumstances?: Record<string, unknown>;
  at: number;
  expiresAt: number;
  posts: NewPost[];
}

/** Writes a pending request, its audit row and its first messages in one transaction. */
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
      })
      .returningAll()
      .executeTakeFirstOrThrow();
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

export interface Loose {
  /** Approved, but perhaps not started. */
  approved: string[];
  /** Being carried out, since when (epoch milliseconds). */
  executing: { id: string; startedAt: number }[];
  /** Pending past their deadline. */
  overdue: string[];
  /** With messages left to post. */
  unpublished: string[];
}

/** What the sweep looks for. Both indexes hold only such requests, however many there ever were. */
export async function findLoose(db: Db, now: number): Promise<Loose> {
  const [open, unpublished] = await Promise.all([
    db
      .selectFrom("requests")
      .select(["id", "status", "expires_at", "started_at"])
      .where("status", "in", ["pending", "approved", "executing", "unknown"])
      .execute(),
    db.selectFrom("requests").select("id").whereRef("card_version", "<", "version").execute(),
  ]);
  return {
    approved: open.filter((row) => row.status === "approved").map((row) => row.id),
    executing: open.flatMap((row) =>
      row.started_at === null ? [] : [{ id: row.id, startedAt: row.started_at }],
    ),
    overdue: open.filter((row) => row.status === "pending" && row.expires_at <= now).map((row) => row.id),
    unpublished: unpublished.map((row) => row.id),
  };
}

/**
 * Takes the right to post this request's messages until `until`. A replica that dies leaves it to run out.
 * @returns the request as it now is, or null when somebody else is publishing it.
 */
export async function claimPublishing(
  db: Db,
  id: string,
  now: number,
  until: number,
): Promise<Request | null> {
  const row = await db
    .updateTable("requests")
    .set({ publishing_until: until })
    .where("id", "=", id)
    .where((eb) => eb.or([eb("publishing_until", "is", null), eb("publishing_until", "<", now)]))
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** Keeps the right for longer: a thread of many messages may take a slow Slack more than one spell. */
export async function extendPublishing(db: Db, id: string, until: number): Promise<void> {
  await db.updateTable("requests").set({ publishing_until: until }).where("id", "=", id).execute();
}

/**
 * Gives the right back if the card shows the request as it is.
 * @returns false when it changed meanwhile: there is more to post.
 */
export async function releasePublishing(db: Db, id: string, shownVersion: number): Promise<boolean> {
  const row = await db
    .updateTable("requests")
    .set({ publishing_until: null, card_version: shownVersion })
    .where("id", "=", id)
    .where("version", "=", shownVersion)
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

/** Gives the right back with the work undone: the next attempt may start at once. */
export async function abandonPublishing(db: Db, id: string): Promise<void> {
  await db.updateTable("requests").set({ publishing_until: null }).where("id", "=", id).execute();
}

export async function markCardAttempted(db: Db, id: string, at: number): Promise<void> {
  await db.updateTable("requests").set({ card_attempted_at: at }).where("id", "=", id).execute();
}

export async function markCardPosted(
  db: Db,
  id: string,
  channel: string,
  ts: string,
  version: number,
): Promise<void> {
  await db
    .updateTable("requests")
    .set({ card_channel: channel, card_ts: ts, card_version: version })
    .where("id", "=", id)
    .execute();
}
