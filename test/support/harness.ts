import { onTestFinished } from "vitest";

import type { CloudflareEmulator } from "../../sandbox/cloudflare/index.ts";
import type { Delivery, Slack, StoredMessage } from "../../sandbox/slack/index.ts";
import { CHANNELS, PEOPLE } from "../../sandbox/workspace.ts";
import { openWorld, type Mode, type World, type WorldOptions } from "../../sandbox/world.ts";
import { createApp, type ZtBot } from "../../src/app.ts";
import { readConfig, type Config } from "../../src/config.ts";
import { createLogger } from "../../src/log/log.ts";
import { openPolicy, type PolicySource } from "../../src/policy-file.ts";
import { putTables } from "./tables.ts";

export { CHANNELS, PEOPLE };

export const MODES = ["socket", "http"] as const;
export type { Mode, World, WorldOptions };

/** Both emulators and a folder, without a bot: for tests that start it as a process of its own. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options);
  onTestFinished(world.close);
  return world;
}

export interface Bot {
  bot: ZtBot;
  config: Config;
  policy: PolicySource;
  /** Everything it logged so far. */
  logs(): string;
}

export interface BotOptions {
  verifyDelaysMs?: readonly number[];
  /** How often the bot looks for what fell between; 30 s by default. */
  sweepMs?: number;
  /** How often those who are watched are looked at; 30 s by default. */
  watchMs?: number;
  /** The bot's clock; the real one by default. */
  now?: () => number;
  /** How long the bot waits for an answer of Cloudflare; 10 s by default. */
  cloudflareTimeoutMs?: number;
}

/** The real bot in this process: the same createApp that main.ts runs. Stopped when the test ends. */
export async function startBot(world: World, options: BotOptions = {}): Promise<Bot> {
  const config = readConfig(world.env);
  const lines: string[] = [];
  const log = createLogger("info", { write: (line) => void lines.push(line) });
  const policy = openPolicy(config.policyFile, { hasStepUpKey: config.stepUpKey !== null });
  const cloudflare = { ...config.cloudflare, timeoutMs: options.cloudflareTimeoutMs };
  await putTables(config.database);
  const bot = await createApp({
    config: { ...config, cloudflare },
    policy,
    log,
    verifyDelaysMs: options.verifyDelaysMs ?? [20, 50, 100, 200],
    ...(options.now === undefined ? {} : { now: options.now }),
    ...(options.sweepMs === undefined ? {} : { sweepMs: options.sweepMs }),
    ...(options.watchMs === undefined ? {} : { watchMs: options.watchMs }),
  });
  onTestFinished(() => bot.stop());
  if (world.mode === "http") world.slack.setDelivery({ mode: "http", url: `${bot.url}/slack/events` });
  return { bot, config, policy, logs: () => lines.join("") };
}

/** A world with the bot in it. */
export async function startAll(options: WorldOptions & BotOptions = {}): Promise<World & Bot> {
  const world = await startWorld(options);
  return { ...world, ...(await startBot(world, options)) };
}

/** `/zt …` as somebody in #security. */
export function type(slack: Slack, user: string, text: string): Promise<Delivery> {
  return slack.command({ user, channel: CHANNELS.security, text, command: "/zt" });
}

/** The picture of sign-ins follows an answer whenever it is drawn, also after the next answer: it is none itself. */
const PICTURE = /sign-ins in the last 24 hours|^⚪ Sign-ins are unknown/i;

/**
 * The newest answer that only this person sees, once there are more than `before`. What a slow machine shows early of a
 * summary is passed over: the whole follows. So is a picture.
 */
export async function newEphemeral(slack: Slack, user: string, before = 0): Promise<StoredMessage> {
  return slack.waitFor(() => {
    const newest = slack
      .ephemerals(user)
      .slice(before)
      .findLast((message) => !PICTURE.test(message.text));
    return newest === undefined || slack.visibleText(newest).includes("⏳ Still reading")
      ? undefined
      : newest;
  });
}

/** Types a command and waits for its answer. */
export async function answerTo(
  slack: Slack,
  user: string,
  text: string,
): Promise<{ message: StoredMessage; words: string }> {
  const before = slack.ephemerals(user).length;
  const delivery = await type(slack, user, text);
  if (!delivery.ok) throw new Error(`not acknowledged: ${delivery.error}`);
  const message = await newEphemeral(slack, user, before);
  return { message, words: slack.visibleText(message) };
}

/** The newest card in the approvals channel that satisfies `is`. */
export async function cardWhere(
  slack: Slack,
  is: (words: string) => boolean = () => true,
  timeoutMs = 45_000,
): Promise<StoredMessage> {
  return slack.waitFor(
    () => slack.messages(CHANNELS.approvals).findLast((message) => is(slack.visibleText(message))),
    timeoutMs,
  );
}

/** Asks for a revocation of mallory and gives back the card. */
export async function askToRevoke(
  slack: Slack,
  options: { user?: string; text?: string } = {},
): Promise<StoredMessage> {
  const before = slack.messages(CHANNELS.approvals).length;
  await answerTo(
    slack,
    options.user ?? PEOPLE.alice,
    options.text ?? "revoke mallory@example.com --reason laptop stolen",
  );
  return slack.waitFor(() => {
    const cards = slack.messages(CHANNELS.approvals);
    return cards.length > before ? cards.at(-1) : undefined;
  });
}

export function press(slack: Slack, user: string, card: StoredMessage, actionId: string): Promise<Delivery> {
  return slack.click({ user, channel: card.channel, ts: card.ts, actionId });
}

/** The words of a card as it is now. */
export function wordsOf(slack: Slack, card: StoredMessage): string {
  const now = slack.messages(card.channel).find((message) => message.ts === card.ts);
  return now === undefined ? "" : slack.visibleText(now);
}

/** The thread, once its closing summary is there. */
export async function finishedThread(
  slack: Slack,
  card: StoredMessage,
  timeoutMs = 60_000,
): Promise<string[]> {
  return slack.waitFor(() => {
    const words = slack.thread(card.channel, card.ts).map((message) => slack.visibleText(message));
    return words.some((text) => text.includes("Next:")) ? words : undefined;
  }, timeoutMs);
}

/** What Cloudflare was asked, but for the token's verification at start, which comes whenever it comes. */
export function askedOf(cloudflare: CloudflareEmulator) {
  return cloudflare.requests.filter((request) => request.route !== "tokens.verify");
}

/** The calls that reached a route of Cloudflare. */
export function callsTo(cloudflare: CloudflareEmulator, method: string, part: string) {
  return cloudflare.requests.filter((request) => request.method === method && request.path.includes(part));
}
