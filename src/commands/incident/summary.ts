import { randomUUID } from "node:crypto";

import { auditContextOf } from "../../approvals/audit-context.ts";
import { appendAudit } from "../../audit/append.ts";
import type { Asker, Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { drawSummary } from "../../incidents/drawer.ts";
import { isIncidentId, type Incident } from "../../incidents/incident.ts";
import { addEntry, lockIncidents } from "../../incidents/change.ts";
import { readPeople } from "../../incidents/queries.ts";
import { readStory } from "../../incidents/summary/read.ts";
import { gapRulesOf } from "../../incidents/rules.ts";
import type { Story } from "../../incidents/summary/story.ts";
import { drawIncidentPicture, readIncidentSignIns } from "../../pictures/incident.ts";
import { transact } from "../../store/transact.ts";
import { changeThread, type NewReply } from "../../threads/thread.ts";
import type { Message } from "../../views/blocks.ts";
import type { IncidentReply } from "../../views/incident/thread.ts";
import { cut } from "../../views/text.ts";
import { suggest, unescapeSlack } from "../parse.ts";
import { authoriseIncident } from "./access.ts";

/** Who asks, and for which incident. */
export interface SummaryOf {
  deps: Deps;
  asker: Asker;
  id: string;
}

/** What follows a subcommand in any order: the incident's id and switches. @throws UserError for anything else. */
export function readSwitches<Name extends string>(
  words: readonly string[],
  names: readonly Name[],
): { id: string | null; switches: ReadonlySet<Name> } {
  const switches = new Set<Name>();
  let id: string | null = null;
  for (const word of words) {
    const flag = /^[-—–]+(?<name>\S+)$/.exec(word)?.groups?.["name"]?.toLowerCase();
    const name = names.find((one) => one === flag);
    if (name !== undefined) switches.add(name);
    else if (id === null && isIncidentId(word)) id = word.toUpperCase();
    else throw unknownSwitch(word, names);
  }
  return { id, switches };
}

function unknownSwitch(word: string, names: readonly string[]): UserError {
  const shown = unescapeSlack(word);
  const meant = suggest(shown.replace(/^[-—–]+/, "").toLowerCase(), names);
  const all = names.map((name) => `--${name}`).join(", ");
  return new UserError({
    what: `Can't read "${cut(shown, 60)}" here.`,
    next: `${meant === undefined ? "" : `Did you mean --${meant}? `}Add an incident's id${all === "" ? "" : ` or ${all}`}.`,
  });
}

/** What is posted after an incident was closed, or when someone asks: the summary, then the picture. */
export function summaryReplies(key: string, by: string | null): NewReply[] {
  return [
    { key: `summary:${key}`, data: { kind: "summary", by } satisfies IncidentReply },
    { key: `sign-ins:${key}`, data: { kind: "sign-ins" } satisfies IncidentReply },
  ];
}

/** Has the summary posted in the thread, once, whatever happens meanwhile. @throws UserError */
export async function postSummary(of: SummaryOf): Promise<Incident> {
  await authoriseIncident(of, "auditor");
  const { incident } = await storyOf(of.deps, of.id);
  await recordSummary(of, incident, (key) => summaryReplies(key, of.asker.userId));
  return incident;
}

/** Writes what is to be posted of a summary, with its entry and its row, and has it posted. */
export async function recordSummary(
  { deps, asker, id }: SummaryOf,
  { teamId }: Incident,
  replies: (key: string) => NewReply[],
): Promise<void> {
  const at = deps.now();
  const key = randomUUID();
  await transact(deps.db, async (trx) => {
    await lockIncidents(trx, [id]);
    await addEntry(trx, id, at, {
      key: `summarized:${key}`,
      kind: "event",
      actor: asker.userId,
      data: { event: "incident.summarized" },
    });
    await changeThread(trx, id, at, replies(key));
    await appendAudit(trx, {
      at,
      teamId,
      actor: asker.userId,
      event: "incident.summarized",
      data: { incident: id, ...auditContextOf(deps, asker) },
    });
  });
  deps.engine.publishThread({ id });
}

/**
 * The summary for one reader, such as someone who joins; then the picture, which takes some seconds.
 * @throws UserError
 */
export async function showSummary(
  of: SummaryOf,
  threadLink: (incident: Incident) => Promise<string | null>,
  reply: (message: Message) => Promise<void>,
): Promise<void> {
  await authoriseIncident(of, "viewer");
  const { deps, id } = of;
  const story = await storyOf(deps, id);
  const link = await threadLink(story.incident);
  await reply(await drawSummary({ slack: deps.slack.interactive }, story, { by: null, threadLink: link }));
  const people = await readPeople(deps.db, id);
  const signIns = await readIncidentSignIns(
    deps,
    people.map(({ profile }) => profile),
  );
  await reply(await drawIncidentPicture({ slack: deps.slack.background, log: deps.log }, signIns));
}

/** @throws UserError when there is no such incident. */
async function storyOf(deps: Deps, id: string): Promise<Story> {
  const rules = gapRulesOf(deps.policy.current());
  const story = await readStory(deps.db, id, { rules, at: deps.now() });
  if (story !== null) return story;
  throw noSuchIncident(id);
}

export function noSuchIncident(id: string): UserError {
  return new UserError({ what: `There is no incident ${id}.`, next: "/zt incident list shows them." });
}
