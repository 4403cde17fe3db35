import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";

import { onTestFinished, vi } from "vitest";

import manifest from "../../package.json" with { type: "json" };
import type { World } from "./harness.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "main.ts");
/** What `npm start` gives to Node, but for the file with the environment, which a test gives itself. */
const FLAGS = manifest.scripts.start.split(" ").filter((word) => /^--(?!env-file)/.test(word));

/** One line of the bot's log, parsed. */
export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

export interface Exit {
  /** null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Milliseconds since it was started. */
  ms: number;
}

/** The bot as operators run it, with an environment, its two streams and its signals. */
export interface BotProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Everything written so far. */
  stdout(): string;
  stderr(): string;
  /** Lines of the log with this message (all of them without one), oldest first. */
  logs(msg?: string): LogLine[];
  /** The next such line of the log, counted from the start. */
  logged(msg: string, timeoutMs?: number): Promise<LogLine>;
  signal(name: NodeJS.Signals): void;
  /** SIGKILL, as an out-of-memory killer or a power cut would: resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM: resolves with how it ended and how long that took. */
  stop(signal?: "SIGTERM" | "SIGINT"): Promise<Exit & { tookMs: number }>;
}

export interface ReadyBot extends BotProcess {
  /** Where health is served. */
  url: string;
  /** From start to ready. */
  readyMs: number;
}

/** A process with exactly this environment, nothing inherited but PATH. Killed when the test ends. */
export function spawnBot(env: Record<string, string>, cwd = tmpdir()): BotProcess {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...FLAGS, MAIN], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  const lines: LogLine[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    output.stdout += `${line}\n`;
    const parsed = parseLine(line);
    if (parsed !== null) lines.push(parsed);
  });
  const exited = watchExit(child, startedAt);
  const logs = (msg?: string): LogLine[] => lines.filter((line) => msg === undefined || line.msg === msg);
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  onTestFinished(async () => {
    await kill();
    // Holds for every test that starts a process, whatever else it looks at.
    expectNoSecret(env, output.stdout + output.stderr);
  });
  return {
    pid: child.pid ?? 0,
    exited,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    logs,
    logged: (msg, timeoutMs = 60_000) =>
      vi.waitFor(
        () => {
          const line = logs(msg)[0];
          if (line === undefined)
            throw new Error(`"${msg}" is not in the log:\n${output.stdout}${output.stderr}`);
          return line;
        },
        { timeout: timeoutMs, interval: 5 },
      ),
    signal: (name) => void child.kill(name),
    kill,
    async stop(signal = "SIGTERM") {
      const askedAt = performance.now();
      child.kill(signal);
      const exit = await exited;
      return { ...exit, tookMs: performance.now() - askedAt };
    },
  };
}

/** Starts the bot in this world and waits until it takes commands; in HTTP mode Slack is told where it is. */
export async function startBotProcess(
  world: World,
  env: Record<string, string> = {},
  cwd?: string,
): Promise<ReadyBot> {
  const startedAt = performance.now();
  const bot = spawnBot({ ...world.env, ...env }, cwd);
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

async function watchExit(child: ChildProcess, startedAt: number): Promise<Exit> {
  // "close" comes after the streams have ended: whatever it wrote has been read by then.
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, ms: performance.now() - startedAt };
}

function parseLine(line: string): LogLine | null {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return null;
  }
}
