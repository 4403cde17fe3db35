import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import type { WorldOptions } from "../sandbox/world.ts";
import type { Asked, CloudflareCall, Told } from "./emulators-process.ts";

/** Slack and Cloudflare, emulated in a process of their own: neither the bot nor who measures it waits for them. */
export interface Emulators {
  /** The environment of a bot that uses them. */
  env: Record<string, string>;
  slackUrl: string;
  cloudflareUrl: string;
  /** The `response_url` of a command with this id. */
  responseUrl(id: string): string;
  /** When the first answer to this command arrived, by `monotonicMs`. Asked before the command is sent. */
  answered(id: string): Promise<number>;
  /** The calls to Cloudflare since this was last asked. */
  calls(): Promise<CloudflareCall[]>;
  close(): Promise<void>;
}

/** An answer that takes longer is none: what is measured is broken. */
const ANSWER_MS = 60_000;

/** What of the emulators can be told to another process. */
export type EmulatorOptions = Omit<WorldOptions, "mount" | "observe">;

export async function startEmulators(options: EmulatorOptions = {}): Promise<Emulators> {
  const child = fork(join(import.meta.dirname, "emulators-process.ts"), { stdio: "inherit" });
  const waiting = new Map<string, (at: number) => void>();
  child.on("message", (told: Told) => {
    if (told.kind === "answered") waiting.get(told.id)?.(told.at);
  });
  ask(child, { kind: "open", options });
  const { env, slackUrl, cloudflareUrl } = await next(child, "opened");
  return {
    env,
    slackUrl,
    cloudflareUrl,
    responseUrl: (id) => `${slackUrl}/bench/answers/${id}`,
    answered(id) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const late = setTimeout(() => reject(new Error(`command ${id} was not answered`)), ANSWER_MS);
      waiting.set(id, resolve);
      return promise.finally(() => {
        clearTimeout(late);
        waiting.delete(id);
      });
    },
    async calls() {
      ask(child, { kind: "calls" });
      return (await next(child, "calls")).calls;
    },
    async close() {
      if (child.exitCode !== null) return;
      const exited = once(child, "exit");
      ask(child, { kind: "close" });
      await exited;
    },
  };
}

function ask(child: ChildProcess, asked: Asked): void {
  child.send(asked);
}

async function next<Kind extends Told["kind"]>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<Told, { kind: Kind }>> {
  const { promise, resolve, reject } = Promise.withResolvers<Extract<Told, { kind: Kind }>>();
  const hear = (told: Told): void => {
    if (told.kind === kind) resolve(told as Extract<Told, { kind: Kind }>);
  };
  const end = (): void => reject(new Error("the process of the emulators ended"));
  child.on("message", hear).once("exit", end);
  return promise.finally(() => child.off("message", hear).off("exit", end));
}
