import { type RawBuilder, SqliteAdapter, sql } from "kysely";

import type { Log } from "../log/log.ts";
import type { Db } from "./open.ts";

/**
 * The time, for what replicas take from one another when it has run out, `aheadMs` further on: epoch milliseconds.
 * Their own clocks may be a minute apart, so with PostgreSQL it is the database's. With SQLite the process is alone,
 * and `now`, its own, will do.
 */
export function clockOf(db: Db, now: number, aheadMs = 0): RawBuilder<number> {
  if (db.getExecutor().adapter instanceof SqliteAdapter) return sql<number>`${now + aheadMs}`;
  // Not the transaction's time: after waiting for a row, the time is read again.
  return sql<number>`((extract(epoch from clock_timestamp()) * 1000)::bigint + ${aheadMs}::bigint)`;
}

/** One time for all replicas: the process's clock, put right by the database's. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Asks the database again what time it is. */
  sync(): Promise<void>;
}

/** Less than this is the way to the database and back. */
const TOLERANCE_MS = 100;
/** A machine whose clock is off by more than this has to be looked after. */
const WRONG_MS = 5000;

/**
 * Deadlines, votes and leases are compared across replicas: one whose machine is an hour fast must not expire what the
 * others still decide. With SQLite the process is alone, and its own clock counts. `local`: that clock.
 */
export async function createClock(db: Db, log: Log, local: () => number): Promise<Clock> {
  let offset = 0;
  const clock: Clock = {
    now: () => local() + offset,
    async sync() {
      if (db.getExecutor().adapter instanceof SqliteAdapter) return;
      const before = local();
      const { rows } = await sql<{ at: number }>`SELECT ${clockOf(db, 0)} AS at`.execute(db);
      const after = local();
      const found = (rows[0]?.at ?? after) - (before + after) / 2;
      // An answer that came late says little.
      if (Math.abs(found - offset) <= Math.max(TOLERANCE_MS, after - before)) return;
      offset = Math.round(found);
      if (Math.abs(offset) > WRONG_MS)
        log.warn({ offset }, "this machine's clock is off: the database's is used");
    },
  };
  await clock.sync();
  return clock;
}
