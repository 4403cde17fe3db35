import { clockOf } from "../store/clock.ts";
import type { Db } from "../store/open.ts";
import { fromRow, type Request } from "./request.ts";

/**
 * Takes the right to post this request's messages for `forMs` from now on. A replica that dies leaves it to run out.
 * `now` is the process's clock; see clockOf in store/clock.ts for whose counts.
 * @returns the request as it now is, and until when the right is held; null when somebody else is publishing it.
 */
export async function claimPublishing(
  db: Db,
  id: string,
  now: number,
  forMs: number,
): Promise<{ request: Request; until: number } | null> {
  const row = await db
    .updateTable("requests")
    .set({ publishing_until: clockOf(db, now, forMs) })
    .where("id", "=", id)
    .where((eb) => eb.or([eb("publishing_until", "is", null), eb("publishing_until", "<", clockOf(db, now))]))
    .returningAll()
    .executeTakeFirst();
  if (row === undefined || row.publishing_until === null) return null;
  return { request: fromRow(row), until: row.publishing_until };
}

/**
 * Keeps the right for `forMs` from now on. `held` (what it was taken or last kept until) proves that it is ours: whoever
 * took it over wrote another time.
 * @returns until when it is held; null when it is not ours any more.
 */
export async function extendPublishing(
  db: Db,
  id: string,
  held: number,
  now: number,
  forMs: number,
): Promise<number | null> {
  const row = await db
    .updateTable("requests")
    .set({ publishing_until: clockOf(db, now, forMs) })
    .where("id", "=", id)
    .where("publishing_until", "=", held)
    .returning("publishing_until")
    .executeTakeFirst();
  return row?.publishing_until ?? null;
}

/** Gives the right back with the work undone: the next attempt may start at once. */
export async function abandonPublishing(db: Db, id: string, held: number): Promise<void> {
  await db
    .updateTable("requests")
    .set({ publishing_until: null })
    .where("id", "=", id)
    .where("publishing_until", "=", held)
    .execute();
}

export async function markCardAttempted(db: Db, id: string, at: number): Promise<void> {
  await db.updateTable("requests").set({ card_attempted_at: at }).where("id", "=", id).execute();
}

export async function markCardPosted(
  db: Db,
  id: string,
  channel: string,
  ts: string,
  version: number,
): Promise<void> {
  await db
    .updateTable("requests")
    .set({ card_channel: channel, card_ts: ts, card_version: version })
    .where("id", "=", id)
    .execute();
}
