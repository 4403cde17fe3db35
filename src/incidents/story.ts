import type { Kysely } from "kysely";

import { actionOf } from "../actions/index.ts";
import { selectWithRequest } from "../audit/with-request.ts";
import type { TimelineRow, Window } from "../lookup/timeline/merge.ts";
import type { ActionName } from "../requests/plan.ts";
import type { Target } from "../requests/target.ts";
import type { Database } from "../store/schema.ts";
import { entryOf, type IncidentEntry } from "./incident.ts";
import { keyOfNote, noteOf } from "./notes.ts";

/** What a timeline tells of a request: who asked, who decided, and what came of it. */
const TOLD = [
  "request.created",
  "request.voted",
  "request.approved",
  "request.denied",
  "request.cancelled",
  "request.expired",
  "request.voided",
  "request.held",
  "request.unknown",
  "request.stopped",
  "request.succeeded",
  "request.failed",
  "request.reviewed",
  "request.unproven",
  "block.ended",
];

/** Far more than one person, or one incident, has in a month; of more, the newest. */
const MAX_ROWS = 5000;

/** The newest rows of a window. `before`: there are more, from before this moment. */
export interface Story {
  rows: TimelineRow[];
  before: number | null;
}

/** What the record tells of the requests about any of these people, alone or among several. */
export async function readRequestRows(
  db: Kysely<Database>,
  people: readonly Pick<Target, "id" | "email">[],
  { since, until }: Window,
): Promise<Story> {
  if (people.length === 0) return { rows: [], before: null };
  const emails = people.flatMap(({ email }) => (email === "" ? [] : [email.toLowerCase()]));
  const found = await selectWithRequest(db)
    .where("audit.request_id", "in", (eb) =>
      eb
        .selectFrom("request_targets")
        .select("request_id")
        .where((inner) =>
          inner.or([
            inner(
              "target_id",
              "in",
              people.map(({ id }) => id),
            ),
            // Someone to be created has no id yet.
            ...(emails.length === 0 ? [] : [inner(inner.fn<string>("lower", ["email"]), "in", emails)]),
          ]),
        ),
    )
    .where("audit.event", "in", TOLD)
    .where("audit.at", ">=", since)
    .where("audit.at", "<=", until)
    .where("requests.id", "is not", null)
    .$narrowType<{ request_id: string; action: ActionName; target_email: string }>()
    .limit(MAX_ROWS)
    .execute();
  const rows = found.map((row) => ({
    kind: "request" as const,
    at: row.at,
    key: keyOf(row.seq),
    actor: row.actor,
    requestId: row.request_id,
    label: actionOf({ action: row.action }).label,
    target: row.target_email,
    targets: Number(row.users ?? 1),
    event: row.event,
    data: JSON.parse(row.data) as Record<string, unknown>,
  }));
  return { rows, before: beforeOf(rows) };
}

/** The notes and changes of one incident, or of all that one of these people belongs to. */
export async function readNoteRows(
  db: Kysely<Database>,
  of: { incidentId: string } | { people: readonly Pick<Target, "id">[] },
  { since, until }: Window,
): Promise<Story> {
  const found = await db
    .selectFrom("incident_entries")
    .selectAll()
    .$if("incidentId" in of, (query) =>
      query.where("incident_id", "=", "incidentId" in of ? of.incidentId : ""),
    )
    .$if("people" in of, (query) =>
      query.where("incident_id", "in", (eb) =>
        eb
          .selectFrom("incident_people")
          .select("incident_id")
          .where("target_id", "in", "people" in of ? of.people.map(({ id }) => id) : []),
      ),
    )
    // Requests are told from the record, with what followed.
    .where("kind", "in", ["note", "event"])
    .where("at", ">=", since)
    .where("at", "<=", until)
    .orderBy("seq", "desc")
    .limit(MAX_ROWS)
    .execute();
  const amendments = await readAmendments(db, found);
  const rows = found.map((row): TimelineRow => {
    const entry = entryOf(row);
    const { at, actor, data, kind } = entry;
    const base = { at, key: keyOf(row.seq), actor, incidentId: row.incident_id };
    if (kind !== "note") return { kind: "incident", ...base, event: String(data["event"]), data };
    const now = noteOf([entry, ...(amendments.get(`${row.incident_id} ${entry.key}`) ?? [])]);
    return {
      kind: "note",
      ...base,
      actor: now?.actor ?? actor,
      note: now?.note ?? "",
      author: now?.author ?? null,
      state: now === null || now.state === "noted" ? null : now.state,
    };
  });
  return { rows, before: beforeOf(rows) };
}

/** What became of these notes since, by incident and note. */
async function readAmendments(
  db: Kysely<Database>,
  notes: readonly { incident_id: string }[],
): Promise<Map<string, IncidentEntry[]>> {
  const incidents = [...new Set(notes.map((row) => row.incident_id))];
  if (incidents.length === 0) return new Map();
  const rows = await db
    .selectFrom("incident_entries")
    .selectAll()
    .where("incident_id", "in", incidents)
    .where("kind", "=", "amendment")
    .orderBy("seq")
    .execute();
  const of = Map.groupBy(rows, (row) => `${row.incident_id} ${keyOfNote(row.key)}`);
  return new Map([...of].map(([key, same]) => [key, same.map(entryOf)]));
}

/** Of two at one moment, the later row is the newer one. */
function keyOf(seq: number): string {
  return String(seq).padStart(12, "0");
}

function beforeOf(rows: readonly TimelineRow[]): number | null {
  return rows.length < MAX_ROWS ? null : (rows.at(-1)?.at ?? null);
}
