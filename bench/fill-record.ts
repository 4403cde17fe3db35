import { sql } from "kysely";

import { type ChainedRow, chainRow, type Link } from "../src/audit/chain.ts";
import { readRecordConfig } from "../src/config.ts";
import { openStore } from "../src/store/open.ts";

const ROWS_PER_INSERT = 500;

/** Rows as the bot writes them, from the one after `end` up to number `upTo`. @returns the new end. */
export async function fillRecord(database: string, end: Link, upTo: number): Promise<Link> {
  const store = await openStore(readRecordConfig({ DATABASE_URL: database }).database);
  const isSqlite = database.startsWith("file:");
  let last = end;
  try {
    while (last.seq < upTo) {
      const rows: ChainedRow[] = [];
      while (rows.length < ROWS_PER_INSERT && last.seq < upTo) {
        const row = chainRow(last, fieldsOf(last.seq));
        rows.push(row);
        last = row;
      }
      await store.db.transaction().execute(async (trx) => {
        // One head for many rows: the database would refuse that of the bot.
        await (
          isSqlite ? sql`DROP TRIGGER audit_follows` : sql`ALTER TABLE audit DISABLE TRIGGER audit_follows`
        ).execute(trx);
        await trx.insertInto("audit").values(rows).execute();
        await trx.updateTable("audit_head").set({ seq: last.seq, hash: last.hash }).execute();
        await (
          isSqlite
            ? sql`CREATE TRIGGER audit_follows BEFORE INSERT ON audit BEGIN SELECT 1; END`
            : sql`ALTER TABLE audit ENABLE TRIGGER audit_follows`
        ).execute(trx);
      });
    }
  } finally {
    await store.close();
  }
  return { seq: last.seq, hash: last.hash };
}

function fieldsOf(index: number) {
  return {
    at: Date.UTC(2026, 0, 1) + index * 1000,
    team_id: "T0SANDBOX",
    request_id: `ZT-${index.toString(32).toUpperCase().padStart(7, "0")}`,
    actor: index % 3 === 0 ? "U0ALICE01" : "zt-bot",
    event: index % 2 === 0 ? "call.sent" : "call.answered",
    data: JSON.stringify({
      attempt: 1,
      call: `revoke_user for user-${index}@example.com (sessions only)`,
      plan_hash: "0".repeat(64),
      target: { id: "0a1b2c3d-0000-4000-8000-000000000001", email: `user-${index}@example.com` },
    }),
  };
}
