import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { onTestFinished } from "vitest";

import { spawnProcess, type BotProcess, type LogLine } from "../../sandbox/bot-process.ts";
import type { FaultRoute } from "../../sandbox/cloudflare/index.ts";
import type { StoredMessage } from "../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { askToRevoke, PEOPLE, press, startWorld, type Mode, type World } from "./harness.ts";

export type { BotProcess, LogLine };

export interface ReadyBot extends BotProcess {
  /** Where health is served. */
  url: string;
  /** From start to ready. */
  readyMs: number;
}

/** A process with exactly this environment, nothing inherited but PATH. Killed when the test ends. */
export function spawnBot(env: Record<string, string>, cwd?: string, main?: string): BotProcess {
  const bot = spawnProcess(env, cwd, main);
  onTestFinished(async () => {
    await bot.kill();
    // Holds for every test that starts a process, whatever else it looks at.
    expectNoSecret(env, bot.stdout() + bot.stderr());
  });
  return bot;
}

/** Starts the bot in this world and waits until it takes commands; in HTTP mode Slack is told where it is. */
export async function startBotProcess(
  world: World,
  env: Record<string, string> = {},
  cwd?: string,
  main?: string,
): Promise<ReadyBot> {
  const startedAt = performance.now();
  const bot = spawnBot({ ...world.env, ...env }, cwd, main);
  const ready = await Promise.race([
    bot.logged("ready"),
    bot.exited.then(({ code, signal }) => {
      throw new Error(`ended before it was ready (${code ?? signal}):\n${bot.stdout()}${bot.stderr()}`);
    }),
  ]);
  const url = String(ready["url"]);
  if (world.mode === "http") world.slack.setDelivery({ mode: "http", url: `${url}/slack/events` });
  return { ...bot, url, readyMs: performance.now() - startedAt };
}

export interface HeldRequest extends World {
  bot: ReadyBot;
  card: StoredMessage;
  /** Lets the call, or its answer, go on. */
  release(): void;
}

/**
 * A bot as a process with a revocation of mallory that bob approved, at the moment in which a call of it is held: before it
 * takes effect, or when only the answer is missing.
 */
export async function startHeld(
  hold: "call" | "answer",
  { mode = "socket", route = "revoke-user" }: { mode?: Mode; route?: FaultRoute } = {},
): Promise<HeldRequest> {
  const world = await startWorld({ mode });
  const { slack, cloudflare } = world;
  const bot = await startBotProcess(world);
  const card = await askToRevoke(slack);
  const held = hold === "call" ? cloudflare.faults.hold(route) : cloudflare.faults.holdAnswer(route);
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  await held.arrived;
  return { ...world, bot, card, release: held.release };
}

/** Rows of the bot's embedded database, read past it. */
export function query(world: World, sql: string, ...values: string[]): Record<string, unknown>[] {
  const database = new DatabaseSync(join(world.folder, "data", "zt.db"), { readOnly: true });
  try {
    return database.prepare(sql).all(...values);
  } finally {
    database.close();
  }
}

/** The status and text of a health page; status 0 when nobody listens. */
export async function probe(bot: ReadyBot, path: string): Promise<{ status: number; text: string }> {
  try {
    // A probe opens a connection of its own each time.
    const response = await fetch(`${bot.url}${path}`, { headers: { connection: "close" } });
    return { status: response.status, text: (await response.text()).trim() };
  } catch {
    return { status: 0, text: "" };
  }
}

const SECRETS = [
  "SLACK_BOT_TOKEN",
  "SLACK_APP_TOKEN",
  "SLACK_SIGNING_SECRET",
  "CLOUDFLARE_API_TOKEN",
  "CLOUDFLARE_API_KEY",
];

function expectNoSecret(env: Record<string, string>, output: string): void {
  for (const name of SECRETS) {
    const value = env[name];
    if (value && output.includes(value))
      throw new Error(`the value of ${name} was written to the log:\n${output}`);
  }
}
