import { sql } from "kysely";

import type { Db } from "../store/open.ts";
import { fromRow, isFinal, STATUSES, type Request } from "./request.ts";

export interface RequestsQuery {
  /** Only what is not over yet; else everything, what is not over first. */
  isOpenOnly: boolean;
  /** Only of this Slack user. */
  requesterId?: string;
  offset: number;
  limit: number;
}

const OPEN = STATUSES.filter((status) => !isFinal(status));

/** Written out, so that both databases see that the index of what is over will do (migration 0030). */
const IS_OVER = sql<boolean>`status NOT IN (${sql.join(OPEN.map((status) => sql.lit(status)))})`;

/**
 * Requests, those that are not over first, each group newest first. What is open is found by its state, as only few are;
 * of the rest the page's ids are found in an index, so that no row before the page is read.
 */
export async function listRequests(db: Db, query: RequestsQuery): Promise<Request[]> {
  const { isOpenOnly, requesterId, offset, limit } = query;
  const all = await db
    .selectFrom("requests")
    .selectAll()
    .where("status", "in", OPEN)
    .orderBy("created_at", "desc")
    .orderBy("id")
    .execute();
  // Not asked of the database, which would go through all that this person ever asked for.
  const open = all.filter((row) => requesterId === undefined || row.requester_id === requesterId);
  const shown = open.slice(offset, offset + limit);
  if (isOpenOnly || shown.length === limit) return shown.map(fromRow);
  const ids = await db
    .selectFrom("requests")
    .select("id")
    .where(IS_OVER)
    .$if(requesterId !== undefined, (q) => q.where("requester_id", "=", requesterId ?? ""))
    .orderBy("created_at", "desc")
    .orderBy("id")
    .offset(Math.max(0, offset - open.length))
    .limit(limit - shown.length)
    .execute();
  if (ids.length === 0) return shown.map(fromRow);
  const over = await db
    .selectFrom("requests")
    .selectAll()
    .where(
      "id",
      "in",
      ids.map(({ id }) => id),
    )
    .orderBy("created_at", "desc")
    .orderBy("id")
    .execute();
  return [...shown, ...over].map(fromRow);
}
