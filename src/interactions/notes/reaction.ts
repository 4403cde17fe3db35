import { auditContextOf } from "../../approvals/audit-context.ts";
import { authoriseIncident } from "../../commands/incident/access.ts";
import { storable } from "../../audit/append.ts";
import { addNote } from "../../commands/incident/note.ts";
import type { Asker, Deps } from "../../deps.ts";
import { explainError } from "../../error-boundary.ts";
import { findIncidentHere, findIncidentOfThread, hasIncidents } from "../../incidents/find.ts";
import { MAX_NOTE } from "../../incidents/incident.ts";
import { amend, amendNote, findNoted, noteKey, readNote } from "../../incidents/notes.ts";
import { permalink, readMessage, type MessagePlace, type ReadMessage } from "../../slack/messages.ts";
import type { IsFirst } from "../../slack/receiving/replay.ts";
import { cut } from "../../views/text.ts";
import { wordsOf } from "../investigate.ts";
import { noteWords } from "../mention.ts";

/** 📌 */
const PUSHPIN = "pushpin";

/** A reaction to a message, added or removed. */
export interface Reaction {
  asker: Asker;
  name: string;
  place: MessagePlace;
  /** Slack's time of it. */
  version: number;
  botUserId: string;
  isFirst: IsFirst;
}

/** 📌 on a message of an incident's thread, or of the channel of the only open one, notes it. */
export async function noteByReaction(deps: Deps, reaction: Reaction): Promise<void> {
  const { asker, name, place, isFirst } = reaction;
  // A 📌 elsewhere is none of ours, and costs Slack no call.
  if (name !== PUSHPIN || !(await hasIncidents(deps.db, place.channel))) return;
  await told(deps, reaction, async (say) => {
    if (!(await isFirst("change"))) return;
    const message = await readMessage(deps.slack.interactive, place);
    if (message === null || message.user === reaction.botUserId || !isOn(message, asker.userId)) return;
    say(message.threadTs);
    const id = await findIncidentHere(deps.db, place.channel, message.threadTs ?? place.ts);
    // Another thread, or a channel in which nothing is open: people pin what they like.
    if (id === null) return;
    await note(deps, reaction, message, id);
  });
}

/** An event may come late: what counts is whether the reaction is there now. */
function isOn({ reactions }: ReadMessage, userId: string): boolean {
  const pins = reactions.find(({ name }) => name === PUSHPIN);
  return pins !== undefined && (pins.users.includes(userId) || pins.count > pins.users.length);
}

async function note(deps: Deps, reaction: Reaction, message: ReadMessage, id: string): Promise<void> {
  const { asker, place, version, botUserId } = reaction;
  await authoriseIncident({ deps, asker }, "auditor");
  const { text } = message.raw;
  const words = noteWords(typeof text === "string" && text !== "" ? text : wordsOf(message.raw), botUserId);
  const key = noteKey(place);
  const change = {
    kind: "restored",
    note: cut(storable(words), MAX_NOTE),
    by: asker.userId,
    version,
  } as const;
  const auditContext = auditContextOf(deps, asker);
  if (await amendNote(deps.db, id, key, { change, at: deps.now(), auditContext })) {
    deps.engine.publishThread({ id });
    return;
  }
  const isHere = (await findIncidentOfThread(deps.db, place.channel, message.threadTs ?? place.ts)) === id;
  const link = await permalink(deps.slack.interactive, place);
  await addNote(
    { deps, asker, id },
    {
      note: words,
      source: {
        ...place,
        ...(isHere ? { isHere } : { ...(message.user !== null && { author: message.user }) }),
        ...(link !== null && { link }),
        isReaction: true,
        reactedAt: version,
        version: Math.max(version, message.editedAt),
      },
    },
  );
}

/** Who noted a message by 📌 takes that back with it. */
export async function withdrawByReaction(deps: Deps, reaction: Reaction): Promise<void> {
  const { asker, name, place, version, isFirst } = reaction;
  if (name !== PUSHPIN) return;
  const key = noteKey(place);
  const noted = await findNoted(deps.db, key);
  if (noted.length === 0) return;
  await told(deps, reaction, async () => {
    if (!(await isFirst("change"))) return;
    const change = { kind: "withdrawn", by: asker.userId, version } as const;
    for (const id of noted) {
      const before = await readNote(deps.db, id, key);
      // Another way to note it, or another person: their note stays.
      if (before === null || amend(before, change) === null) continue;
      await authoriseIncident({ deps, asker }, "auditor");
      const auditContext = auditContextOf(deps, asker);
      if (await amendNote(deps.db, id, key, { change, at: deps.now(), auditContext }))
        deps.engine.publishThread({ id });
    }
  });
}

/** What goes wrong is told to who reacted, where they look: `say` names the thread. */
async function told(
  deps: Deps,
  { asker, place }: Reaction,
  run: (say: (threadTs: string | null) => void) => Promise<void>,
): Promise<void> {
  let thread: string | null = null;
  try {
    await run((threadTs) => {
      thread = threadTs;
    });
  } catch (error) {
    const event = { user: asker.userId, channel: place.channel };
    await explainError(deps, error, { event: { ...event, ...(thread !== null && { thread_ts: thread }) } });
  }
}
