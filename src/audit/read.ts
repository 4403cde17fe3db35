import type { Kysely } from "kysely";

import type { Database } from "../store/schema.ts";
import type { ChainedRow } from "./chain.ts";

/** Rows held in memory at a time. */
const BATCH = 1000;

interface RowRange {
  /** From this seq on; from the first row by default. */
  from?: number;
  /** Up to this seq. */
  through?: number;
  /** Epoch milliseconds: rows of then and later. */
  since?: number;
  /** Epoch milliseconds: rows of before then. */
  until?: number;
}

/** The record in its order, a batch at a time: however long it is, no more than a batch is in memory. */
export async function* readBatches(
  db: Kysely<Database>,
  { from, through, since, until }: RowRange = {},
  size: number = BATCH,
): AsyncGenerator<ChainedRow[], void, undefined> {
  let after = from === undefined ? Number.MIN_SAFE_INTEGER : from - 1;
  for (;;) {
    const rows = await db
      .selectFrom("audit")
      .selectAll()
      .where("seq", ">", after)
      .$if(through !== undefined, (query) => query.where("seq", "<=", through ?? 0))
      .$if(since !== undefined, (query) => query.where("at", ">=", since ?? 0))
      .$if(until !== undefined, (query) => query.where("at", "<", until ?? 0))
      .orderBy("seq")
      .limit(size)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (rows.length < size) return;
    after = last.seq;
  }
}

/** The row with this seq. */
export async function readRow(db: Kysely<Database>, seq: number): Promise<ChainedRow | undefined> {
  return db.selectFrom("audit").selectAll().where("seq", "=", seq).executeTakeFirst();
}
