import type { Expression, ExpressionBuilder, Kysely, SqlBool, Transaction, UpdateObject } from "kysely";

import { appendAudit } from "../audit/append.ts";
import type { AuditEvent } from "../audit/events.ts";
import type { Database } from "../store/schema.ts";
import { transact } from "../store/transact.ts";
import { changeReply, changeThread, type NewReply } from "../threads/thread.ts";
import { incidentOf, type Incident, type IncidentEntry } from "./incident.ts";

type Trx = Transaction<Database>;

/** A condition on an incident's row. */
type Condition = (eb: ExpressionBuilder<Database, "incidents">) => Expression<SqlBool>;

/** Something for an incident's story; the same `key` is written once. */
export interface NewEntry {
  key: string;
  kind: IncidentEntry["kind"];
  actor: string;
  requestId?: string;
  data: Record<string, unknown>;
}

export interface IncidentChange {
  id: string;
  at: number;
  actor: string;
  event: AuditEvent;
  /** What has to hold of the incident besides its id, for anything to be written. */
  where?: Condition;
  set?: UpdateObject<Database, "incidents">;
  /** For the record. */
  data?: Record<string, unknown>;
  /** Names the entry and the message that tell of it. */
  key: string;
  kind?: IncidentEntry["kind"];
  /** What the entry holds, besides the event. */
  entry?: Record<string, unknown>;
  /** What is said in the thread after the message that tells of it. */
  follow?: readonly NewReply[];
  /** A message of the thread that says something else from now on, in place of a new one. */
  edits?: NewReply;
  /** Further writes, before the record is appended to. @returns false: nothing is written at all. */
  also?(trx: Trx, incident: Incident): Promise<boolean>;
}

/**
 * The one way in which an incident changes: a conditional UPDATE with its entry, the message in its thread and its
 * audit row, in one transaction.
 * @returns the incident as it now is, or null when `where` does not hold (any longer) and nothing was written.
 */
export async function changeIncident(
  db: Kysely<Database> | Trx,
  change: IncidentChange,
): Promise<Incident | null> {
  const {
    id,
    at,
    actor,
    event,
    where = always,
    set = {},
    data = {},
    key,
    kind = "event",
    entry = {},
  } = change;
  if (!db.isTransaction) {
    try {
      return await transact(db, (trx) => changeIncident(trx, change));
    } catch (error) {
      if (error instanceof NothingToDoError) return null;
      throw error;
    }
  }
  const trx = db as Trx;
  const row = await trx
    .updateTable("incidents")
    .set({ id, ...set })
    .where("id", "=", id)
    .where(where)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return null;
  const incident = incidentOf(row);
  if (change.also !== undefined && !(await change.also(trx, incident))) throw new NothingToDoError();
  const told = { event, ...entry };
  // The same message is noted once.
  if (!(await addEntry(trx, id, at, { key, kind, actor, data: told }))) throw new NothingToDoError();
  if (change.edits === undefined)
    await changeThread(trx, id, at, [{ key, data: { kind, actor, at, ...told } }, ...(change.follow ?? [])]);
  else await changeReply(trx, id, change.edits);
  await appendAudit(trx, { at, teamId: incident.teamId, actor, event, data: { incident: id, ...data } });
  return incident;
}

const always: Condition = (eb) => eb.and([]);

/** Where only an open incident changes. */
export const isOpen: Condition = (eb) => eb("status", "=", "open");

/** Rolls back a change that would change nothing. */
class NothingToDoError extends Error {
  override readonly name = "NothingToDoError";
}

/** @returns false where the entry was there before. */
export async function addEntry(trx: Trx, incidentId: string, at: number, entry: NewEntry): Promise<boolean> {
  const row = await trx
    .insertInto("incident_entries")
    .values({
      incident_id: incidentId,
      key: entry.key,
      kind: entry.kind,
      at,
      actor: entry.actor,
      request_id: entry.requestId ?? null,
      data: JSON.stringify(entry.data),
    })
    .onConflict((conflict) => conflict.columns(["incident_id", "key"]).doNothing())
    .returning("seq")
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Takes the locks of incidents, always in the same order, before what belongs to them is written: their people, then
 * their thread. ARCHITECTURE.md, Storage and time, has the order of all locks.
 */
export async function lockIncidents(trx: Trx, ids: Iterable<string>): Promise<void> {
  for (const id of [...new Set(ids)].toSorted())
    await trx.updateTable("incidents").set({ id }).where("id", "=", id).execute();
}
