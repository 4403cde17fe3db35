import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { type BotProcess, spawnProcess } from "../sandbox/bot-process.ts";
import { monotonicMs } from "./monotonic.ts";

/** What is measured, as a process of its own: the bot or a peer of it. */
export interface MeasuredProcess {
  process: BotProcess;
  /** From its start until it said that it is ready. */
  readyMs: number;
  /** Where it listens. */
  url: string;
  /** Bytes of memory that it has now. */
  residentBytes(): number;
  /** Bytes that are still held after a garbage collection; only with `hasProbe`. */
  heldBytes(): Promise<number>;
  /** Ends it, however busy it is. */
  kill(): Promise<void>;
}

/** Starts `main`, which was built, and waits until it is ready. `hasProbe`: with `peers/memory-probe.mjs`. */
export async function startMeasured(
  main: string,
  env: Record<string, string>,
  { cwd, hasProbe = false }: { cwd: string; hasProbe?: boolean },
): Promise<MeasuredProcess> {
  const probe = `--import=${join(import.meta.dirname, "peers", "memory-probe.mjs")}`;
  const startedAt = monotonicMs();
  const process = spawnProcess({ ...env, ...(hasProbe && { NODE_OPTIONS: probe }) }, cwd, main);
  const ready = await Promise.race([
    process.logged("ready"),
    process.exited.then(({ code, signal }) => {
      throw new Error(`${main} ended (${code ?? signal}): ${process.stderr() || process.stdout()}`);
    }),
  ]);
  return {
    process,
    readyMs: monotonicMs() - startedAt,
    url: String(ready["url"]),
    residentBytes: () =>
      Number(execFileSync("ps", ["-o", "rss=", "-p", String(process.pid)], { encoding: "utf8" })) * 1024,
    async heldBytes() {
      const before = process.logs("memory").length;
      process.signal("SIGUSR2");
      for (;;) {
        const line = process.logs("memory")[before];
        if (line !== undefined) return Number(line["held"]);
        await delay(20);
      }
    },
    kill: () => process.kill(),
  };
}
