import { randomUUID } from "node:crypto";

import type { OpenWorkflow } from "openworkflow";

import type { AttemptDeps } from "./attempt.ts";
import type { FactsDeps } from "./facts.ts";
import type { NewPost } from "./posts.ts";
import type { Request, Result } from "./request.ts";
import { readRequest, reportProgress } from "./store.ts";

/** The engine's steps; it exports no name for them. */
export type Step = Parameters<Parameters<OpenWorkflow["defineWorkflow"]>[1]>[0]["step"];

export interface ExecutionDeps extends AttemptDeps, FactsDeps {
  /** Which of the request's runs this is, as `runs` counts them; null for one from before they were numbered. */
  run: number | null;
  /** Brings the card and the thread up to date; never waits for Slack. */
  publish(request: Request): Promise<void>;
  /** Waits between looks at Cloudflare until what was done shows; together the time a check may take. */
  verifyDelaysMs: readonly number[];
  /** When each request's progress was last put on its card, epoch milliseconds. */
  toldAt: Map<string, number>;
  /** The process is to end: what is begun is finished, nothing more is begun. */
  isStopping(): boolean;
}

/**
 * Gives an execution back when the process is to end: a durable sleep releases the worker, which then takes nothing
 * up again, and whoever works on it next goes on behind the last step that was kept. It does nothing otherwise, so
 * it may stand anywhere between steps.
 */
export async function parkIfStopping({ isStopping }: ExecutionDeps, step: Step): Promise<void> {
  // A name of its own each time: one that was slept through before would not be slept through again.
  if (isStopping()) await step.sleep(`park-${randomUUID()}`, "1ms");
}

export async function mustRead({ db }: Pick<ExecutionDeps, "db">, id: string): Promise<Request> {
  const request = await readRequest(db, id);
  if (request === null) throw new Error(`request ${id} is gone`);
  return request;
}

/** One more message in the thread, once, and what is known of the result so far. */
export async function tell(
  deps: ExecutionDeps,
  id: string,
  data: NewPost["data"],
  result?: Result,
): Promise<void> {
  await reportProgress(deps.db, id, deps.now(), {
    posts: [{ key: data.kind, surface: "thread", data }],
    ...(result === undefined ? {} : { result }),
  });
  await deps.publish(await mustRead(deps, id));
}
