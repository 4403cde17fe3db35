import type { StoredMessage } from "../../sandbox/slack/index.ts";
import { CHANNELS, PEOPLE, type World } from "./harness.ts";
import type { Step, Told } from "./stories.ts";

/** A story as it stands in Slack, with names for what differs from run to run. */
export interface Story {
  /** The incident's thread, its first message first. */
  thread: string;
  /** Every card with its thread, and what each person got directly. */
  requests: string;
  /** What was exported. */
  markdown: string;
  json: string;
  /** The files themselves. */
  files: { markdown: string; json: string };
}

interface TellOptions {
  count?: number;
  /** Before each step. */
  before?(step: Step): void;
  /** After each step, before what follows from it is in Slack. */
  between?(step: Step): Promise<void>;
}

/** Goes through a story, step by step: each is over before the next one begins. */
export async function tell(
  world: World,
  steps: readonly Step[],
  { count = 1, before, between }: TellOptions = {},
): Promise<Story> {
  const { slack } = world;
  const last = (channel: string, what: string): StoredMessage => {
    const message = slack.messages(channel).at(-1);
    if (message === undefined) throw new Error(`there is no ${what} yet`);
    return message;
  };
  const told: Told = {
    world,
    count,
    head: () => last(CHANNELS.incident, "incident"),
    card: () => last(CHANNELS.approvals, "card"),
  };
  for (const step of steps) {
    before?.(step);
    await step.begin(told);
    await between?.(step);
    await slack
      .waitFor(() => {
        try {
          return step.isOver(told);
        } catch {
          // There is no message yet.
          return false;
        }
      }, 90_000)
      .catch((error: unknown) => {
        throw new Error(`“${step.name}” is not over:\n${threadOf(told)}`, { cause: error });
      });
  }
  const files = {
    markdown: await readFile(told, ".md"),
    json: await readFile(told, ".json"),
  };
  const name = createNames();
  return {
    thread: name(threadOf(told)),
    requests: name(requestsOf(world)),
    markdown: name(files.markdown),
    json: name(readableJson(files.json)),
    files,
  };
}

/** What a file holds that was attached to the thread. */
async function readFile({ world: { slack }, head }: Told, ending: string): Promise<string> {
  const { ts } = head();
  const files = slack.thread(CHANNELS.incident, ts).flatMap(({ files: all = [] }) => all);
  const file = files.find(({ name }) => name.endsWith(ending));
  if (file === undefined) throw new Error(`no file was attached that ends in ${ending}`);
  return await (await fetch(`${slack.url}/files/${file.id}`)).text();
}

function threadOf({ world: { slack }, head }: Told): string {
  const { ts } = head();
  const messages = [head(), ...slack.thread(CHANNELS.incident, ts)].map((one) =>
    slack.visibleText(one).trim(),
  );
  return `${sortSnapshots(messages).join("\n\n---\n\n")}\n`;
}

/** Cards with their threads, then direct messages by person. */
function requestsOf({ slack }: World): string {
  const cards = slack
    .messages(CHANNELS.approvals)
    .flatMap((card) => [card, ...slack.thread(CHANNELS.approvals, card.ts)]);
  const told = [
    ...cards.map((one) => slack.visibleText(one).trim()),
    ...Object.entries(PEOPLE).flatMap(([name, id]) =>
      allIn(slack, slack.dm(id)).map((one) => `(to ${name} alone)\n${slack.visibleText(one).trim()}`),
    ),
  ];
  return `${told.join("\n\n---\n\n")}\n`;
}

function allIn(slack: World["slack"], channel: string): StoredMessage[] {
  return slack.messages(channel).flatMap((one) => [one, ...slack.thread(channel, one.ts)]);
}

/** Messages of zt-bot's that stand twice in a channel, thread or direct message: of the same id, or with the same words. */
export function findDoubles({ slack }: World): string[] {
  const places = [...Object.values(CHANNELS), ...Object.values(PEOPLE).map((id) => slack.dm(id))];
  const posted = places
    .flatMap((channel) => allIn(slack, channel))
    .filter(({ botId }) => botId !== undefined);
  const marks = posted.flatMap((one) => {
    const where = `${one.channel} ${one.threadTs ?? ""}`;
    const id = one.metadata === undefined ? [] : [`${where} ${JSON.stringify(one.metadata)}`];
    return [...id, `${where} ${slack.visibleText(one)}`];
  });
  return marks.filter((mark, index) => marks.indexOf(mark) !== index);
}

/** People are read several at a time: how they stood comes in the order in which Cloudflare answers. */
function sortSnapshots([head = "", ...replies]: string[]): string[] {
  const end = replies.findIndex((text) => !text.endsWith("\nOpen summary"));
  return [head, ...replies.slice(0, end).toSorted(), ...replies.slice(end)];
}

/**
 * The record's rows as they read in any run: without their place in the chain, which `verify-export` checks. Several
 * people are worked on at a time, so their rows are sorted by person.
 */
function readableJson(json: string): string {
  const lines = json
    .replaceAll(/"(seq|up_to)": ?\d+/g, '"$1": <n>')
    .replaceAll(/("(?:prev_)?hash": ?)"[0-9a-f]{64}"/g, '$1"<hash>"')
    .replaceAll(/(?:\s*\{\s*"seq": <n>,\s*"hash": "<hash>"\s*\},?)+/g, "<each row>")
    .replaceAll(/,$/gm, "")
    .split("\n");
  const personOf = (line: string) => /"event":"(?:call|target)\..*"target":"([^"]+)"/.exec(line)?.[1] ?? null;
  const sorted: string[] = [];
  for (let at = 0; at < lines.length;) {
    const next = lines.findIndex((line, index) => index >= at && personOf(line) === null);
    const [to, line = ""] = [next === -1 ? lines.length : next, lines[next]];
    const people = lines.slice(at, to);
    sorted.push(...people.toSorted((a, b) => compareText(personOf(a) ?? "", personOf(b) ?? "")), line);
    at = to + 1;
  }
  return sorted.join("\n").replaceAll(BACK_THEN_SEEN, "$2\n$1");
}

/** A watch and its incident notice independently that someone is back: whichever comes first, the watch is told first here. */
const BACK_THEN_SEEN = /^(.*"event":"incident\.back".*)\n(.*"event":"watch\.seen".*)$/gm;

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Names for what is another one in each run: the same thing has the same name everywhere. */
function createNames(): (text: string) => string {
  const named = new Map<string, string>();
  const number = (kind: string) => (found: string) => {
    const known = named.get(found);
    if (known !== undefined) return known;
    const name = `${kind}-${[...named.values()].filter((one) => one.startsWith(`${kind}-`)).length + 1}`;
    named.set(found, name);
    return name;
  };
  return (text) =>
    text
      .replaceAll(/INC-[0-9A-Z]{5}\b/g, number("INC"))
      .replaceAll(/ZT-[0-9A-Z]{7}\b/g, number("ZT"))
      .replaceAll(/https?:\/\/\S+?(?=[|>)\s])/g, "<link>")
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, number("id"))
      .replaceAll(/\b[0-9a-f]{64}\b/g, number("hash"))
      .replaceAll(/(?<=row \d+:)[0-9a-f]{16}/g, number("hash"))
      .replaceAll(/\b[0-9a-f]{16}(-[A-Z]{3})?\b/g, "<ray>")
      .replaceAll(/\b\d\d-\d\d \d\d:\d\d UTC/g, "<time>")
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?( ?UTC|Z)?/g, "<time>")
      .replaceAll(
        /(?:Today |Yesterday |[A-Z][a-z]{2,8} \d+(?:st|nd|rd|th)?,? (?:\d{4} )?(?:at )?)?\d{1,2}:\d\d(:\d\d)? [AP]M/g,
        "<time>",
      )
      .replaceAll(
        /(?<!last )\b(less than |under |about )?\d+ (ms|s|sec|min|h|d|days?|hours?)\b( \d+ (s|min|h))?/g,
        "<duration>",
      )
      .replaceAll(/row \d+/g, "row <n>")
      .replaceAll(/\b1\d{9}\.\d{6}\b/g, "<ts>")
      .replaceAll(/\b1\d{12}\b/g, "<ms>")
      .replaceAll(/(?<="to(?:FirstContainment|Containment|Close)": )\d+/g, "<duration>");
}
