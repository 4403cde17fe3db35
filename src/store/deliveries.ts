import type { Db } from "./open.ts";

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
 */
export async function takeDelivery(db: Db, id: string, now: number): Promise<boolean> {
  const row = await db
    .insertInto("deliveries")
    .values({ id, at: now })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}
