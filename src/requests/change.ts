import type { Expression, ExpressionBuilder, Kysely, SqlBool, Transaction, UpdateObject } from "kysely";

import { appendAudit, type AuditEntry } from "../audit/append.ts";
import type { AuditEvent } from "../audit/events.ts";
import { followRequest, linkCard } from "../incidents/requests.ts";
import type { Database } from "../store/schema.ts";
import { transact } from "../store/transact.ts";
import { hashPlan, type Target } from "./plan.ts";
import { addPosts, type NewPost } from "./posts.ts";
import { fromRow, type Request } from "./request.ts";

export type Writer = Kysely<Database> | Transaction<Database>;

/** A condition on a request's row. */
export type Condition = (eb: ExpressionBuilder<Database, "requests">) => Expression<SqlBool>;

export interface Change {
  id: string;
  /** Epoch milliseconds. */
  at: number;
  /** What has to hold of the row, beside its id, for anything to be written. */
  where?: Condition;
  set?: UpdateObject<Database, "requests">;
  /** Whether the card is to be drawn again; yes by default. */
  isShown?: boolean;
  /** What the record holds of it; nothing for what is only bookkeeping. */
  event?: AuditEvent;
  /** A Slack user id, or BOT. */
  actor?: string;
  /** Beside whom and what the request is about. As a function: of the request as it now is, in the same transaction. */
  data?:
    | Record<string, unknown>
    | ((request: Request, trx: Transaction<Database>) => Promise<Record<string, unknown>>);
  posts?: readonly NewPost[];
}

/**
 * The one way in which a request changes: a conditional UPDATE with its audit row and the messages that tell of it, in
 * one transaction. Pass a transaction to write more with it; append to the record last, as its head is the last lock.
 * @returns the request as it now is, or null when `where` does not hold (any longer) and nothing was written.
 */
export async function changeRequest(db: Writer, change: Change): Promise<Request | null> {
  if (!db.isTransaction) return transact(db, (trx) => changeRequest(trx, change));
  const {
    id,
    at,
    where = always,
    set = {},
    isShown = true,
    event,
    actor = "",
    data = {},
    posts = [],
  } = change;
  const trx = db as Transaction<Database>;
  const row = await trx
    .updateTable("requests")
    // The id is written as it is: there may be nothing else to set, and the row is locked even so.
    .set((eb) => ({ id, ...set, ...(isShown ? { version: eb("version", "+", 1) } : {}) }))
    .where("id", "=", id)
    .where(where)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return null;
  const request = fromRow(row);
  // Before `data`, which may take the record's head, the last of all locks.
  if (event !== undefined) await followRequest(trx, request, { event, actor, at });
  if (typeof set.card_ts === "string") await linkCard(trx, request);
  const more = typeof data === "function" ? await data(request, trx) : data;
  if (event !== undefined) await appendAudit(trx, auditEntry(request, { at, event, actor, data: more }));
  await addPosts(trx, id, at, posts);
  return request;
}

/** Takes the locks of several requests before a transaction changes one of them: always in the same order. */
export async function lockRequests(trx: Transaction<Database>, ids: Iterable<string>): Promise<void> {
  for (const id of [...new Set(ids)].toSorted())
    await trx.updateTable("requests").set({ id }).where("id", "=", id).execute();
}

/** Where nothing but the id has to hold. */
export const always: Condition = (eb) => eb.and([]);

/** What every row about a request holds: who asked, and whom it is about, so that both are found by it. */
function auditEntry(
  request: Request,
  { at, event, actor, data }: { at: number; event: AuditEvent; actor: string; data: Record<string, unknown> },
): AuditEntry {
  const { requesterId: requester, plan } = request;
  // Of the plan as it is read now, not as the row has it: a vote proves what it was for.
  const plan_hash = hashPlan(plan);
  return auditOfUser(request, plan.target, { at, event, actor, data: { plan_hash, requester, ...data } });
}

/** A row about one user of a request: it names that one, and nobody else of several. */
export function auditOfUser(
  { id, teamId }: Request,
  target: Target,
  { at, event, actor, data }: { at: number; event: AuditEvent; actor: string; data: Record<string, unknown> },
): AuditEntry {
  const about = { target: target.email, target_id: target.id };
  return { at, teamId, requestId: id, actor, event, data: { ...about, ...data } };
}
