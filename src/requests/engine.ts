import { OpenWorkflow, type Worker } from "openworkflow";
import type { Backend } from "openworkflow/internal";

import { BOT } from "../audit/append.ts";
import type { Log } from "../log.ts";
import type { AttemptDeps } from "./attempt.ts";
import { runExecution, VERIFY_DELAYS_MS } from "./execution.ts";
import { publishRequest, type PublishDeps } from "./publish.ts";
import type { Request } from "./request.ts";
import { findLoose } from "./store.ts";
import { moveRequest } from "./transition.ts";

export interface EngineDeps extends AttemptDeps, PublishDeps {
  workflows: Backend;
  log: Log;
  /** See execution.ts. */
  verifyDelaysMs?: readonly number[];
}

const SWEEP_MS = 30_000;
const CONCURRENCY = 16;

/** Drives requests: the state is in our tables, the durable workflows only move it along. */
export interface Engine {
  start(): Promise<void>;
  /** Takes no new work and lets what runs finish. */
  stop(): Promise<void>;
  /** Brings the card and thread in Slack up to date, now if possible. */
  publish(request: Request): Promise<void>;
  /** Starts the execution of an approved request. Once, however often it is called. */
  execute(requestId: string): Promise<void>;
  /** Sets the timer that expires a request. */
  scheduleExpiry(request: Request): Promise<void>;
  /** Resolves when the card's first version is in Slack; rejects with what Slack said if the first try fails. */
  cardPosted(requestId: string): Promise<void>;
}

interface Input {
  requestId: string;
}

export function createEngine(deps: EngineDeps): Engine {
  const { db, log, now } = deps;
  const ow = new OpenWorkflow({ backend: deps.workflows });
  const cards = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>();
  let worker: Worker | undefined;
  let sweepTimer: NodeJS.Timeout | undefined;

  const publishing = ow.defineWorkflow<Input, void>(
    { name: "publish" },
    async ({ input: { requestId }, step }) => {
      await step.run({ name: "publish", retryPolicy: PUBLISH_RETRY }, async () => {
        try {
          await publishRequest(deps, requestId);
          cards.get(requestId)?.resolve();
        } catch (error) {
          log.warn({ err: error, requestId }, "messages not posted, will try again");
          cards.get(requestId)?.reject(error);
          throw error;
        } finally {
          cards.delete(requestId);
        }
      });
    },
  );

  const expiring = ow.defineWorkflow<Input, void>({ name: "expire" }, async ({ input, step }) => {
    await step.run({ name: "expire" }, () => expire(input.requestId));
  });

  const execution = {
    ...deps,
    publish,
    verifyDelaysMs: deps.verifyDelaysMs ?? VERIFY_DELAYS_MS,
    toldAt: new Map<string, number>(),
  };
  const executing = ow.defineWorkflow<Input, void>({ name: "execute" }, ({ input, step }) =>
    runExecution(execution, input.requestId, step),
  );

  async function expire(id: string): Promise<void> {
    const at = now();
    const moved = await moveRequest(db, id, {
      to: "expired",
      actor: BOT,
      at,
      posts: [
        { key: "decision", surface: "thread", data: { kind: "decision", at } },
        { key: "outcome", surface: "dm", data: { kind: "outcome" } },
      ],
    });
    if (moved !== null) await publish(moved);
  }

  async function publish({ id, version }: Request): Promise<void> {
    await enqueue(publishing, id, `${id}:${version}`);
  }

  async function enqueue(
    workflow: typeof publishing,
    requestId: string,
    idempotencyKey: string,
  ): Promise<void> {
    await workflow.run({ requestId }, { idempotencyKey });
    // An idle worker polls every second; a person is waiting.
    await worker?.tick();
  }

  /** What fell between two databases, or outlived its retries, is picked up here. */
  async function sweep(): Promise<void> {
    const round = Math.floor(now() / REPUBLISH_MS);
    const { approved, executing: underWay, overdue, unpublished } = await findLoose(db, now());
    for (const id of overdue) await expire(id);
    for (const id of approved) await enqueue(executing, id, id);
    for (const id of unpublished) await enqueue(publishing, id, `${id}:sweep:${round}`);
    if (underWay.some((one) => now() - one.startedAt > RESUME_MS))
      await resumeFailed(new Set(underWay.map((one) => one.id)));
  }

  /**
   * An execution gives up only on our own trouble (a full disk, a defect mended since). The engine keeps such a
   * run as failed; the request is still under way, and a new run goes on from the recorded calls.
   */
  async function resumeFailed(underWay: ReadonlySet<string>): Promise<void> {
    const { data } = await deps.workflows.listWorkflowRuns({
      workflowName: "execute",
      status: "failed",
      limit: 100,
    });
    for (const run of data) {
      const { requestId } = run.input as unknown as Input;
      if (!underWay.has(requestId)) continue;
      log.error({ requestId, run: run.id }, "execution had failed, starting it again");
      await enqueue(executing, requestId, `${requestId}:after:${run.id}`);
    }
  }

  return {
    async start() {
      worker = ow.newWorker({ concurrency: CONCURRENCY });
      await worker.start();
      await sweep();
      sweepTimer = setInterval(() => {
        sweep().catch((error: unknown) => log.error({ err: error }, "sweep failed"));
      }, SWEEP_MS);
    },
    async stop() {
      clearInterval(sweepTimer);
      await worker?.stop();
    },
    publish,
    execute: (requestId) => enqueue(executing, requestId, requestId),
    async scheduleExpiry({ id, expiresAt }) {
      await expiring.run(
        { requestId: id },
        { idempotencyKey: `${id}:expire`, availableAt: new Date(expiresAt) },
      );
    },
    cardPosted(requestId) {
      return new Promise((resolve, reject) => {
        cards.set(requestId, { resolve, reject });
      });
    },
  };
}

/** Hours of patience in one run; the sweep starts another as long as something is unposted. */
const PUBLISH_RETRY = {
  initialInterval: "1s",
  backoffCoefficient: 2,
  maximumInterval: "30s",
  maximumAttempts: 100,
} as const;

/** How often the sweep may start a publisher anew: a dead replica's claim has run out by then. */
const REPUBLISH_MS = 60_000;

/** An execution is not looked at as stuck before this. */
const RESUME_MS = 10 * 60_000;
