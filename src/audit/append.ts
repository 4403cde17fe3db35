import type { Kysely, Transaction } from "kysely";

import { canonicalJson } from "../canonical-json.ts";
import type { Database } from "../store/schema.ts";
import { chainRow, type Link } from "./chain.ts";
import type { AuditEvent } from "./events.ts";

/** What the bot does by itself is recorded under this name. */
export const BOT = "zt-bot";

export interface AuditEntry {
  at: number;
  teamId?: string | null;
  requestId?: string | null;
  /** A Slack user id, or BOT. */
  actor: string;
  event: AuditEvent;
  /** Plain data, no secrets. */
  data?: Record<string, unknown>;
}

/**
 * Writes one row at the end of the chain. Pass the transaction of the change it records, so that neither exists
 * without the other, and append after the change: the chain's head is the last lock a transaction takes, so that no
 * two wait for each other. Pass the database itself for what stands alone (a refused click, a call about to be sent).
 *
 * Writers take their turn at the head, which is theirs until their transaction ends: one that fails leaves no gap.
 */
export async function appendAudit(
  db: Kysely<Database> | Transaction<Database>,
  entry: AuditEntry,
): Promise<Link> {
  if (!db.isTransaction) return db.transaction().execute((trx) => appendAudit(trx, entry));
  // A write from the start: SQLite would refuse to make one out of a read that somebody else has overtaken.
  const head = await db
    .updateTable("audit_head")
    .set((eb) => ({ seq: eb("seq", "+", 1) }))
    .where("id", "=", 1)
    .returning(["seq", "hash"])
    .executeTakeFirstOrThrow();
  const row = chainRow(
    { seq: head.seq - 1, hash: head.hash },
    {
      at: entry.at,
      team_id: entry.teamId == null ? null : storable(entry.teamId),
      request_id: entry.requestId == null ? null : storable(entry.requestId),
      actor: storable(entry.actor),
      event: entry.event,
      data: canonicalJson(entry.data ?? {}),
    },
  );
  await db.insertInto("audit").values(row).execute();
  await db.updateTable("audit_head").set({ hash: row.hash }).where("id", "=", 1).execute();
  return { seq: row.seq, hash: row.hash };
}

/** What both databases give back as it was given: half a surrogate pair or a NUL they would change or refuse. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

export interface AuditRow {
  seq: number;
  at: number;
  actor: string;
  event: string;
  data: Record<string, unknown>;
}

/** All that happened to one request, oldest first. */
export async function readRequestAudit(db: Kysely<Database>, requestId: string): Promise<AuditRow[]> {
  const rows = await db
    .selectFrom("audit")
    .select(["seq", "at", "actor", "event", "data"])
    .where("request_id", "=", requestId)
    .orderBy("seq")
    .execute();
  return rows.map((row) => ({ ...row, data: JSON.parse(row.data) as Record<string, unknown> }));
}
