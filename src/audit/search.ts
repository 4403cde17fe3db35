import type { Expression, ExpressionBuilder, Kysely, SqlBool } from "kysely";

import type { Database } from "../store/schema.ts";

export interface AuditQuery {
  /** Only of this request. */
  requestId?: string;
  /** Only what this Slack user did, or what was asked about this Access user; either may be unknown. */
  person?: { slackId: string | null; email: string | null; accessId: string | null };
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
    .$if(person !== undefined, (q) => q.where((eb) => eb.or(conditionsFor(eb, person ?? NOBODY))))
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

type Person = NonNullable<AuditQuery["person"]>;

const NOBODY: Person = { slackId: null, email: null, accessId: null };

/** One for each way in which somebody is known; nothing that is not known may match what is empty. */
function conditionsFor(
  eb: ExpressionBuilder<Database, "audit">,
  { slackId, email, accessId }: Person,
): Expression<SqlBool>[] {
  const asked = eb.selectFrom("requests as asked").select("asked.id");
  return [
    ...(slackId === null ? [] : [eb("audit.actor", "=", slackId)]),
    ...(accessId === null
      ? []
      : [eb("audit.request_id", "in", asked.where("asked.target_id", "=", accessId))]),
    ...(email === null
      ? []
      : [
          eb(
            "audit.request_id",
            "in",
            asked.where((on) => on(on.fn<string>("lower", ["asked.target_email"]), "=", email.toLowerCase())),
          ),
        ]),
  ];
}
