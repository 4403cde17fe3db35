import type { Delivery, StoredMessage, StoredView } from "../../sandbox/slack/index.ts";
import { CHANNELS, PEOPLE } from "../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { control } from "./attack.ts";
import type { Target } from "./targets.ts";

/** `/zt …` as somebody in #security. */
export function type({ slack }: Target, user: string, text: string): Promise<Delivery> {
  return slack.command({ user, channel: CHANNELS.security, text, command: "/zt" });
}

/** Types a command and gives back the words of its answer. @throws when none comes */
export async function answerTo(target: Target, user: string, text: string): Promise<string> {
  const { slack } = target;
  const before = slack.ephemerals(user).length;
  const delivery = await type(target, user, text);
  if (!delivery.ok) throw new Error(`/zt ${text.slice(0, 40)} was not acknowledged: ${delivery.error}`);
  const message = await slack.waitFor(
    () => slack.ephemerals(user).length > before && slack.ephemerals(user).at(-1),
    15_000,
  );
  return slack.visibleText(message);
}

/** Whether the bot still takes a command and answers it: what a control of most attacks on the door comes to. */
export async function isAlive(target: Target): Promise<boolean> {
  try {
    return (await answerTo(target, PEOPLE.alice, "help")).includes("/zt user");
  } catch {
    return false;
  }
}

/** Asks for something as Alice, and gives back the card in the approvals channel. */
export async function ask(target: Target, text: string): Promise<StoredMessage> {
  const { slack } = target;
  const before = new Set(slack.messages(CHANNELS.approvals).map(({ ts }) => ts));
  const words = await answerTo(target, PEOPLE.alice, text);
  // Other messages may come in between.
  const isCard = ({ ts, blocks }: StoredMessage): boolean =>
    !before.has(ts) && JSON.stringify(blocks).includes(CARD_ACTIONS.approve);
  return slack
    .waitFor(() => slack.messages(CHANNELS.approvals).find(isCard), 15_000)
    .catch(() => {
      throw new Error(`no card came: ${words}`);
    });
}

/** Approves a card, as Bob where nobody else is named. */
export function approve(
  { slack }: Target,
  card: StoredMessage,
  user: string = PEOPLE.bob,
): Promise<Delivery> {
  return slack.click({ user, channel: card.channel, ts: card.ts, actionId: CARD_ACTIONS.approve });
}

/** The words of a card as it is now. */
export function wordsOf({ slack }: Target, card: StoredMessage): string {
  const now = slack.messages(card.channel).find(({ ts }) => ts === card.ts);
  return now === undefined ? "" : slack.visibleText(now);
}

/** All the words in a card's thread. */
export function threadOf({ slack }: Target, card: StoredMessage): string {
  return slack
    .thread(card.channel, card.ts)
    .map((message) => slack.visibleText(message))
    .join("\n");
}

/** The id of the request that a card is about. */
export function idOf(target: Target, card: StoredMessage): string {
  const id = /ZT-[0-9A-Z]{7}/.exec(wordsOf(target, card))?.[0];
  control(id !== undefined, "the card names no request");
  return id;
}

/** The changes that Cloudflare was asked for. */
export function changesOf({ cloudflare }: Target): string[] {
  return cloudflare.requests
    .filter(({ method }) => method !== "GET")
    .map(({ method, path }) => `${method} ${path.split("/").slice(-2).join("/")}`);
}

/** Waits for a condition that nothing tells of. @returns whether it came about in time */
export async function comesAbout(
  is: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 50,
): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  while (performance.now() < until) {
    if (await is()) return true;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return is();
}

/** Everything that Slack shows anybody, as it came over the wire. */
export function shownInSlack({ slack }: Target): string {
  return JSON.stringify(slack.calls.map(({ method, args }) => ({ method, args })));
}

/** Does something that opens a form. @returns it once it is filled; null when none comes */
export async function newForm(
  { slack }: Target,
  user: string,
  act: () => Promise<Delivery>,
): Promise<StoredView | null> {
  const before = new Set(slack.views(user).map(({ id }) => id));
  await act();
  const find = (): StoredView | undefined => {
    const view = slack.views(user).at(-1);
    return view === undefined || before.has(view.id) || slack.visibleText(view).includes("⏳")
      ? undefined
      : view;
  };
  return (await comesAbout(() => find() !== undefined, 10_000)) ? (find() ?? null) : null;
}

/** Everything that is in the database, as text. */
export async function dump(target: Target): Promise<string> {
  return target.database(async (db) => {
    const tables = await db.introspection.getTables();
    const rows = await Promise.all(
      tables.map(({ name }) =>
        db
          .selectFrom(name as "audit")
          .selectAll()
          .execute(),
      ),
    );
    return JSON.stringify(rows);
  });
}
