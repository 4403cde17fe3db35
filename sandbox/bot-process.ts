import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import manifest from "../package.json" with { type: "json" };

const MAIN = join(import.meta.dirname, "..", "src", "main.ts");

/** What `npm start` gives to Node, but for the file with the environment, which is given here instead. */
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

/** A process with exactly this environment, nothing inherited but PATH. Who starts it ends it. `main`: the file that it runs. */
export function spawnProcess(env: Record<string, string>, cwd = tmpdir(), main = MAIN): BotProcess {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...FLAGS, main], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    output.stdout += `${line}\n`;
    const parsed = parseLine(line);
    if (parsed !== null) lines.push(parsed);
    for (const look of waiting) look();
  });
  const exited = watchExit(child, startedAt);
  const logs = (msg?: string): LogLine[] => lines.filter((line) => msg === undefined || line.msg === msg);
  return {
    pid: child.pid ?? 0,
    exited,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    logs,
    logged(msg, timeoutMs = 60_000) {
      const { promise, resolve, reject } = Promise.withResolvers<LogLine>();
      const look = (): void => {
        const line = logs(msg)[0];
        if (line !== undefined) resolve(line);
      };
      const timer = setTimeout(
        () => reject(new Error(`"${msg}" is not in the log:\n${output.stdout}${output.stderr}`)),
        timeoutMs,
      );
      waiting.add(look);
      look();
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(look);
      });
    },
    signal: (name) => void child.kill(name),
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    async stop(signal = "SIGTERM") {
      const askedAt = performance.now();
      child.kill(signal);
      const exit = await exited;
      return { ...exit, tookMs: performance.now() - askedAt };
    },
  };
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
