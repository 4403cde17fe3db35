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

/**
 * Requests, those that are not over first, each group newest first. Every way of asking has its index (see migration
 * 0007): what is open is found by its state, as only few are; the rest by its age.
 */
export async function listRequests(db: Db, query: RequestsQuery): Promise<Request[]> {
  const { isOpenOnly, requesterId, offset, limit } = query;
  const open = await db
    .selectFrom("requests")
    .selectAll()
    .where("status", "in", OPEN)
    .$if(requesterId !== undefined, (q) => q.where("requester_id", "=", requesterId ?? ""))
    .orderBy("created_at", "desc")
    .orderBy("id")
    .execute();
  const shown = open.slice(offset, offset + limit);
  if (isOpenOnly || shown.length === limit) return shown.map(fromRow);
  const over = await db
    .selectFrom("requests")
    .selectAll()
    .where("status", "not in", OPEN)
    .$if(requesterId !== undefined, (q) => q.where("requester_id", "=", requesterId ?? ""))
    .orderBy("created_at", "desc")
    .orderBy("id")
    .offset(Math.max(0, offset - open.length))
    .limit(limit - shown.length)
    .execute();
  return [...shown, ...over].map(fromRow);
}
