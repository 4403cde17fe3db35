import type { Db } from "../store/open.ts";
import { fromRow, type Request } from "./request.ts";

/**
 * Takes the right to post this request's messages until `until`. A replica that dies leaves it to run out.
 * @returns the request as it now is, or null when somebody else is publishing it.
 */
export async function claimPublishing(
  db: Db,
  id: string,
  now: number,
  until: number,
): Promise<Request | null> {
  const row = await db
    .updateTable("requests")
    .set({ publishing_until: until })
    .where("id", "=", id)
    .where((eb) => eb.or([eb("publishing_until", "is", null), eb("publishing_until", "<", now)]))
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/**
 * Keeps the right for longer, from `held` (what it was taken or last kept until), which proves that it is ours: whoever
 * took it over wrote another time.
 * @returns false when it is not.
 */
export async function extendPublishing(db: Db, id: string, held: number, until: number): Promise<boolean> {
  const row = await db
    .updateTable("requests")
    .set({ publishing_until: until })
    .where("id", "=", id)
    .where("publishing_until", "=", held)
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
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
