import type { Kysely } from "kysely";

import type { Database } from "../store/schema.ts";

/** Somebody as far as they are known. */
interface Person {
  slackId: string | null;
  email: string | null;
  accessId: string | null;
}

export interface AuditQuery {
  /** Only of this request. */
  requestId?: string;
  /** Only what this Slack user did, or what was asked about this Access user; either may be unknown. */
  person?: Person;
  /** Epoch milliseconds. */
  since?: number;
  /** Nothing after this row: pages stay as they are while new rows come. */
  upTo: number;
  offset: number;
  limit: number;
}

export interface FoundRow {
  seq: number;
  at: number;
  actor: string;
  event: string;
  data: Record<string, unknown>;
  requestId: string | null;
  /** Of the request that the row belongs to. */
  action: string | null;
  target: string | null;
}

/** The newest row's number; 0 when nothing was ever recorded. */
export async function readNewest(db: Kysely<Database>): Promise<number> {
  const head = await db.selectFrom("audit_head").select("seq").executeTakeFirst();
  return head?.seq ?? 0;
}

/** Rows of the record, newest first. Each kind of search has its index: see migration 0004. */
export async function searchAudit(db: Kysely<Database>, query: AuditQuery): Promise<FoundRow[]> {
  const { requestId, person, since, upTo, offset, limit } = query;
  const about = person === undefined ? [] : await findRequestsAbout(db, person);
  const rows = await db
    .selectFrom("audit")
    .leftJoin("requests", "requests.id", "audit.request_id")
    .select([
      "audit.seq",
      "audit.at",
      "audit.actor",
      "audit.event",
      "audit.data",
      "audit.request_id",
      "requests.action",
      "requests.target_email",
    ])
    .where("audit.seq", "<=", upTo)
    .$if(requestId !== undefined, (q) => q.where("audit.request_id", "=", requestId ?? ""))
    .$if(since !== undefined, (q) => q.where("audit.at", ">=", since ?? 0))
    .$if(person !== undefined, (q) =>
      q.where((eb) =>
        eb.or([
          // Nothing that is not known may match what is empty: `or` of nothing is false.
          ...(person?.slackId == null ? [] : [eb("audit.actor", "=", person.slackId)]),
          ...(about.length === 0 ? [] : [eb("audit.request_id", "in", about)]),
        ]),
      ),
    )
    .orderBy("audit.at", "desc")
    .orderBy("audit.seq", "desc")
    .limit(limit)
    .offset(offset)
    .execute();
  return rows.map((row) => ({
    seq: row.seq,
    at: row.at,
    actor: row.actor,
    event: row.event,
    data: JSON.parse(row.data) as Record<string, unknown>,
    requestId: row.request_id,
    action: row.action,
    target: row.target_email,
  }));
}

/** Far more than were ever asked about one person; the newest count. */
const MAX_REQUESTS = 5000;

/**
 * The requests about somebody: read first, as both databases find rows of given requests by the index, and go through
 * the whole table for "those of any of these or of that actor".
 */
async function findRequestsAbout(db: Kysely<Database>, { email, accessId }: Person): Promise<string[]> {
  if (email === null && accessId === null) return [];
  const rows = await db
    .selectFrom("requests")
    .select("id")
    .where((eb) =>
      eb.or([
        ...(accessId === null ? [] : [eb("target_id", "=", accessId)]),
        ...(email === null ? [] : [eb(eb.fn<string>("lower", ["target_email"]), "=", email.toLowerCase())]),
      ]),
    )
    .orderBy("created_at", "desc")
    .limit(MAX_REQUESTS)
    .execute();
  return rows.map((row) => row.id);
}
