import type { StoredMessage } from "../../sandbox/slack/index.ts";
import { CHANNELS, type World } from "./harness.ts";
import type { Step, Told } from "./stories.ts";

/** A story as it stands in Slack, with names for what differs from run to run. */
export interface Story {
  /** The incident's thread, its first message first. */
  thread: string;
  /** The exported Markdown; null where nothing was exported. */
  markdown: string | null;
}

interface TellOptions {
  count?: number;
  /** After each step, before what follows from it is in Slack. */
  between?(step: Step): Promise<void>;
}

/** Goes through a story, step by step: each is over before the next one begins. */
export async function tell(
  world: World,
  steps: readonly Step[],
  { count = 1, between }: TellOptions = {},
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
  const files = slack.thread(CHANNELS.incident, told.head().ts).flatMap(({ files: all = [] }) => all);
  const file = files.find(({ name }) => name.endsWith(".md"));
  const markdown = file === undefined ? null : await (await fetch(`${slack.url}/files/${file.id}`)).text();
  const name = createNames();
  return { thread: name(threadOf(told)), markdown: markdown === null ? null : name(markdown) };
}

function threadOf({ world: { slack }, head }: Told): string {
  const { ts } = head();
  const messages = [head(), ...slack.thread(CHANNELS.incident, ts)].map((one) =>
    slack.visibleText(one).trim(),
  );
  return `${sortSnapshots(messages).join("\n\n---\n\n")}\n`;
}

/** People are read several at a time: how they stood comes in the order in which Cloudflare answers. */
function sortSnapshots([head = "", ...replies]: string[]): string[] {
  const end = replies.findIndex((text) => !text.endsWith("\nOpen summary"));
  return [head, ...replies.slice(0, end).toSorted(), ...replies.slice(end)];
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
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?( ?UTC|Z)?/g, "<time>")
      .replaceAll(
        /(?:Today |Yesterday |[A-Z][a-z]{2,8} \d+(?:st|nd|rd|th)?,? (?:\d{4} )?(?:at )?)?\d{1,2}:\d\d(:\d\d)? [AP]M/g,
        "<time>",
      )
      .replaceAll(
        /(?<!last )\b(less than |under |about )?\d+ (ms|s|sec|min|h|d|days?|hours?)\b( \d+ (s|min|h))?/g,
        "<duration>",
      )
      .replaceAll(/row \d+/g, "row <n>");
}
