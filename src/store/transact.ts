import { setTimeout as sleep } from "node:timers/promises";

import type { Transaction } from "kysely";

import type { Db } from "./open.ts";
import type { Database } from "./schema.ts";

const MAX_TRIES = 4;
const WAIT_MS = 50;

/** PostgreSQL ended one of two transactions that waited for each other, or could not put them one after the other. */
const RETRIED = new Set(["40P01", "40001"]);

/**
 * Runs a transaction, as a whole again where PostgreSQL rolled it back for the sake of another one. `work` must change
 * nothing but the database. Row locks are taken in one order, so that this is rare: ARCHITECTURE.md, Storage and time.
 */
export async function transact<T>(db: Db, work: (trx: Transaction<Database>) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (tries >= MAX_TRIES || !isRetried(error)) throw error;
    }
    await sleep(WAIT_MS * tries * Math.random());
  }
}

function isRetried(error: unknown): boolean {
  return error instanceof Error && "code" in error && RETRIED.has(String(error.code));
}
