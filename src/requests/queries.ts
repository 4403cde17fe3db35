import type { Kysely, Transaction } from "kysely";

import type { Db } from "../store/open.ts";
import type { Database } from "../store/schema.ts";
import { fromRow, type Request } from "./request.ts";

/** The open request with exactly this plan. */
export async function findOpen(db: Db, planHash: string): Promise<Request | null> {
  const row = await db
    .selectFrom("requests")
    .selectAll()
    .where("plan_hash", "=", planHash)
    .where("once", "=", 1)
    .where("status", "in", ["pending", "approved", "executing", "unknown"])
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** An open request about the user with this address, alone or as one of several: its id, or null. */
export async function findOpenAbout(db: Db, email: string): Promise<string | null> {
  const address = email.trim().toLowerCase();
  const open = ["pending", "approved", "executing", "unknown"];
  const [alone, among] = await Promise.all([
    db
      .selectFrom("requests")
      .select("id")
      .where((eb) => eb(eb.fn<string>("lower", ["target_email"]), "=", address))
      .where("status", "in", open)
      .executeTakeFirst(),
    db
      .selectFrom("request_targets")
      .innerJoin("requests", "requests.id", "request_targets.request_id")
      .select("requests.id")
      .where((eb) => eb(eb.fn<string>("lower", ["request_targets.email"]), "=", address))
      .where("requests.status", "in", open)
      .executeTakeFirst(),
  ]);
  return alone?.id ?? among?.id ?? null;
}

/** What this person did alone and nobody has looked at yet: the request's id. `except`: not that one. */
export async function findUnreviewed(
  db: Kysely<Database> | Transaction<Database>,
  userId: string,
  except = "",
): Promise<string | null> {
  const row = await db
    .selectFrom("requests")
    .select("id")
    .where("review_due", "is not", null)
    .where("decided_by", "=", userId)
    .where("id", "!=", except)
    .where("status", "!=", "voided")
    // What came to nothing is no use of it: whoever is alone may try again.
    .where((eb) =>
      eb.or([
        eb("status", "!=", "failed"),
        eb("result", "like", '%"receipt"%'),
        eb("result", "like", '%"verification"%'),
      ]),
    )
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Everything done alone that nobody has looked at yet, the longest wait first; its index holds nothing else. */
export async function findUnreviewedRequests(db: Db): Promise<Request[]> {
  const rows = await db
    .selectFrom("requests")
    .selectAll()
    .where("review_due", "is not", null)
    .orderBy("review_due")
    .orderBy("id")
    .execute();
  return rows.map(fromRow);
}
