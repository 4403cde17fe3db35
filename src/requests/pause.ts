import type { Kysely, Transaction } from "kysely";

import { appendAudit } from "../audit/append.ts";
import type { Db } from "../store/open.ts";
import type { Database } from "../store/schema.ts";

/** The kill switch: while it is on, nothing is carried out. */
export interface Pause {
  by: string;
  reason: string;
  at: number;
}

const NAME = "pause";

/** null: not paused. Read before every call that changes something, so it is one row by its key. */
export async function readPause(db: Kysely<Database> | Transaction<Database>): Promise<Pause | null> {
  const row = await db.selectFrom("switches").selectAll().where("name", "=", NAME).executeTakeFirst();
  if (row === undefined) return null;
  const { by, reason } = JSON.parse(row.data) as { by: string; reason: string };
  return { by, reason, at: row.at };
}

export interface KillSwitchInput {
  by: string;
  teamId: string;
  reason: string;
  at: number;
  /** For the record: see approvals/audit-context.ts. */
  auditContext: Record<string, unknown>;
}

/** @returns whether this paused it; false: it was paused already. */
export async function pause(db: Db, input: KillSwitchInput): Promise<boolean> {
  const { by, reason, at, teamId, auditContext } = input;
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .insertInto("switches")
      .values({ name: NAME, data: JSON.stringify({ by, reason }), at })
      .onConflict((conflict) => conflict.column("name").doNothing())
      .returning("name")
      .executeTakeFirst();
    if (row === undefined) return false;
    await appendAudit(trx, {
      at,
      teamId,
      actor: by,
      event: "bot.paused",
      data: { reason, ...auditContext },
    });
    return true;
  });
}

/** @returns the pause that this ended; null: it was not paused. */
export async function resume(db: Db, input: KillSwitchInput): Promise<Pause | null> {
  const { by, reason, at, teamId, auditContext } = input;
  return db.transaction().execute(async (trx) => {
    const row = await trx.deleteFrom("switches").where("name", "=", NAME).returningAll().executeTakeFirst();
    if (row === undefined) return null;
    const ended = JSON.parse(row.data) as { by: string; reason: string };
    await appendAudit(trx, {
      at,
      teamId,
      actor: by,
      event: "bot.resumed",
      data: { reason, paused_by: ended.by, paused_at: row.at, ...auditContext },
    });
    return { ...ended, at: row.at };
  });
}
