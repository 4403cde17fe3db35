import { randomUUID } from "node:crypto";

import { storable } from "../../audit/append.ts";
import { UserError } from "../../errors.ts";
import { MAX_NOTE, type Incident } from "../../incidents/incident.ts";
import { noteKey, readNote } from "../../incidents/notes.ts";
import { plural } from "../../pluralize.ts";
import { authoriseIncident } from "./access.ts";
import { change, exists, type ChangeOf } from "./change.ts";

/** The message that a note is. */
export interface NoteSource {
  channel: string;
  ts: string;
  author?: string | undefined;
  link?: string;
  /** It stands in the incident's own thread. */
  isHere?: boolean;
  /** Noted by a reaction; Slack's times of it and of what it says: see incidents/notes.ts. */
  isReaction?: boolean;
  reactedAt?: number;
  version?: number;
}

/** A note as it was written. `source`: the message that it is. */
export interface NewNote {
  note: string;
  /** Slack's id of the message: the same one is noted once. */
  source?: NoteSource;
  /** Someone could change the words before they were sent: where the message's note says something else, both stay. */
  isTyped?: boolean;
}

/** Adds a note; a closed incident takes notes too. @throws UserError for an empty one, or one that is too long. */
export async function addNote(of: ChangeOf, { note, source, isTyped = false }: NewNote): Promise<Incident> {
  await authoriseIncident(of, "auditor");
  const text = storable(note.trim());
  if (text === "") throw new UserError({ what: "The note is empty.", next: "Write it after the word note." });
  if (text.length > MAX_NOTE)
    throw new UserError({
      what: `The note is too long: ${plural(text.length, "character")}.`,
      why: `At most ${plural(MAX_NOTE, "character")} fit.`,
      next: "Shorten it, or write two.",
    });
  const incident = await exists(of);
  const ownKey = `note:${randomUUID()}`;
  const key = source === undefined ? ownKey : noteKey(source);
  const written = await write(of, text, key, source);
  if (written !== null) return written;
  if (!isTyped || (await saysSo(of, key, text))) return incident;
  return (await write(of, text, ownKey, source)) ?? incident;
}

/** null: there is a note of this key. */
function write(of: ChangeOf, note: string, key: string, source?: NoteSource): Promise<Incident | null> {
  const { channel, ts, ...told } = source ?? {};
  return change(of, "incident.noted", {
    kind: "note",
    data: { note, ...(source !== undefined && { source: `${channel}/${ts}`, author: source.author }) },
    entry: { note, ...told },
    key,
  });
}

/** Whether the message's note is still there, and says just this. */
async function saysSo({ deps, id }: ChangeOf, key: string, text: string): Promise<boolean> {
  const noted = await readNote(deps.db, id, key);
  if (noted === null) return false;
  return noted.note === text && (noted.state === "noted" || noted.state === "edited");
}
