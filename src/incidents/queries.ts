import type { Kysely, Transaction } from "kysely";

import type { Target } from "../requests/target.ts";
import type { Db } from "../store/open.ts";
import type { Database } from "../store/schema.ts";
import {
  entryOf,
  incidentOf,
  personOf,
  type Incident,
  type IncidentEntry,
  type IncidentPerson,
} from "./incident.ts";

type Reader = Kysely<Database> | Transaction<Database>;

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

/** A menu of Slack's holds no more. */
const MAX_LISTED = 100;
