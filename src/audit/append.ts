import type { Kysely, Transaction } from "kysely";

import type { Database } from "../store/schema.ts";

/** What the bot does by itself is recorded under this name. */
export const BOT = "zt-bot";

export interface AuditEntry {
  at: number;
  teamId?: string | null;
  requestId?: string | null;
  /** A Slack user id, or BOT. */
  actor: string;
  /** "request.created", "call.sent" …: past tense for what is done, "…ing" never. */
  event: string;
  /** Plain data, no secrets. */
  data?: Record<string, unknown>;
}

/**
 * Writes one row. Pass the transaction of the change it records, so that neither exists without the other;
 * pass the database itself for what stands alone (a refused click, a call about to be sent).
 */
export async function appendAudit(
  db: Kysely<Database> | Transaction<Database>,
  entry: AuditEntry,
): Promise<void> {
  await db
    .insertInto("audit")
    .values({
      at: entry.at,
      team_id: entry.teamId ?? null,
      request_id: entry.requestId ?? null,
      actor: entry.actor,
      event: entry.event,
      data: JSON.stringify(entry.data ?? {}),
    })
    .execute();
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
