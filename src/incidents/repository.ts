import type { Expression, ExpressionBuilder, Kysely, SqlBool, Transaction, UpdateObject } from "kysely";

import { appendAudit, storable } from "../audit/append.ts";
import type { AuditEvent } from "../audit/events.ts";
import type { AccessUser } from "../api/cloudflare.ts";
import type { Db } from "../store/open.ts";
import type { Database } from "../store/schema.ts";
import { transact } from "../store/transact.ts";
import type { Target } from "../requests/target.ts";
import { changeReply, changeThread, createThread, type NewReply } from "../threads/thread.ts";
import {
  createIncidentId,
  entryOf,
  incidentOf,
  personOf,
  type Incident,
  type IncidentEntry,
  type IncidentPerson,
  type Severity,
} from "./incident.ts";

type Trx = Transaction<Database>;
type Reader = Kysely<Database> | Trx;

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

export interface NewIncident {
  teamId: string;
  title: string;
  severity: Severity;
  channel: string;
  openedBy: string;
  people: readonly AccessUser[];
  at: number;
  /** What its thread says first. */
  replies?: readonly NewReply[];
  /** For the record: see approvals/audit-context.ts. */
  auditContext: Record<string, unknown>;
}

/** Opens an incident with its thread and its audit row in one transaction; its people are read soon after. */
export async function openIncident(db: Db, input: NewIncident): Promise<Incident> {
  const { at, openedBy, people } = input;
  return transact(db, async (trx) => {
    const row = await trx
      .insertInto("incidents")
      .values({
        id: createIncidentId(),
        team_id: input.teamId,
        title: storable(input.title),
        status: "open",
        severity: input.severity,
        owner: openedBy,
        channel: input.channel,
        opened_by: openedBy,
        opened_at: at,
        closed_by: null,
        closed_at: null,
        first_contained_at: null,
        contained_at: null,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const incident = incidentOf(row);
    await insertPeople(trx, incident.id, people, { at, from: 0 });
    await addEntry(trx, incident.id, at, {
      key: "opened",
      kind: "event",
      actor: openedBy,
      data: { event: "incident.opened" },
    });
    await createThread(trx, { id: incident.id, kind: "incident", channel: input.channel, at }, input.replies);
    await appendAudit(trx, {
      at,
      teamId: input.teamId,
      actor: openedBy,
      event: "incident.opened",
      data: {
        incident: incident.id,
        title: incident.title,
        severity: incident.severity,
        targets: people.map(({ id, email }) => ({ id, email })),
        ...input.auditContext,
      },
    });
    return incident;
  });
}

/** Rows in one INSERT: databases take only so many parameters. */
async function insertPeople(
  trx: Trx,
  incidentId: string,
  people: readonly AccessUser[],
  { at, from }: { at: number; from: number },
): Promise<void> {
  if (people.length === 0) return;
  await trx
    .insertInto("incident_people")
    .values(
      people.map((profile, index) => ({
        incident_id: incidentId,
        target_id: profile.id,
        email: profile.email,
        name: profile.name,
        position: from + index,
        profile: JSON.stringify(profile),
        added_at: at,
        removed_at: null,
        seen: null,
        look_due: at,
        look_until: null,
        idp_disabled_by: null,
        idp_disabled_at: null,
      })),
    )
    // Someone who was removed comes back.
    .onConflict((conflict) =>
      conflict
        .columns(["incident_id", "target_id"])
        .doUpdateSet({ removed_at: null, added_at: at, look_due: at }),
    )
    .execute();
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
export async function changeIncident(db: Reader, change: IncidentChange): Promise<Incident | null> {
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

/** Adds people in the transaction of the change that tells of it. @returns false when all of them belong to it. */
export async function addPeople(
  trx: Trx,
  id: string,
  people: readonly AccessUser[],
  at: number,
): Promise<boolean> {
  const rows = await trx
    .selectFrom("incident_people")
    .select(["target_id", "removed_at"])
    .where("incident_id", "=", id)
    .execute();
  const there = new Set(rows.flatMap((row) => (row.removed_at === null ? [row.target_id] : [])));
  const fresh = people.filter((one) => !there.has(one.id));
  await insertPeople(trx, id, fresh, { at, from: rows.length });
  return fresh.length > 0;
}

/** @returns false when none of them belongs to it. */
export async function removePeople(
  trx: Trx,
  id: string,
  targetIds: readonly string[],
  at: number,
): Promise<boolean> {
  const rows = await trx
    .updateTable("incident_people")
    .set({ removed_at: at, look_due: null, look_until: null })
    .where("incident_id", "=", id)
    .where("target_id", "in", targetIds)
    .where("removed_at", "is", null)
    .returning("target_id")
    .execute();
  return rows.length > 0;
}

/**
 * Who says that someone's account is disabled at the identity provider; they are read again, as what is left follows
 * from it. @returns false where that was so before, or they no longer belong to it.
 */
export async function setIdpDisabled(
  trx: Trx,
  id: string,
  targetId: string,
  { by, at }: { by: string | null; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("incident_people")
    .set({ idp_disabled_by: by, idp_disabled_at: by === null ? null : at, look_due: at })
    .where("incident_id", "=", id)
    .where("target_id", "=", targetId)
    .where("removed_at", "is", null)
    .where("idp_disabled_by", by === null ? "is not" : "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/**
 * Takes the locks of incidents, always in the same order, before what belongs to them is written: their people, then
 * their thread. ARCHITECTURE.md, Storage and time, has the order of all locks.
 */
export async function lockIncidents(trx: Trx, ids: Iterable<string>): Promise<void> {
  for (const id of [...new Set(ids)].toSorted())
    await trx.updateTable("incidents").set({ id }).where("id", "=", id).execute();
}

/** Has someone read again in every open incident they belong to. */
export async function lookAgainAt(trx: Trx, targetId: string, at: number): Promise<void> {
  const rows = await trx
    .selectFrom("incidents")
    .innerJoin("incident_people", "incident_people.incident_id", "incidents.id")
    .select("incidents.id")
    .where("incident_people.target_id", "=", targetId)
    .where("incident_people.removed_at", "is", null)
    .where("incidents.status", "=", "open")
    .execute();
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await lockIncidents(trx, ids);
  await trx
    .updateTable("incident_people")
    .set({ look_due: at })
    .where("target_id", "=", targetId)
    .where("removed_at", "is", null)
    .where("incident_id", "in", ids)
    .execute();
}

/** Has all of its people read again, now. @returns false when no one belongs to it. */
export function refreshIncident(db: Db, id: string, at: number): Promise<boolean> {
  return transact(db, async (trx) => {
    await lockIncidents(trx, [id]);
    const { numUpdatedRows } = await trx
      .updateTable("incident_people")
      .set({ look_due: at })
      .where("incident_id", "=", id)
      .where("removed_at", "is", null)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  });
}

/** Has these of its people read at a later time, but those who are to be read anyway. */
export async function refreshLater(
  db: Db,
  id: string,
  targetIds: readonly string[],
  at: number,
): Promise<void> {
  if (targetIds.length === 0) return;
  await db
    .updateTable("incident_people")
    .set({ look_due: at })
    .where("incident_id", "=", id)
    .where("target_id", "in", targetIds)
    .where("removed_at", "is", null)
    // Who is being read now may have been asked for before what is to be seen.
    .where((eb) => eb.or([eb("look_due", "is", null), eb("look_until", "is not", null)]))
    .execute();
}

export async function readIncident(db: Reader, id: string): Promise<Incident | null> {
  const row = await db.selectFrom("incidents").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : incidentOf(row);
}

/** Whom it is about now, in the order in which they were added. */
export async function readPeople(db: Reader, id: string): Promise<IncidentPerson[]> {
  const rows = await db
    .selectFrom("incident_people")
    .selectAll()
    .where("incident_id", "=", id)
    .where("removed_at", "is", null)
    .orderBy("position")
    .execute();
  return rows.map(personOf);
}

/** Who belonged to it and was removed, in the order in which they were added. */
export async function readRemoved(db: Reader, id: string): Promise<Target[]> {
  return db
    .selectFrom("incident_people")
    .select(["target_id as id", "email", "name"])
    .where("incident_id", "=", id)
    .where("removed_at", "is not", null)
    .orderBy("position")
    .execute();
}

/** Its story, the oldest first. */
export async function readEntries(db: Reader, id: string): Promise<IncidentEntry[]> {
  const rows = await db
    .selectFrom("incident_entries")
    .selectAll()
    .where("incident_id", "=", id)
    .orderBy("seq")
    .execute();
  return rows.map(entryOf);
}

/** Open incidents, those of the worst severity first. `channel`: only in this one. */
export async function findOpenIncidents(db: Db, { channel }: { channel?: string } = {}): Promise<Incident[]> {
  const rows = await db
    .selectFrom("incidents")
    .selectAll()
    .where("status", "=", "open")
    .$if(channel !== undefined, (query) => query.where("channel", "=", channel ?? ""))
    .orderBy("severity")
    .orderBy("opened_at", "desc")
    .limit(MAX_LISTED)
    .execute();
  return rows.map(incidentOf);
}

/** Open incidents that someone belongs to, the newest first. */
export async function findOpenIncidentsOf(db: Reader, targetId: string): Promise<Incident[]> {
  const rows = await db
    .selectFrom("incidents")
    .innerJoin("incident_people", "incident_people.incident_id", "incidents.id")
    .selectAll("incidents")
    .where("incident_people.target_id", "=", targetId)
    .where("incident_people.removed_at", "is", null)
    .where("incidents.status", "=", "open")
    .orderBy("incidents.opened_at", "desc")
    .execute();
  return rows.map(incidentOf);
}

/** Other open incidents that any of these people belong to, the newest first, each with whom of them it is about. */
export async function findOthersAbout(
  db: Db,
  targetIds: readonly string[],
  id: string | null,
): Promise<{ incident: Incident; targetIds: string[] }[]> {
  if (targetIds.length === 0) return [];
  const rows = await db
    .selectFrom("incidents")
    .innerJoin("incident_people", "incident_people.incident_id", "incidents.id")
    .selectAll("incidents")
    .select("incident_people.target_id")
    .where("incident_people.target_id", "in", targetIds)
    .where("incident_people.removed_at", "is", null)
    .where("incidents.status", "=", "open")
    .$if(id !== null, (query) => query.where("incidents.id", "!=", id))
    .orderBy("incidents.opened_at", "desc")
    .orderBy("incidents.id")
    .orderBy("incident_people.position")
    .execute();
  return [...Map.groupBy(rows, (row) => row.id).values()].flatMap((ofOne) =>
    ofOne[0] === undefined
      ? []
      : { incident: incidentOf(ofOne[0]), targetIds: ofOne.map((row) => row.target_id) },
  );
}

/** The newest closed ones. */
export async function findClosedIncidents(db: Db, limit: number): Promise<Incident[]> {
  const rows = await db
    .selectFrom("incidents")
    .selectAll()
    .where("status", "=", "closed")
    .orderBy("opened_at", "desc")
    .limit(limit)
    .execute();
  return rows.map(incidentOf);
}

/** A menu of Slack's holds no more. */
const MAX_LISTED = 100;
