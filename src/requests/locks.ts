import type { Kysely, Transaction } from "kysely";

import type { Database } from "../store/schema.ts";
import type { Target } from "./plan.ts";

/** Under what a user is locked: of somebody who is only to be created nothing but the address is known. */
function lockKey({ id, email }: Pick<Target, "id" | "email">): string {
  return id === "" ? email.trim().toLowerCase() : id;
}

/**
 * Takes a user for this request, so that no other works on the same one meanwhile. Taking it again is fine.
 * @returns the request that has the user now: this one's id when it is ours.
 */
export async function lockTarget(
  db: Kysely<Database> | Transaction<Database>,
  target: Target,
  requestId: string,
  at: number,
): Promise<string> {
  const key = lockKey(target);
  await db
    .insertInto("target_locks")
    .values({ target: key, request_id: requestId, at })
    .onConflict((conflict) => conflict.column("target").doNothing())
    .execute();
  const row = await db
    .selectFrom("target_locks")
    .select("request_id")
    .where("target", "=", key)
    .executeTakeFirst();
  // Given back between the two: the next attempt gets it.
  return row?.request_id ?? "";
}

/** Gives a user back before the whole request is over: of several, each as soon as it is done. */
export async function unlockTarget(
  db: Kysely<Database> | Transaction<Database>,
  target: Target,
  requestId: string,
): Promise<void> {
  await db
    .deleteFrom("target_locks")
    .where("target", "=", lockKey(target))
    .where("request_id", "=", requestId)
    .execute();
}

/** Gives back all that a request has, in the transaction that ends it. */
export async function unlockTargets(
  db: Kysely<Database> | Transaction<Database>,
  requestId: string,
): Promise<void> {
  await db.deleteFrom("target_locks").where("request_id", "=", requestId).execute();
}
