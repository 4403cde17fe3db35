import { z } from "zod";

import { storable } from "../../audit/append.ts";
import type { Deps } from "../../deps.ts";
import { MAX_NOTE } from "../../incidents/incident.ts";
import { amendNote, findNoted, noteKey, type NoteChange } from "../../incidents/notes.ts";
import type { IsFirst } from "../../slack/receiving/replay.ts";
import { cut } from "../../views/text.ts";
import { wordsOf } from "../investigate.ts";
import { noteWords } from "../mention.ts";

/** https://docs.slack.dev/reference/events/message/message_changed, and message_deleted. */
const MessageEvent = z.discriminatedUnion("subtype", [
  z.object({
    subtype: z.literal("message_changed"),
    channel: z.string(),
    event_ts: z.string(),
    message: z.looseObject({
      ts: z.string(),
      subtype: z.string().optional(),
      text: z.string().optional(),
      edited: z.object({ user: z.string() }).optional(),
    }),
    previous_message: z.looseObject({ text: z.string().optional() }).optional(),
  }),
  z.object({
    subtype: z.literal("message_deleted"),
    channel: z.string(),
    event_ts: z.string(),
    deleted_ts: z.string(),
  }),
]);

/** What became of a message, which may be a note. */
interface MessageChange {
  key: string;
  /** Its words are read only where it is one. */
  read(): NoteChange;
}

/** null for a message that is just written, and for anything else that changes no words. */
export function readMessageChange(event: unknown, botUserId: string): MessageChange | null {
  const { data } = MessageEvent.safeParse(event);
  if (data === undefined) return null;
  const { channel, event_ts } = data;
  const version = Number(event_ts);
  if (data.subtype === "message_deleted")
    return { key: noteKey({ channel, ts: data.deleted_ts }), read: () => ({ kind: "deleted", version }) };
  const { message, previous_message: before } = data;
  const key = noteKey({ channel, ts: message.ts });
  // Of a message with replies, Slack leaves a mark at the head of its thread.
  if (message.subtype === "tombstone") return { key, read: () => ({ kind: "deleted", version }) };
  // A preview of a link has come, or a reply.
  if (before !== undefined && wordsOf(before) === wordsOf(message)) return null;
  const read = (): NoteChange => {
    const words = noteWords(message.text ? message.text : wordsOf(message), botUserId);
    return {
      kind: "edited",
      note: cut(storable(words), MAX_NOTE),
      by: message.edited?.user ?? null,
      version,
    };
  };
  return { key, read };
}

/** Amends the notes that a message is; an edit of any other message costs one look into an index. */
export async function followNote(deps: Deps, { key, read }: MessageChange, isFirst: IsFirst): Promise<void> {
  const noted = await findNoted(deps.db, key);
  if (noted.length === 0 || !(await isFirst("change"))) return;
  const change = read();
  for (const id of noted)
    if (await amendNote(deps.db, id, key, { change, at: deps.now() })) deps.engine.publishThread({ id });
}
