import type { AccessUser } from "../../api/cloudflare.ts";
import { parseSince } from "../../audit/since.ts";
import type { Asker, Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { isIncidentId, type Incident } from "../../incidents/incident.ts";
import { findIncidentHere } from "../../incidents/find.ts";
import { readIncident, readPeople } from "../../incidents/queries.ts";
import { readNoteRows, readRequestRows, type Story } from "../../incidents/story.ts";
import { findMany } from "../../lookup/many.ts";
import {
  foldBursts,
  mergeRows,
  pageAt,
  type Missing,
  type TimelineRow,
  type Window,
} from "../../lookup/timeline/merge.ts";
import { readKeptRows } from "../../lookup/timeline/kept.ts";
import type { Subject } from "../../lookup/timeline/read.ts";
import { onlyFirst } from "../../lookup/who-list.ts";
import { findUser, getUser, type Who } from "../../lookup/who.ts";
import { list } from "../../pluralize.ts";
import { readRequest } from "../../requests/repository.ts";
import { permalink } from "../../slack/messages.ts";
import type { Message } from "../../views/blocks.ts";
import { pageOf } from "../../views/list.ts";
import { TIMELINE_PAGE, timelineMessage } from "../../views/look-ups/timeline.ts";
import { cut, escape, named } from "../../views/text.ts";
import { type CommandContext, defineCommand, type ScreenParams } from "../define.ts";
import { authoriseIncident, mayReadIncidents, replyAbout } from "../incident/access.ts";
import { seal, type AnyCommand } from "../registry.ts";

const DAY_MS = 24 * 60 * 60_000;
/** How far back may be asked. */
const MAX_DAYS = 30;
/** Their ids travel in the buttons. More people make an incident. */
const MAX_WHOS = 10;
/** Far past what anybody turns to. */
const MAX_PAGE = 10_000;

/** What is shown: whose, from when to when, and which page of it. */
interface Asked {
  since: number | null;
  until: number | null;
  page: number;
  /** The page that holds this moment, instead of a number. */
  at: number | null;
  isFolded: boolean;
}

const FIRST: Asked = { since: null, until: null, page: 1, at: null, isFolded: true };

interface Reader {
  deps: Deps;
  asker: Asker;
}

const ofPeople = defineCommand({
  name: "timeline",
  group: "Look up",
  summary: "everything that happened to someone, or in an incident",
  details: `Sign-ins, denials, risk events, requests, approvals and notes in one list, newest first. 24 hours without a range, ${MAX_DAYS}d at most; of an incident, from a day before it was opened. In an incident's thread, nothing else needs to be typed.`,
  examples: ["timeline mallory@example.com", "timeline mallory@example.com 7d", "timeline INC-7K3M2"],
  role: "viewer",
  calls: [
    "list users",
    "get user",
    "list access requests",
    "list failed logins",
    "get risk score",
    "get risk summary",
  ],
  args: {
    who: { kind: "whos", summary: "email addresses, a name, Access users' ids or @mentions" },
    range: { kind: "text", takes: "7d", summary: "how far back, such as 12h or 7d, or a date" },
  },
  async run(context, { who, range }) {
    const { deps, channelId, threadTs } = context;
    const since = readRange(range, deps.now());
    if (who.length > 0) {
      // Notes stand in it, also on its other pages.
      const reply = await replyAbout(context, null);
      return reply(await showPeople(context, await findPeople(deps, who), { ...FIRST, since }));
    }
    const here = await findIncidentHere(deps.db, channelId, threadTs);
    if (here === null) {
      throw new UserError({
        what: "No one was named.",
        next: "Add an email address or an incident: /zt timeline mallory@example.com, or /zt timeline INC-7K3M2",
      });
    }
    return replyWithIncident(context, here, since);
  },
  screen: (deps, params, asker) => show({ deps, asker }, params),
});

const sealed = seal(ofPeople);

/** An incident's id may stand in place of people, and the range behind either. */
export const timeline: AnyCommand = {
  ...sealed,
  args: {
    "incident|who": { kind: "words", summary: "an incident's id, or email addresses, a name or @mentions" },
    range: { kind: "word", required: false, summary: "how far back, such as 12h or 7d, or a date" },
  },
  async parseAndRun(context, words) {
    const { deps } = context;
    const last = words.at(-1) ?? "";
    const hasRange = words.at(-2)?.startsWith("-") !== true && parseSince(last, deps.now()) !== null;
    const whom = hasRange ? words.slice(0, -1) : words;
    const [only = ""] = whom;
    if (!isIncidentId(only))
      return sealed.parseAndRun(context, hasRange ? [...whom, `--range=${last}`] : whom);
    if (whom.length > 1) throw noRange(whom[1] ?? "");
    const since = hasRange ? readRange(last, deps.now()) : null;
    await replyWithIncident(context, only.toUpperCase(), since);
  },
};

async function replyWithIncident(context: CommandContext, id: string, since: number | null): Promise<void> {
  const message = await showIncident(context, id, { ...FIRST, since });
  const channel = (await readIncident(context.deps.db, id))?.channel ?? null;
  await (
    await replyAbout(context, channel)
  )(message);
}

/** @throws UserError for what can't be read as a range, or goes back too far. */
function readRange(typed: string | undefined, now: number): number | null {
  if (typed === undefined) return null;
  const since = parseSince(typed, now);
  if (since === null || since > now) throw noRange(typed);
  if (now - since <= MAX_DAYS * DAY_MS) return since;
  throw new UserError({ what: `A timeline goes back ${MAX_DAYS} days at most.`, next: `Try ${MAX_DAYS}d.` });
}

function noRange(typed: string): UserError {
  return new UserError({
    what: `Can't read "${cut(typed, 60)}" as a range.`,
    next: "Try 12h, 7d or 2026-03-01.",
  });
}

/** @throws UserError where someone is unknown, or they are too many. */
async function findPeople(deps: Deps, named: readonly Who[]): Promise<AccessUser[]> {
  const whos = onlyFirst(named);
  const [only] = whos;
  // One alone may be misspelt: the error offers who was meant.
  if (only !== undefined && whos.length === 1) return [await findUser(deps.cloudflare, deps.directory, only)];
  if (whos.length > MAX_WHOS) {
    throw new UserError({
      what: `A timeline shows ${MAX_WHOS} people at most.`,
      next: "Open an incident about them: /zt incident open",
    });
  }
  const { users, unknown, ambiguous } = await findMany(deps.cloudflare, deps.directory, whos);
  const missing = [...unknown, ...ambiguous.map(({ email }) => email)];
  if (missing.length === 0) return users;
  throw new UserError({
    what: `Not everyone was found: ${list(missing.map((one) => cut(one, 100)))}.`,
    next: "Check the spelling or use their Access ids. /zt users searches by name.",
  });
}

/** What a button leads to. @throws UserError when there is no such incident or user. */
async function show(reader: Reader, params: ScreenParams): Promise<Message> {
  const { deps } = reader;
  const { incident, user = "", range, fold } = params;
  const time = (name: string) => (/^\d{1,15}$/.test(params[name] ?? "") ? Number(params[name]) : null);
  const asked: Asked = {
    since: time("since") ?? readRange(range, deps.now()),
    until: time("until"),
    page: Math.min(Math.max(1, time("page") ?? 1), MAX_PAGE),
    at: time("at"),
    isFolded: fold !== "0",
  };
  if (incident !== undefined) return showIncident(reader, incident, asked);
  const ids = user.split(",").slice(0, MAX_WHOS);
  return showPeople(reader, await Promise.all(ids.map((id) => getUser(deps.cloudflare, id))), asked);
}

async function showPeople(reader: Reader, users: readonly AccessUser[], asked: Asked): Promise<Message> {
  const now = reader.deps.now();
  const subjects = users.map((user) => ({ user, called: named(user.name, user.email || user.id) }));
  const window = { since: asked.since ?? now - DAY_MS, until: asked.until ?? now };
  return draw(reader, asked, {
    of: list(subjects.map(({ called }) => escape(called, 100))),
    params: { user: users.map(({ id }) => id).join(",") },
    subjects,
    window,
    notesOf: (await mayReadIncidents(reader)) ? { people: users } : null,
  });
}

async function showIncident(reader: Reader, id: string, asked: Asked): Promise<Message> {
  await authoriseIncident(reader, "viewer");
  const { db } = reader.deps;
  const [incident, people] = await Promise.all([readIncident(db, id), readPeople(db, id)]);
  if (incident === null)
    throw new UserError({
      what: `There is no incident ${cut(id, 20)}.`,
      next: "/zt incident list shows them.",
    });
  const subjects = people.map(({ target }) => ({
    user: target,
    called: named(target.name, target.email || target.id),
  }));
  return draw(reader, asked, {
    of: incident.title === "" ? id : `${id} (${escape(incident.title, 120)})`,
    params: { incident: id },
    subjects,
    window: windowOf(incident, asked, reader.deps.now()),
    notesOf: { incidentId: id },
  });
}

/** From a day before it was opened to a day after it was closed. */
function windowOf({ openedAt, closed }: Incident, { since, until }: Asked, now: number): Window {
  const end = closed === null ? now : Math.min(now, closed.at + DAY_MS);
  return { since: since ?? openedAt - DAY_MS, until: until ?? (since === null ? end : now) };
}

interface Shown {
  of: string;
  params: Record<string, string>;
  subjects: readonly Subject[];
  window: Window;
  /** null: this reader may not read them. */
  notesOf: Parameters<typeof readNoteRows>[1] | null;
}

async function draw({ deps }: Reader, asked: Asked, shown: Shown): Promise<Message> {
  const { db, cloudflare } = deps;
  const { subjects, window, notesOf } = shown;
  const now = deps.now();
  const people = subjects.map(({ user }) => user);
  const [seen, requests, notes] = await Promise.all([
    readKeptRows(cloudflare, subjects, window, now),
    fromRecord(deps, "requests", readRequestRows(db, people, window)),
    notesOf === null
      ? { rows: [], missing: [{ what: "notes", who: null, is: { kind: "hidden" } } satisfies Missing] }
      : fromRecord(deps, "notes", readNoteRows(db, notesOf, window)),
  ]);
  const all = mergeRows([seen.rows, requests.rows, notes.rows], window);
  const folded = foldBursts(all);
  const rows = asked.isFolded ? folded : all;
  const wanted = asked.at === null ? asked.page : pageAt(rows, asked.at, TIMELINE_PAGE);
  const page = pageOf(rows, wanted, TIMELINE_PAGE);
  const links = await linksOf(deps, page.items);
  return timelineMessage({
    ...shown,
    page,
    missing: [...seen.missing, ...requests.missing, ...notes.missing],
    isFolded: folded.length === all.length ? null : asked.isFolded,
    linkOf: (id) => links.get(id) ?? null,
    now: seen.at,
  });
}

/** What the database tells; where it can't be read, that is unknown. */
async function fromRecord(
  { log }: Deps,
  what: Missing["what"],
  reading: Promise<Story>,
): Promise<{ rows: TimelineRow[]; missing: Missing[] }> {
  try {
    const { rows, before } = await reading;
    const is = before === null ? null : ({ kind: "before", before, why: "too-many" } as const);
    return { rows, missing: is === null ? [] : [{ what, who: null, is }] };
  } catch (error) {
    log.warn({ err: error, what }, "can't read rows of a timeline");
    return {
      rows: [],
      missing: [{ what, who: null, is: { kind: "unknown", why: "zt-bot's database did not answer" } }],
    };
  }
}

/** Links to the cards of a page's requests. */
async function linksOf(
  { db, slack }: Deps,
  rows: readonly TimelineRow[],
): Promise<ReadonlyMap<string, string | null>> {
  const ids = [...new Set(rows.flatMap((row) => (row.kind === "request" ? [row.requestId] : [])))];
  const links = await Promise.all(
    ids.map(async (id) => {
      const card = (await readRequest(db, id))?.card;
      if (card == null || card.ts === null) return [id, null] as const;
      return [id, await permalink(slack.interactive, { channel: card.channel, ts: card.ts })] as const;
    }),
  );
  return new Map(links);
}
