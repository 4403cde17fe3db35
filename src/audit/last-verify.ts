import type { Kysely } from "kysely";

import type { Database } from "../store/schema.ts";

const NAME = "verify";

/** How the record was found when it was verified last. */
export interface LastVerify {
  outcome: "whole" | "not all compared" | "broken";
  /** The last row of the chain then; null for a broken one. */
  seq: number | null;
  /** Epoch milliseconds. */
  at: number;
}

export async function readLastVerify(db: Kysely<Database>): Promise<LastVerify | null> {
  const row = await db.selectFrom("switches").selectAll().where("name", "=", NAME).executeTakeFirst();
  if (row === undefined) return null;
  return { ...(JSON.parse(row.data) as Pick<LastVerify, "outcome" | "seq">), at: row.at };
}

export async function noteVerify(db: Kysely<Database>, { outcome, seq, at }: LastVerify): Promise<void> {
  const data = JSON.stringify({ outcome, seq });
  await db
    .insertInto("switches")
    .values({ name: NAME, data, at })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ data, at }))
    .execute();
}
