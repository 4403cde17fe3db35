import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import {
  startCloudflare,
  type CloudflareEmulator,
  type TokenOptions,
} from "../../sandbox/cloudflare/index.ts";
import { startSlack, type Delivery, type Slack, type StoredMessage } from "../../sandbox/slack/index.ts";
import {
  ACCOUNT_ID,
  CHANNELS,
  CLOUDFLARE_TOKEN,
  describeWorkspace,
  PEOPLE,
  POLICY,
  STEP_UP_KEY,
} from "../../sandbox/workspace.ts";
import { createApp, type ZtBot } from "../../src/app.ts";
import { readConfig, type Config } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { openPolicy, type PolicySource } from "../../src/policy-file.ts";

export { CHANNELS, PEOPLE };

export const MODES = ["socket", "http"] as const;
export type Mode = (typeof MODES)[number];

export interface WorldOptions {
  mode?: Mode;
  /** Text of policy.yml; the sandbox's by default. */
  policy?: string;
  /** Permissions of the Cloudflare token; all by default. */
  permissions?: string[];
  /** What else Cloudflare knows of the token: an account's, active and without end by default. */
  token?: Pick<TokenOptions, "kind" | "status" | "expiresAt">;
  /** The bot signs in with an e-mail and a key instead of a token. */
  isKey?: boolean;
  databaseUrl?: string;
  /** Cloudflare's limit on calls; the real one by default. */
  rateLimit?: { requests: number; windowMs: number };
}

const KEY = { email: "ops@example.com", key: "sandbox-cloudflare-key" };

/** Both emulators and a folder, without a bot: for tests that start it as a process of its own. */
export interface World {
  slack: Slack;
  cloudflare: CloudflareEmulator;
  folder: string;
  mode: Mode;
  /** The environment of a bot in this world. */
  env: Record<string, string>;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const mode = options.mode ?? "socket";
  const folder = mkdtempSync(join(tmpdir(), "zt-test-"));
  const { permissions, isKey = false } = options;
  const cloudflare = await startCloudflare({
    accountId: ACCOUNT_ID,
    tokens: [
      { token: CLOUDFLARE_TOKEN, ...(permissions === undefined ? {} : { permissions }), ...options.token },
    ],
    keys: [KEY],
    ...(options.rateLimit === undefined ? {} : { rateLimit: options.rateLimit }),
  });
  const workspace = describeWorkspace({ mode: "socket" });
  const slack = await startSlack({ ...workspace, quiet: true });
  const policyFile = join(folder, "policy.yml");
  writeFileSync(policyFile, options.policy ?? POLICY, { mode: 0o600 });
  onTestFinished(async () => {
    await Promise.all([slack.close(), cloudflare.close()]);
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    slack,
    cloudflare,
    folder,
    mode,
    env: {
      SLACK_BOT_TOKEN: workspace.bot.botToken,
      ...(mode === "socket"
        ? { SLACK_APP_TOKEN: workspace.bot.appToken }
        : { SLACK_SIGNING_SECRET: workspace.bot.signingSecret }),
      SLACK_API_URL: slack.apiUrl,
      ...(isKey
        ? { CLOUDFLARE_EMAIL: KEY.email, CLOUDFLARE_API_KEY: KEY.key }
        : { CLOUDFLARE_API_TOKEN: CLOUDFLARE_TOKEN }),
      CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID,
      CLOUDFLARE_BASE_URL: cloudflare.baseUrl,
      DATABASE_URL: options.databaseUrl ?? `file:${join(folder, "data", "zt.db")}`,
      STEP_UP_KEY,
      ZT_POLICY_FILE: policyFile,
      HOST: "127.0.0.1",
      PORT: "0",
      LOG_LEVEL: "info",
    },
  };
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
  const bot = await createApp({
    config: { ...config, cloudflare },
    policy,
    log,
    verifyDelaysMs: options.verifyDelaysMs ?? [20, 50, 100, 200],
    ...(options.now === undefined ? {} : { now: options.now }),
    ...(options.sweepMs === undefined ? {} : { sweepMs: options.sweepMs }),
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

/** The words of the newest answer that only this person sees, once there are more than `before`. */
export async function newEphemeral(slack: Slack, user: string, before = 0): Promise<StoredMessage> {
  return slack.waitFor(() => {
    const all = slack.ephemerals(user);
    return all.length > before ? all.at(-1) : undefined;
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
