import { setImmediate as nextRound } from "node:timers/promises";

import type { Db } from "./open.ts";

/** In one statement; databases take a thousand parameters and more. */
const MAX_ROWS = 200;

/** Writes a row of no meaning, which stays the only one of its kind. @throws whatever keeps the database from writing */
export async function probeWrite(db: Db): Promise<void> {
  const row = { id: "write probe", at: Date.now() };
  await db
    .insertInto("deliveries")
    .values(row)
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ at: row.at }))
    .execute();
}

/**
 * True for the first taker of this delivery; false for every repetition, on any replica. Slack gives up on an event after
 * about five minutes; the row is kept for a day (prune.ts).
 * @throws whatever keeps the database from writing
 */
export type TakeDelivery = (id: string) => Promise<boolean>;

interface Waiting {
  id: string;
  tell: PromiseWithResolvers<boolean>;
}

/**
 * Writes down those that come at the same time in one statement: each write waits for the disk, with SQLite on the event
 * loop, and the next acknowledgement with it. `now`: epoch milliseconds.
 */
export function createDeliveries(db: Db, now: () => number): TakeDelivery {
  let waiting: Waiting[] = [];
  let isWriting = false;

  async function insert(batch: readonly Waiting[]): Promise<Set<string>> {
    // In one order for all replicas, so that no two of them wait for each other.
    const ids = [...new Set(batch.map(({ id }) => id))].toSorted();
    const rows = await db
      .insertInto("deliveries")
      .values(ids.map((id) => ({ id, at: now() })))
      .onConflict((conflict) => conflict.column("id").doNothing())
      .returning("id")
      .execute();
    return new Set(rows.map(({ id }) => id));
  }

  async function write(): Promise<void> {
    isWriting = true;
    // What else arrived in this round of the event loop is acknowledged first, and goes along.
    await nextRound();
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_ROWS);
      waiting = waiting.slice(MAX_ROWS);
      try {
        const first = await insert(batch);
        for (const { id, tell } of batch) tell.resolve(first.delete(id));
      } catch (error) {
        for (const { tell } of batch) tell.reject(error);
      }
    }
    isWriting = false;
  }

  return (id) => {
    const tell = Promise.withResolvers<boolean>();
    waiting.push({ id, tell });
    if (!isWriting) void write();
    return tell.promise;
  };
}
