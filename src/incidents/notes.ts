import type { Kysely, Transaction } from "kysely";

import { BOT } from "../audit/append.ts";
import type { AuditEvent } from "../audit/events.ts";
import type { Db } from "../store/open.ts";
import type { Database } from "../store/schema.ts";
import { transact } from "../store/transact.ts";
import { entryOf, type IncidentEntry } from "./incident.ts";
import { changeIncident, lockIncidents } from "./change.ts";

/**
 * Notes that are messages: what becomes of the message is followed. The record and the entries are only added to; what
 * a note says now is the note with its amendments.
 */

/** The name of a message's note within each incident that has it. */
export function noteKey({ channel, ts }: { channel: string; ts: string }): string {
  return `note:${channel}:${ts}`;
}

/** What a note is now. */
export interface Note {
  note: string;
  /** Who noted it, and when. */
  actor: string;
  at: number;
  /** Who wrote it, where someone else added it; a link to it; it stands in the incident's own thread. */
  author?: string;
  link?: string;
  isHere?: boolean;
  /** Noted by a reaction, which its owner may take back. */
  isReaction: boolean;
  /** "deleted": the message in Slack. "withdrawn": who noted it took that back. */
  state: "noted" | "edited" | "deleted" | "withdrawn";
  /** Slack's times of the last edit and of the last reaction that counted: what is older came too late. */
  version: number;
  reactedAt: number;
}

/** Something that happened to the message; `version` is Slack's time of it. */
export type NoteChange =
  | { kind: "edited"; note: string; by: string | null; version: number }
  | { kind: "deleted"; version: number }
  | { kind: "withdrawn"; by: string; version: number }
  | { kind: "restored"; note: string; by: string; version: number };

/** A note from its entry and the amendments, in order; null without the entry. */
export function noteOf(entries: readonly IncidentEntry[]): Note | null {
  const first = entries.find(({ kind }) => kind === "note");
  if (first === undefined) return null;
  const { actor, at, data } = first;
  const text = (name: string) => (typeof data[name] === "string" ? data[name] : undefined);
  const number = (name: string) => (typeof data[name] === "number" ? data[name] : 0);
  const noted: Note = {
    note: text("note") ?? "",
    actor,
    at,
    ...optional("author", text("author")),
    ...optional("link", text("link")),
    ...(data["isHere"] === true && { isHere: true }),
    isReaction: data["isReaction"] === true,
    state: "noted",
    version: number("version"),
    reactedAt: number("reactedAt"),
  };
  return entries
    .filter(({ kind }) => kind === "amendment")
    .reduce((note, entry) => ({ ...note, ...(entry.data["now"] as Partial<Note>) }), noted);
}

function optional<Name extends string>(name: Name, value: string | undefined) {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, string>>;
}

/** The notes among an incident's entries as they are now, in order. */
export function notesOf(entries: readonly IncidentEntry[]): Note[] {
  const amendments = Map.groupBy(
    entries.filter(({ kind }) => kind === "amendment"),
    (entry) => keyOfNote(entry.key),
  );
  return entries.flatMap((entry) => noteOf([entry, ...(amendments.get(entry.key) ?? [])]) ?? []);
}

/** The note that an amendment belongs to: its key begins with the note's. */
export function keyOfNote(key: string): string {
  return key.split(":").slice(0, 3).join(":");
}

const EVENTS = {
  edited: "incident.note-edited",
  deleted: "incident.note-deleted",
  withdrawn: "incident.note-withdrawn",
  restored: "incident.note-restored",
} as const satisfies Record<NoteChange["kind"], AuditEvent>;

/** What a change makes of a note; null: nothing, as it came too late or is known. Pure. */
export function amend(note: Note, change: NoteChange): Partial<Note> | null {
  const { version } = change;
  const isThere = note.state === "noted" || note.state === "edited";
  switch (change.kind) {
    case "edited":
      return isThere && version > note.version && change.note !== note.note
        ? { note: change.note, state: "edited", version }
        : null;
    case "deleted":
      return isThere ? { state: "deleted", version } : null;
    case "withdrawn":
      return isThere && note.isReaction && note.actor === change.by && version > note.reactedAt
        ? { state: "withdrawn", reactedAt: version }
        : null;
    case "restored":
      return note.state === "withdrawn" && version > note.reactedAt
        ? { note: change.note, state: "noted", actor: change.by, version, reactedAt: version }
        : null;
  }
}

/** The incidents that have a message as a note. Asked at every edit of any message: by its index. */
export async function findNoted(db: Db, key: string): Promise<string[]> {
  const rows = await db
    .selectFrom("incident_entries")
    .select("incident_id")
    .where("key", "=", key)
    .where("kind", "=", "note")
    .execute();
  return rows.map((row) => row.incident_id);
}

/**
 * Writes what happened to a note's message: an amendment, its audit row, and the note in the thread as it is now.
 * @returns false when it changed nothing.
 */
export async function amendNote(
  db: Db,
  incidentId: string,
  key: string,
  {
    change,
    at,
    auditContext = {},
  }: { change: NoteChange; at: number; auditContext?: Record<string, unknown> },
): Promise<boolean> {
  return transact(db, async (trx) => {
    // One after another: of two, the later one sees what the earlier one wrote.
    await lockIncidents(trx, [incidentId]);
    const before = noteOf(await readNoteEntries(trx, incidentId, key));
    const now = before === null ? null : amend(before, change);
    if (before === null || now === null) return false;
    const after = { ...before, ...now };
    const changed = await changeIncident(trx, {
      id: incidentId,
      at,
      actor: "by" in change ? (change.by ?? BOT) : BOT,
      event: EVENTS[change.kind],
      kind: "amendment",
      key: `${key}:${change.kind}:${change.version}`,
      entry: { now },
      edits: { key, data: { ...after, kind: "note", event: EVENTS[change.kind] } },
      data: {
        source: key.slice("note:".length).replace(":", "/"),
        before: before.note,
        ...("note" in change && { after: change.note }),
        ...auditContext,
      },
    });
    return changed !== null;
  });
}

/** A message's note in an incident as it is now; null: it has none. */
export async function readNote(db: Db, incidentId: string, key: string): Promise<Note | null> {
  return noteOf(await readNoteEntries(db, incidentId, key));
}

async function readNoteEntries(
  trx: Kysely<Database> | Transaction<Database>,
  incidentId: string,
  key: string,
): Promise<IncidentEntry[]> {
  const rows = await trx
    .selectFrom("incident_entries")
    .selectAll()
    .where("incident_id", "=", incidentId)
    .where((eb) => eb.or([eb("key", "=", key), eb("key", "like", `${key}:%`)]))
    .orderBy("seq")
    .execute();
  return rows.map(entryOf);
}
