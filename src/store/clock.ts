import { type RawBuilder, SqliteAdapter, sql } from "kysely";

import type { Db } from "./open.ts";

/**
 * The time, for what replicas take from one another when it has run out, `aheadMs` further on: epoch milliseconds.
 * Their own clocks may be a minute apart, so with PostgreSQL it is the database's. With SQLite the process is alone,
 * and `now`, its own, will do.
 */
export function clockOf(db: Db, now: number, aheadMs = 0): RawBuilder<number> {
  if (db.getExecutor().adapter instanceof SqliteAdapter) return sql<number>`${now + aheadMs}`;
  // Not the transaction's time: whoever waited for a row asks again what time it is.
  return sql<number>`((extract(epoch from clock_timestamp()) * 1000)::bigint + ${aheadMs}::bigint)`;
}
