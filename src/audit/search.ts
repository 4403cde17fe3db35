import {
  sql,
  type ExpressionBuilder,
  type Kysely,
  type SelectQueryBuilder,
  type SqlBool,
  type StringReference,
} from "kysely";

import { compact } from "../compact.ts";
import type { Database } from "../store/schema.ts";
import { OF_ONE_USER, SIGNED } from "./events.ts";
import { selectWithRequest } from "./with-request.ts";

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
  /** Of the request that the row belongs to; where it is about several users, the first of them. */
  action: string | null;
  target: string | null;
  /** How many users it is about, where these are several; otherwise 0. */
  users: number;
}

/** The newest row's number; 0 when nothing was ever recorded. */
export async function readNewest(db: Kysely<Database>): Promise<number> {
  const head = await db.selectFrom("audit_head").select("seq").executeTakeFirst();
  return head?.seq ?? 0;
}

/**
 * Rows of the record, newest first, but for its signatures, which tell people nothing. First it is found which, by an index
 * for each way of asking (migrations 0004 and 0006), and then only these are read.
 */
export async function searchAudit(db: Kysely<Database>, query: AuditQuery): Promise<FoundRow[]> {
  const { person, offset, limit } = query;
  const found =
    person === undefined
      ? await findNewest(db, query, (q) => q.offset(offset).limit(limit))
      : (await findOfPerson(db, query, person)).slice(offset, offset + limit);
  if (found.length === 0) return [];
  const rows = await selectWithRequest(db).where("audit.seq", "in", found).execute();
  return rows.map(({ data, request_id: requestId, target_email: target, users, ...row }) => ({
    ...row,
    data: JSON.parse(data) as Record<string, unknown>,
    requestId,
    target,
    users: Number(users ?? 0),
  }));
}

type Narrow = (q: SelectQueryBuilder<Database, "audit", { seq: number; at: number }>) => typeof q;

/** The numbers of the rows that are asked for, the newest first. */
async function findNewest(db: Kysely<Database>, query: AuditQuery, narrow: Narrow): Promise<number[]> {
  return (await readPlaces(db, query, narrow)).map(({ seq }) => seq);
}

function readPlaces(
  db: Kysely<Database>,
  { requestId, since, upTo }: AuditQuery,
  narrow: Narrow,
): Promise<{ seq: number; at: number }[]> {
  return db
    .selectFrom("audit")
    .select(["seq", "at"])
    .where("seq", "<=", upTo)
    .where("event", "!=", SIGNED)
    .$if(requestId !== undefined, (q) => q.where("request_id", "=", requestId ?? ""))
    .$if(since !== undefined, (q) => q.where("at", ">=", since ?? 0))
    .$call(narrow)
    .orderBy("at", "desc")
    .orderBy("seq", "desc")
    .execute();
}

/**
 * What they did, and what was asked about them, each as far as the page may reach: asked for together, both databases would
 * sort all that they ever did. Nothing that is not known may match what is empty.
 */
async function findOfPerson(db: Kysely<Database>, query: AuditQuery, person: Person): Promise<number[]> {
  const { requests, targetIds, refused } = await findAbout(db, person);
  const { slackId } = person;
  const reach = query.offset + query.limit;
  const parts = await Promise.all([
    slackId === null ? [] : readPlaces(db, query, (q) => q.where("actor", "=", slackId).limit(reach)),
    requests.length === 0
      ? []
      : readPlaces(db, query, (q) =>
          q
            .where("request_id", "in", requests)
            .where((eb) => isOfAny(eb, targetIds))
            .limit(reach),
        ),
    refused.length === 0 ? [] : readPlaces(db, query, (q) => q.where("seq", "in", refused).limit(reach)),
  ]);
  const newest = parts.flat().toSorted((a, b) => b.at - a.at || b.seq - a.seq);
  return [...new Set(newest.map(({ seq }) => seq))];
}

interface About {
  requests: string[];
  /** Under which ids these know the person: usually one. */
  targetIds: string[];
  /** The rows of what was asked about them in vain. */
  refused: number[];
}
const NOTHING: About = { requests: [], targetIds: [], refused: [] };

/** Far more than were ever asked about one person; the newest count. */
const MAX_REQUESTS = 5000;

/**
 * The requests about somebody, alone or among several: read first, as both databases find rows of given requests by
 * the index, and go through the whole table for "those of any of these or of that actor".
 */
async function findAbout(db: Kysely<Database>, person: Person): Promise<About> {
  const { email, accessId } = person;
  if (email === null && accessId === null) return NOTHING;
  const [alone, among, refused] = await Promise.all([
    db
      .selectFrom("requests")
      .select(["requests.id", "requests.target_id"])
      .where((eb) => isTarget(eb, person, "requests.target_id", "requests.target_email"))
      .orderBy("created_at", "desc")
      .limit(MAX_REQUESTS)
      .execute(),
    db
      .selectFrom("request_targets")
      .innerJoin("requests", "requests.id", "request_targets.request_id")
      .select(["requests.id", "request_targets.target_id"])
      .where((eb) => isTarget(eb, person, "request_targets.target_id", "request_targets.email"))
      .orderBy("requests.created_at", "desc")
      .limit(MAX_REQUESTS)
      .execute(),
    findRefused(db, person),
  ]);
  const rows = [...alone, ...among];
  return {
    requests: [...new Set(rows.map((row) => row.id))],
    targetIds: [...new Set(rows.map((row) => row.target_id))],
    refused,
  };
}

/** By the id, or the address whatever its capitals; what is not known matches nothing. */
function isTarget<DB, Table extends keyof DB>(
  eb: ExpressionBuilder<DB, Table>,
  { email, accessId }: Person,
  idColumn: StringReference<DB, Table>,
  emailColumn: StringReference<DB, Table>,
) {
  return eb.or(
    compact(
      accessId !== null && sql<SqlBool>`${eb.ref(idColumn)} = ${accessId}`,
      email !== null && sql<SqlBool>`lower(${eb.ref(emailColumn)}) = ${email.toLowerCase()}`,
    ),
  );
}

/** What was refused at once has no request: its row holds the plan, whose users it is looked through for. */
async function findRefused(db: Kysely<Database>, { email, accessId }: Person): Promise<number[]> {
  const held = compact<object>(email !== null && { email }, accessId !== null && { id: accessId });
  // Canonical JSON, as in isOfAny.
  const patterns = held.map((one) => {
    const text = JSON.stringify(one).slice(1, -1).toLowerCase();
    return `%${text.replaceAll(/[!%_]/g, "!$&")}%`;
  });
  const rows = await db
    .selectFrom("audit")
    .select("seq")
    // Written out, so that SQLite sees which index it may take.
    .where("event", "=", sql.lit("request.refused"))
    .where((eb) => eb.or(patterns.map((pattern) => sql<boolean>`lower(data) LIKE ${pattern} ESCAPE '!'`)))
    .orderBy("seq", "desc")
    .limit(MAX_REQUESTS)
    .execute();
  return rows.map(({ seq }) => seq);
}

/**
 * Leaves out what was done to the other users of a request about several. The rows are found by their request, so
 * that few are left to look into; their data is canonical JSON, in which no text that somebody wrote can look like
 * this: a quotation mark within one is escaped.
 */
function isOfAny(eb: ExpressionBuilder<Database, "audit">, targetIds: readonly string[]) {
  return eb.or([
    eb("audit.event", "not in", OF_ONE_USER),
    ...targetIds.map((id) => eb("audit.data", "like", `%"target_id":${JSON.stringify(id)}%`)),
  ]);
}
