import type { Asker, Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { drawHead } from "../../incidents/drawer.ts";
import { isIncidentId, readSeverity, type Incident } from "../../incidents/incident.ts";
import { findClosedIncidents, findOpenIncidents, readIncident } from "../../incidents/queries.ts";
import { findIncidentHere } from "../../incidents/find.ts";
import { parseWho, type Who } from "../../lookup/who.ts";
import type { Message } from "../../views/blocks.ts";
import { changedAnswer, closedText, incidentList, nameOf } from "../../views/incident/answers.ts";
import { confirmClose } from "../../views/incident/head.ts";
import { list } from "../../pluralize.ts";
import { cut, escape, mention } from "../../views/text.ts";
import type { CommandContext, ScreenParams } from "../define.ts";
import { suggest, unescapeSlack } from "../parse.ts";
import type { AnyCommand } from "../registry.ts";
import { authoriseIncident, replyAbout } from "./access.ts";
import { toldWhere } from "./told.ts";
import { assign, factsOf, reopen, setSeverity } from "./change.ts";
import { add, remove } from "./people.ts";
import { close } from "./close.ts";
import { postCanvas } from "./canvas.ts";
import { elsewhereLines } from "./elsewhere.ts";
import { attachExport } from "./export.ts";
import { addNote } from "./note.ts";
import { noSeverity, openCommand } from "./open-command.ts";
import { postSummary, readSwitches, showSummary } from "./summary.ts";

const USAGE = "/zt incident open|list|show|summary|export|assign|severity|add|remove|note|close|reopen";

type Run = (context: CommandContext, id: string | null, words: readonly string[]) => Promise<Message | void>;

/** What may follow `/zt incident`; each authorises for itself. */
const RUNS: Record<string, Run> = {
  open: (context, _id, words) => openCommand.parseAndRun(context, words),
  list: (context) => showList(context),
  show: async (context, id) => withIncident(context, id, "show", (chosen) => showIncident(context, chosen)),
  assign: (context, id, [word = "me"]) =>
    withIncident(context, id, "assign", async (chosen) => {
      const who = word.toLowerCase() === "me" ? context.asker.userId : mentioned(word);
      const incident = await assign(of(context, chosen), who);
      return answer(context, incident, `${nameOf(incident)} is assigned to ${mention(who)}`);
    }),
  severity: (context, id, [word = ""]) =>
    withIncident(context, id, "severity", async (chosen) => {
      const severity = readSeverity(word);
      if (severity === null) throw noSeverity(word);
      const incident = await setSeverity(of(context, chosen), severity);
      return answer(context, incident, `${nameOf(incident)} is now severity ${severity}`);
    }),
  add: (context, id, words) =>
    withIncident(context, id, "add", async (chosen) => {
      const { incident, named, elsewhere } = await add(of(context, chosen), readWhos(words));
      const also = await elsewhereLines(context.deps, elsewhere);
      return answer(context, incident, `Added ${people(named)} to ${nameOf(incident)}`, also);
    }),
  remove: (context, id, words) =>
    withIncident(context, id, "remove", async (chosen) => {
      const { incident, named } = await remove(of(context, chosen), readWhos(words));
      return answer(context, incident, `Removed ${people(named)} from ${nameOf(incident)}`);
    }),
  note: (context, id, words) =>
    withIncident(context, id, "note", async (chosen) => {
      const incident = await addNote(of(context, chosen), { note: unescapeSlack(words.join(" ")) });
      return answer(context, incident, `📌 Noted in ${nameOf(incident)}`);
    }),
  summary(context, named, words) {
    const { id, switches } = readSwitches(words, ["private", "canvas"]);
    return withIncident(context, named ?? id, "summary", async (chosen) => {
      const which = of(context, chosen);
      if (switches.size > 1) throw new UserError({ what: "Choose --private or --canvas, not both." });
      if (switches.has("canvas")) {
        const { incident, refusal } = await postCanvas(which);
        const said =
          refusal === null
            ? `Wrote the summary of ${chosen} as a canvas`
            : `${refusal}\nPosted the summary of ${chosen}`;
        return answer(context, incident, said);
      }
      if (!switches.has("private"))
        return answer(context, await postSummary(which), `Posted the summary of ${chosen}`);
      await showSummary(
        which,
        async (one) => (await toldWhere(context.deps, one)).link,
        context.replyPrivately ?? context.reply,
      );
    });
  },
  export: (context, named, words) =>
    withIncident(context, named ?? readSwitches(words, []).id, "export", async (chosen) =>
      answer(context, await attachExport(of(context, chosen)), `Exported ${chosen} to its thread`),
    ),
  close: (context, id) =>
    withIncident(context, id, "close", async (chosen) => {
      const closing = await close(of(context, chosen), null);
      const { incident, left, requests } = closing;
      return left === null
        ? answer(context, incident, closedText(closing))
        : confirmClose(incident.id, left, requests);
    }),
  reopen: (context, id) =>
    withIncident(context, id, "reopen", async (chosen) => {
      const incident = await reopen(of(context, chosen));
      return answer(context, incident, `🔴 Reopened ${nameOf(incident)}`);
    }),
};

export const incident: AnyCommand = {
  name: "incident",
  aliases: ["incidents", "inc"],
  group: "Respond",
  summary: "work on several people and requests in one thread",
  details:
    'open <who>… ["title"], list, show, summary [--private|--canvas], export, assign @x, severity 1-4, add or remove <who>, note <text>, close, reopen. In the incident\'s channel or thread the id can be left out.',
  examples: [
    'incident open mallory@example.com "Phishing wave"',
    "incident list",
    "incident note INC-7K3M2 called her",
  ],
  role: "viewer",
  changes: true,
  calls: ["list users", "get user", "list active sessions", "list registrations", "get risk score"],
  args: {
    what: {
      kind: "word",
      required: false,
      summary: "open, list, show, summary, export, assign, severity, add, remove, note, close or reopen",
    },
    more: { kind: "words", summary: "the incident's id, and what belongs to it" },
  },
  screen: (deps, params, asker) => screen({ deps, asker }, params),
  async parseAndRun(context, [word = "list", ...words]) {
    const isShow = isIncidentId(word);
    const name = isShow ? "show" : word.toLowerCase();
    const run = Object.hasOwn(RUNS, name) ? RUNS[name] : undefined;
    if (run === undefined) throw unknownWord(word);
    await authoriseIncident(context, "viewer");
    const rest = isShow ? [word, ...words] : words;
    const [first = "", ...others] = rest;
    const message = isIncidentId(first)
      ? await run(context, first.toUpperCase(), others)
      : await run(context, null, rest);
    if (message !== undefined) await (await replyAbout(context, null))(message);
  },
};

/** The thread names them all. */
function people(named: readonly string[]): string {
  return named.length > 3 ? `${named.length} people` : list(named.map((one) => escape(one)));
}

function unknownWord(word: string): UserError {
  const shown = unescapeSlack(word);
  const meant = suggest(shown.toLowerCase(), Object.keys(RUNS));
  return new UserError({
    what: `An incident has no "${cut(shown, 60)}".`,
    next: `${meant === undefined ? "" : `Did you mean ${meant}? `}Use ${USAGE}`,
  });
}

function readWhos(words: readonly string[]): Who[] {
  return words
    .flatMap((word) => word.split(/[,;]+/))
    .filter((word) => word !== "")
    .map((word) => {
      const who = parseWho(word);
      if (who !== null) return who;
      throw new UserError({
        what: `Can't read "${cut(unescapeSlack(word), 100)}" as a person.`,
        next: "Use an email address, a @mention or an Access user's id.",
      });
    });
}

function mentioned(word: string): string {
  const who = parseWho(word);
  if (who?.kind === "mention") return who.userId;
  throw new UserError({
    what: `Can't read "${cut(unescapeSlack(word), 100)}" as an owner.`,
    next: "Use a @mention, or me: /zt incident assign @alice",
  });
}

/** Runs for the incident that is named, or the one whose thread or channel this is; else there is a choice. */
async function withIncident(
  context: CommandContext,
  named: string | null,
  what: string,
  run: (id: string) => Promise<Message | void>,
): Promise<Message | void> {
  const { deps, channelId, threadTs } = context;
  const id = named ?? (await findIncidentHere(deps.db, channelId, threadTs));
  if (id !== null) {
    const message = await run(id);
    const channel = (await readIncident(deps.db, id))?.channel ?? null;
    if (message !== undefined) await (await replyAbout(context, channel))(message);
    return;
  }
  const all = await findOpenIncidents(deps.db);
  if (all.length === 0)
    throw new UserError({ what: "No incident is open.", next: "/zt incident open opens one." });
  return incidentList(
    all,
    [],
    `Which incident? Add its id, such as /zt incident ${what} ${all[0]?.id ?? ""}`,
  );
}

function of({ deps, asker }: CommandContext, id: string) {
  return { deps, asker, id };
}

async function answer(
  { deps }: CommandContext,
  incident: Incident,
  said: string,
  also: readonly string[] = [],
): Promise<Message> {
  return changedAnswer(incident, said, await toldWhere(deps, incident), also);
}

const CLOSED_SHOWN = 5;

async function showList({ deps }: Pick<CommandContext, "deps">): Promise<Message> {
  const [opened, closed] = await Promise.all([
    findOpenIncidents(deps.db),
    findClosedIncidents(deps.db, CLOSED_SHOWN),
  ]);
  return incidentList(opened, closed);
}

/** An incident as it stands, for one reader. @throws UserError when there is none of this id. */
async function showIncident({ deps }: Pick<CommandContext, "deps">, id: string): Promise<Message> {
  const facts = await factsOf(deps, id);
  const { link } = await toldWhere(deps, facts.incident);
  return drawHead({ slack: deps.slack.interactive, now: deps.now }, facts, { threadLink: link });
}

async function screen(
  context: { deps: Deps; asker: Asker },
  { incident: id }: ScreenParams,
): Promise<Message> {
  await authoriseIncident(context, "viewer");
  const known = id === undefined || (await readIncident(context.deps.db, id)) === null;
  return known ? showList(context) : showIncident(context, id);
}
