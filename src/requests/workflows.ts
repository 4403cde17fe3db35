import { OpenWorkflow, type Worker } from "openworkflow";
import type { Backend } from "openworkflow/internal";

import { isCloudflareFailure } from "../api/errors.ts";
import { appendAudit, BOT } from "../audit/append.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import type { Log } from "../log.ts";
import { actionOf } from "./actions/index.ts";
import type { Verification } from "./actions/define.ts";
import { attemptCall, checkTarget, readVerification, type CallOutcome, type ExecuteDeps } from "./execute.ts";
import { publishRequest, type PublishDeps } from "./publish.ts";
import type { Request, Result } from "./request.ts";
import { findLoose, readRequest, reportProgress } from "./store.ts";
import { moveRequest } from "./transition.ts";

export interface EngineDeps extends ExecuteDeps, PublishDeps {
  workflows: Backend;
  log: Log;
  /** Waits between looks at Cloudflare until what was done shows; together the time a check may take. */
  verifyDelaysMs?: readonly number[];
  sweepMs?: number;
}

/** The first look is at once; two minutes in all: the session list may lag a revocation by about a minute. */
export const VERIFY_DELAYS_MS: readonly number[] = [
  1000, 2000, 3000, 4000, 5000, 10_000, 15_000, 20_000, 30_000, 30_000,
];
const MAX_ATTEMPTS = 8;
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
  const waiting = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>();
  let worker: Worker | undefined;
  let sweepTimer: NodeJS.Timeout | undefined;

  const publishWorkflow = ow.defineWorkflow<Input, void>({ name: "publish" }, async ({ input, step }) => {
    // Unlimited patience, but not for ever in one run: the sweep starts another as long as something is unposted.
    const retryPolicy = {
      initialInterval: "1s",
      backoffCoefficient: 2,
      maximumInterval: "30s",
      maximumAttempts: 50,
    } as const;
    await step.run({ name: "publish", retryPolicy }, async () => {
      try {
        await publishRequest(deps, input.requestId);
        waiting.get(input.requestId)?.resolve();
      } catch (error) {
        log.warn({ err: error, requestId: input.requestId }, "messages not posted, will try again");
        waiting.get(input.requestId)?.reject(error);
        throw error;
      } finally {
        waiting.delete(input.requestId);
      }
    });
  });

  const expireWorkflow = ow.defineWorkflow<Input, void>({ name: "expire" }, async ({ input, step }) => {
    await step.run({ name: "expire" }, () => expire(input.requestId));
  });

  const executeWorkflow = ow.defineWorkflow<Input, void>({ name: "execute" }, async ({ input, step }) => {
    const { requestId } = input;
    const started = await step.run({ name: "start" }, async () => {
      const moved = await moveRequest(db, requestId, { to: "executing", actor: BOT, at: now() });
      if (moved !== null) await publish(moved);
      return (await readRequest(db, requestId))?.status ?? null;
    });
    if (started !== "executing" && started !== "unknown") return;

    const ready = await step.run({ name: "prepare" }, () => prepare(requestId));
    if (!ready.ok) {
      await step.run({ name: "finish" }, () =>
        finish(requestId, { failure: { why: ready.why, next: ready.next } }, "failed"),
      );
      return;
    }

    let accepted: Extract<CallOutcome, { kind: "accepted" }> | undefined;
    let wasUnknown = false;
    let failure: Result["failure"];
    for (
      let attempt = 1;
      attempt <= MAX_ATTEMPTS && accepted === undefined && failure === undefined;
      attempt += 1
    ) {
      const outcome = await step.run({ name: `call-${attempt}` }, async () =>
        attemptCall(deps, await mustRead(requestId), ready.baseline, attempt),
      );
      if (outcome.kind === "accepted") accepted = outcome;
      if (outcome.kind === "refused") failure = { why: outcome.why, next: outcome.next };
      if (outcome.kind === "again") {
        wasUnknown ||= outcome.unknown;
        if (attempt === MAX_ATTEMPTS) {
          failure = {
            why: `After ${MAX_ATTEMPTS} attempts: ${outcome.why}.`,
            next: "Ask again when Cloudflare answers, or do it in the dashboard.",
          };
        } else {
          await step.run({ name: `tell-waiting-${attempt}` }, () => tellWaiting(requestId, attempt, outcome));
          await step.sleep(`wait-${attempt}`, `${outcome.afterMs}ms`);
        }
      }
    }
    if (accepted === undefined && !wasUnknown) {
      await step.run({ name: "finish" }, () =>
        finish(requestId, { failure: failure ?? UNEXPLAINED }, "failed"),
      );
      return;
    }
    if (accepted !== undefined) {
      const taken = accepted;
      await step.run({ name: "tell-accepted" }, () => tellAccepted(requestId, taken));
    }

    // What was accepted, or may have happened: look until it shows or the time is up.
    let verification: Verification | undefined;
    let trouble: string | undefined;
    for (const [index, delay] of [0, ...(deps.verifyDelaysMs ?? VERIFY_DELAYS_MS)].entries()) {
      if (delay > 0) await step.sleep(`verify-wait-${index}`, `${delay}ms`);
      const reading = await step.run({ name: `verify-${index}` }, async () =>
        readVerification(deps, await mustRead(requestId), ready.baseline, ready.sentAt),
      );
      if (reading.ok) {
        verification = reading.verification;
        trouble = undefined;
        if (verification.confirmed) break;
      } else {
        trouble = reading.why;
      }
    }
    const seen = verification;
    const unread = trouble;
    await step.run({ name: "finish" }, () => {
      const result: Result = {};
      if (accepted !== undefined) result.receipt = { cfRay: accepted.cfRay, at: accepted.at };
      if (seen !== undefined)
        result.verification =
          unread === undefined
            ? seen
            : { ...seen, notes: [...seen.notes, `the last look failed: ${unread}`] };
      else
        result.verification = {
          confirmed: false,
          summary: `could not be read: ${unread ?? "no answer"}`,
          notes: [],
          checkedAt: now(),
        };
      if (accepted !== undefined || seen?.confirmed === true) return finish(requestId, result, "succeeded");
      return finish(requestId, { ...result, failure: failure ?? UNEXPLAINED }, "failed");
    });
  });

  async function mustRead(id: string): Promise<Request> {
    const request = await readRequest(db, id);
    if (request === null) throw new Error(`request ${id} is gone`);
    return request;
  }

  type Prepared = { ok: true; baseline: unknown; sentAt: number } | { ok: false; why: string; next: string };

  /** The last look before the call: is it still the same user, and what stands there now? */
  async function prepare(id: string): Promise<Prepared> {
    const request = await mustRead(id);
    const target = await checkTarget(deps, request);
    await appendAudit(db, {
      at: now(),
      teamId: request.teamId,
      requestId: id,
      actor: BOT,
      event: "target.checked",
      data: { ...target },
    });
    if (!target.ok) return target;
    const action = actionOf(request.plan);
    try {
      const baseline = await action.readBaseline(deps.cloudflare, request.plan);
      const sentAt = now();
      await reportProgress(db, id, sentAt, {
        posts: [
          {
            key: "call-started",
            surface: "thread",
            data: { kind: "call-started", at: sentAt, call: action.callText(request.plan) },
          },
        ],
      });
      await publish(await mustRead(id));
      return { ok: true, baseline, sentAt };
    } catch (error) {
      if (!isCloudflareFailure(error)) throw error;
      const { why, next } = describeFailure(error);
      return { ok: false, why, next };
    }
  }

  async function tellWaiting(
    id: string,
    attempt: number,
    outcome: Extract<CallOutcome, { kind: "again" }>,
  ): Promise<void> {
    const request = await mustRead(id);
    const call = actionOf(request.plan).callText(request.plan);
    const post = {
      key: `call-waiting-${attempt}`,
      surface: "thread",
      data: {
        kind: "call-waiting",
        at: outcome.at,
        call,
        why: outcome.why,
        retryAt: outcome.at + outcome.afterMs,
        isUnknown: outcome.unknown,
      },
    } as const;
    // Only the first of each kind of trouble is told: a thread full of back-off is no story.
    const posts = attempt === 1 || outcome.unknown || outcome.afterMs > 20_000 ? [post] : [];
    const moved =
      outcome.unknown && request.status === "executing"
        ? await moveRequest(db, id, {
            to: "unknown",
            actor: BOT,
            at: now(),
            data: { why: outcome.why },
            posts: [...posts],
          })
        : null;
    if (moved === null) await reportProgress(db, id, now(), { posts: [...posts] });
    await publish(await mustRead(id));
  }

  async function tellAccepted(
    id: string,
    outcome: Extract<CallOutcome, { kind: "accepted" }>,
  ): Promise<void> {
    const request = await mustRead(id);
    await reportProgress(db, id, now(), {
      result: { ...request.result, receipt: { cfRay: outcome.cfRay, at: outcome.at } },
      posts: [
        {
          key: "call-accepted",
          surface: "thread",
          data: {
            kind: "call-accepted",
            at: outcome.at,
            call: actionOf(request.plan).callText(request.plan),
            cfRay: outcome.cfRay,
            reconciled: outcome.reconciled,
          },
        },
      ],
    });
    await publish(await mustRead(id));
  }

  async function finish(id: string, result: Result, to: "succeeded" | "failed"): Promise<void> {
    const moved = await moveRequest(db, id, {
      to,
      actor: BOT,
      at: now(),
      result,
      data: { ...result },
      posts: [
        ...(result.verification === undefined
          ? []
          : [
              {
                key: "verification",
                surface: "thread",
                data: { kind: "verification", verification: result.verification },
              } as const,
            ]),
        { key: "summary", surface: "thread", data: { kind: "summary" } },
        { key: "outcome", surface: "dm", data: { kind: "outcome" } },
      ],
    });
    if (moved !== null) await publish(moved);
  }

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

  async function publish(request: Request): Promise<void> {
    await enqueue(publishWorkflow, request.id, `${request.id}:${request.version}`);
  }

  async function enqueue(
    workflow: typeof publishWorkflow,
    requestId: string,
    idempotencyKey: string,
  ): Promise<void> {
    await workflow.run({ requestId }, { idempotencyKey });
    // An idle worker polls every second; a person is waiting.
    await worker?.tick();
  }

  /** What fell between two databases or outlived its retries is picked up here. */
  async function sweep(): Promise<void> {
    const round = Math.floor(now() / (10 * 60_000));
    const { approved, overdue, unpublished } = await findLoose(db, now());
    for (const id of overdue) await expire(id);
    for (const id of approved) await enqueue(executeWorkflow, id, id);
    for (const id of unpublished) await enqueue(publishWorkflow, id, `${id}:sweep:${round}`);
  }

  return {
    async start() {
      worker = ow.newWorker({ concurrency: CONCURRENCY });
      await worker.start();
      await sweep();
      sweepTimer = setInterval(() => {
        sweep().catch((error: unknown) => log.error({ err: error }, "sweep failed"));
      }, deps.sweepMs ?? SWEEP_MS);
    },
    async stop() {
      clearInterval(sweepTimer);
      await worker?.stop();
    },
    publish,
    execute: (requestId) => enqueue(executeWorkflow, requestId, requestId),
    async scheduleExpiry(request) {
      await expireWorkflow.run(
        { requestId: request.id },
        { idempotencyKey: `${request.id}:expire`, availableAt: new Date(request.expiresAt) },
      );
    },
    cardPosted(requestId) {
      return new Promise((resolve, reject) => {
        waiting.set(requestId, { resolve, reject });
      });
    },
  };
}

const UNEXPLAINED = { why: "Cloudflare did not accept the call.", next: "Look at the user and ask again." };
