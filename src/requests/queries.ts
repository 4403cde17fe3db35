import type { Kysely, Transaction } from "kysely";

import type { UserSummary } from "../lookup/summary.ts";
import type { Db } from "../store/open.ts";
import type { Database } from "../store/schema.ts";
import { fromRow, type Held, type Request } from "./request.ts";
import type { Target } from "./target.ts";

/** The open request with exactly this plan. */
export async function findOpen(db: Db, planHash: string): Promise<Request | null> {
  const row = await db
    .selectFrom("requests")
    .selectAll()
    .where("plan_hash", "=", planHash)
    .where("once", "=", 1)
    .where("status", "in", ["pending", "approved", "executing", "unknown"])
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** An open request about the user with this address, alone or as one of several: its id, or null. */
export async function findOpenAbout(db: Db, email: string): Promise<string | null> {
  const address = email.trim().toLowerCase();
  const open = ["pending", "approved", "executing", "unknown"];
  const [alone, among] = await Promise.all([
    db
      .selectFrom("requests")
      .select("id")
      .where((eb) => eb(eb.fn<string>("lower", ["target_email"]), "=", address))
      .where("status", "in", open)
      .executeTakeFirst(),
    db
      .selectFrom("request_targets")
      .innerJoin("requests", "requests.id", "request_targets.request_id")
      .select("requests.id")
      .where((eb) => eb(eb.fn<string>("lower", ["request_targets.email"]), "=", address))
      .where("requests.status", "in", open)
      .executeTakeFirst(),
  ]);
  return alone?.id ?? among?.id ?? null;
}

/** When the block of this address ends by itself, epoch milliseconds; null: no request of ours ends it. */
export async function findBlockEnd(
  db: Db,
  { listId, email }: { listId: string; email: string },
): Promise<number | null> {
  const row = await db
    .selectFrom("block_ends")
    .select("ends_at")
    .where("list_id", "=", listId)
    .where("email", "=", email.trim().toLowerCase())
    .where("state", "=", "open")
    .orderBy("ends_at")
    .limit(1)
    .executeTakeFirst();
  return row?.ends_at ?? null;
}

/** Requests about any of these users that are not over, the oldest first. */
export async function findOpenAmong(db: Db, targetIds: readonly string[]): Promise<Request[]> {
  if (targetIds.length === 0) return [];
  const rows = await db
    .selectFrom("requests")
    .selectAll()
    .where("status", "in", ["pending", "approved", "executing", "unknown"])
    .where("id", "in", (eb) =>
      eb.selectFrom("request_targets").select("request_id").where("target_id", "in", targetIds),
    )
    .orderBy("created_at")
    .execute();
  return rows.map(fromRow);
}

/**
 * When Cloudflare took the revocations of this user's access since then (epoch milliseconds), and what was known of
 * each one's target when it was asked for.
 */
export async function findRevocations(
  db: Db,
  { id, email }: Target,
  since: number,
): Promise<{ at: number; evidence: UserSummary | null }[]> {
  const rows = await db
    .selectFrom("request_targets")
    .innerJoin("requests", "requests.id", "request_targets.request_id")
    .select(["request_targets.sent_at", "requests.evidence", "requests.target_id"])
    .where((eb) => eb(eb.fn<string>("lower", ["request_targets.email"]), "=", email.trim().toLowerCase()))
    .where("request_targets.target_id", "=", id)
    .where("requests.action", "=", "revoke")
    .where("request_targets.state", "in", ["sent", "done"])
    .where("request_targets.sent_at", ">=", since)
    .orderBy("request_targets.sent_at", "desc")
    .limit(MAX_REVOCATIONS)
    .execute();
  return rows.map(({ sent_at, evidence, target_id }) => ({
    at: sent_at ?? since,
    // Of several people, the evidence is the first one's.
    evidence: target_id === id ? (JSON.parse(evidence) as UserSummary | null) : null,
  }));
}

/** More revocations of one user within a day are not told apart in a picture. */
const MAX_REVOCATIONS = 10;

/** What this person did alone and nobody has looked at yet: the request's id. `except`: not that one. */
export async function findUnreviewed(
  db: Kysely<Database> | Transaction<Database>,
  userId: string,
  except = "",
): Promise<string | null> {
  const row = await db
    .selectFrom("requests")
    .select("id")
    .where("review_due", "is not", null)
    .where("decided_by", "=", userId)
    .where("id", "!=", except)
    .where("status", "!=", "voided")
    // What came to nothing is no use of it: break-glass stays available.
    .where((eb) =>
      eb.or([
        eb("status", "!=", "failed"),
        eb("result", "like", '%"receipt"%'),
        eb("result", "like", '%"verification"%'),
      ]),
    )
    .executeTakeFirst();
  return row?.id ?? null;
}

/** What waits for a decision and has not expired, the oldest first. */
export async function findPending(db: Db, now: number, limit: number): Promise<Request[]> {
  const rows = await db
    .selectFrom("requests")
    .selectAll()
    .where("status", "=", "pending")
    .where("expires_at", ">", now)
    .orderBy("created_at")
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}

/** What keeps requests that are not over yet from going on. */
export interface OpenTrouble {
  /** Slack does not take messages: its code, and since when. */
  slack: { code: string; since: number } | null;
  /** Approved requests that wait, and why the first does. */
  held: { count: number; why: string } | null;
  /** Requests to which Cloudflare gave no clear answer. */
  unclear: number;
}

export async function readOpenTrouble(db: Db): Promise<OpenTrouble> {
  const rows = await db
    .selectFrom("requests")
    .select(["status", "held", "trouble", "trouble_since"])
    .where("status", "in", ["pending", "approved", "executing", "unknown"])
    .where((eb) =>
      eb.or([eb("trouble", "is not", null), eb("held", "is not", null), eb("status", "=", "unknown")]),
    )
    .orderBy("created_at")
    .execute();
  const late = rows.find(({ trouble }) => trouble !== null);
  const held = rows.filter(({ held }) => held !== null);
  const [first] = held;
  return {
    slack: late?.trouble ? { code: late.trouble, since: late.trouble_since ?? 0 } : null,
    held: first?.held ? { count: held.length, why: (JSON.parse(first.held) as Held).why } : null,
    unclear: rows.filter(({ status }) => status === "unknown").length,
  };
}

/** Everything done alone that nobody has looked at yet, the longest wait first; its index holds nothing else. */
export async function findUnreviewedRequests(db: Db): Promise<Request[]> {
  const rows = await db
    .selectFrom("requests")
    .selectAll()
    .where("review_due", "is not", null)
    .orderBy("review_due")
    .orderBy("id")
    .execute();
  return rows.map(fromRow);
}
