import type { Kysely } from "kysely";

import type { Database } from "../store/schema.ts";

/**
 * Rows of the record, each with what people call it by: the action of its request, whom that is about (of several, the
 * first) and how many they are. Without a request these are null, null and 0.
 */
export function selectWithRequest(db: Kysely<Database>) {
  return db
    .selectFrom("audit")
    .leftJoin("requests", "requests.id", "audit.request_id")
    .select((eb) => [
      "audit.seq",
      "audit.at",
      "audit.actor",
      "audit.event",
      "audit.data",
      "audit.request_id",
      "requests.action",
      "requests.target_email",
      eb
        .selectFrom("request_targets")
        .whereRef("request_targets.request_id", "=", "audit.request_id")
        .select((inner) => inner.fn.countAll().as("count"))
        .as("users"),
    ])
    .orderBy("audit.at", "desc")
    .orderBy("audit.seq", "desc");
}
