import type { Backend } from "openworkflow/internal";

import { BOT } from "../audit/append.ts";
import type { Log } from "../log.ts";
import { attend, type AttendDeps } from "./attendance.ts";
import type { AttemptDeps } from "./attempt.ts";
import type { FactsDeps } from "./facts.ts";
import { runExecution, VERIFY_DELAYS_MS } from "./execution.ts";
import { replaceLostCards } from "./cards.ts";
import { nudge } from "./nudges.ts";
import { nudgeReviewers } from "./review-nudges.ts";
import { publishRequest, type PublishDeps } from "./publish.ts";
import type { Request } from "./request.ts";
import { plural } from "../words.ts";
import { createQueue } from "./queue.ts";
import { rulesFor } from "./rules.ts";
import { readRequest } from "./store.ts";
import { findLoose } from "./loose.ts";
import { moveRequest } from "./transition.ts";

export interface EngineDeps extends AttemptDeps, PublishDeps, FactsDeps, AttendDeps {
  workflows: Backend;
  /** Another queue in the same storage: see CONCURRENCY. */
  publications: Backend;
  log: Log;
  /** See execution.ts. */
  verifyDelaysMs?: readonly number[];
  /** How often what fell between is looked for; 30 s by default. */
  sweepMs?: number;
}

const SWEEP_MS = 30_000;

/**
 * How many runs one process works on at once. Whatever waits for Cloudflare (10 s, where it does not answer) must not
 * take the places of what waits for Slack, nor the other way round: a card is edited while forty calls hang. The engine
 * hands out runs whatever they are, so that each kind has a queue and a worker of its own.
 */
const CONCURRENCY = { executing: 32, publishing: 16 };

/** Drives requests: the state is in our tables, the durable workflows only move it along. */
export interface Engine {
  start(): Promise<void>;
  /** Takes no new work and lets what runs finish the step it is on. */
  stop(): Promise<void>;
  /** Brings the card and thread in Slack up to date, now if possible. */
  publish(request: Request): Promise<void>;
  /** Starts the execution of an approved request. Once, however often it is called. */
  execute(request: Pick<Request, "id" | "runs">): Promise<void>;
  /** Sets the timer that expires a request. */
  scheduleExpiry(request: Request): Promise<void>;
  /** Sets the timer that reminds approvers, or asks further people, if that is still to come. */
  scheduleNudge(request: Request): Promise<void>;
  /** Looks whether an approver is active in Slack; the card says so when nobody is. Never rejects. */
  lookForApprovers(requestId: string): Promise<void>;
  /** Looks for what is left to do, at once instead of within half a minute. */
  sweep(): Promise<void>;
  /** Resolves when the card's first version is in Slack; rejects with what Slack said if the first try fails. */
  cardPosted(requestId: string): Promise<void>;
}

type Input = { requestId: string };
/** `run`: see ExecutionDeps. Missing in what was enqueued before it was known. */
type RunInput = Input & { run?: string };

export function createEngine(deps: EngineDeps): Engine {
  const { db, log, now } = deps;
  const executions = createQueue(deps.workflows, CONCURRENCY.executing, log);
  const publications = createQueue(deps.publications, CONCURRENCY.publishing, log);
  const cards = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>();
  let sweepTimer: NodeJS.Timeout | undefined;
  let isStopping = false;
  let watching: Promise<void> | undefined;
  const looking = new Map<string, Promise<void>>();

  const publishing = publications.define<Input>("publish", async ({ requestId }, step) => {
    await step.run({ name: "publish", retryPolicy: PUBLISH_RETRY }, async () => {
      try {
        // Where another run is at it, what comes of that one is waited for.
        if (!(await publishRequest(deps, requestId))) return;
        cards.get(requestId)?.resolve();
        cards.delete(requestId);
      } catch (error) {
        log.warn({ err: error, requestId }, "messages not posted, will try again");
        cards.get(requestId)?.reject(error);
        cards.delete(requestId);
        throw error;
      }
    });
  });

  const expiring = executions.define<Input>("expire", async ({ requestId }, step) => {
    await step.run({ name: "expire" }, () => expire(requestId));
  });

  const nudging = executions.define<Input>("nudge", async ({ requestId }, step) => {
    await step.run({ name: "nudge" }, () => nudgeNow(requestId));
    await step.run({ name: "look" }, () => lookForApprovers(requestId));
  });

  const execution = {
    ...deps,
    publish,
    verifyDelaysMs: deps.verifyDelaysMs ?? VERIFY_DELAYS_MS,
    toldAt: new Map<string, number>(),
    isStopping: () => isStopping,
  };
  const executing = executions.define<RunInput>("execute", ({ requestId, run }, step) =>
    runExecution({ ...execution, run: run === undefined ? null : Number(run) }, requestId, step),
  );

  async function expire(id: string): Promise<void> {
    const at = now();
    const request = await readRequest(db, id);
    const votes = request?.votes.length ?? 0;
    const quorum = request === null ? 0 : rulesFor(deps.policy.current(), request).quorum;
    const moved = await moveRequest(db, id, {
      to: "expired",
      actor: BOT,
      at,
      ...(request === null || votes === 0
        ? {}
        : {
            reason:
              votes < quorum
                ? `${votes} of ${quorum} approved`
                : `${plural(votes, "approval")}, not all of which still counted,`,
          }),
      posts: [
        { key: "decision", surface: "thread", data: { kind: "decision", at } },
        { key: "outcome", surface: "dm", data: { kind: "outcome" } },
      ],
    });
    if (moved !== null) await publish(moved);
  }

  async function nudgeNow(id: string): Promise<void> {
    const request = await nudge(deps, id);
    const toReview = await nudgeReviewers(deps, id);
    // Half a minute more or less is nothing here: the sweep is its only clock.
    if (toReview !== null) await publish(toReview);
    if (request === null || request.status !== "pending") return;
    await Promise.all([publish(request), scheduleNudge(request)]);
  }

  /** The moment is the key: whoever plans the same nudge again, or on another replica, plans it once. */
  async function scheduleNudge({ id, nudgeAt }: Request): Promise<void> {
    if (nudgeAt === null) return;
    await nudging.schedule({ requestId: id }, `${id}:nudge:${nudgeAt}`, new Date(nudgeAt));
  }

  /** At most once at a time for each request. */
  function lookForApprovers(id: string): Promise<void> {
    const known = looking.get(id);
    if (known !== undefined) return known;
    const look = attend(deps, id)
      .then((request) => (request === null ? undefined : publish(request)))
      .catch((error: unknown) => log.warn({ err: error, requestId: id }, "nobody knows who is active"))
      .finally(() => looking.delete(id));
    looking.set(id, look);
    return look;
  }

  async function publish({ id, version }: Request): Promise<void> {
    await publishing.enqueue({ requestId: id }, `${id}:${version}`);
  }

  /** One run at a time: the next begins only after one has given the request back. */
  async function execute({ id, runs }: Pick<Request, "id" | "runs">): Promise<void> {
    await executing.enqueue({ requestId: id, run: String(runs) }, runs === 0 ? id : `${id}:${runs}`);
  }

  /** What fell between two databases, or outlived its retries, is picked up here. */
  async function sweep(): Promise<void> {
    const { toStart, overdue, toNudge, unattended, unpublished, ...loose } = await findLoose(db, now());
    for (const id of overdue) await expire(id);
    for (const one of toStart) await execute(one);
    // Slack may take long to say who is who: the rest does not wait for it.
    for (const id of toNudge)
      await nudging.enqueue({ requestId: id }, `${id}:nudge:sweep:${roundOf(now(), null)}`);
    for (const id of unattended) void lookForApprovers(id);
    for (const { id, troubleSince } of unpublished)
      await publishing.enqueue({ requestId: id }, `${id}:sweep:${roundOf(now(), troubleSince)}`);
    const underWay = loose.executing;
    const isStuck = (since: number): boolean => now() - since > RESUME_MS;
    if (underWay.some((one) => isStuck(one.startedAt)) || toStart.some((one) => isStuck(one.decidedAt)))
      await resumeFailed(new Map([...underWay, ...toStart].map(({ id, runs }) => [id, runs])));
  }

  /** Beside the sweep, one at a time: a slow Slack holds up nothing else. Never rejects. */
  async function watchCards(): Promise<void> {
    try {
      for (const request of await replaceLostCards(deps)) await publish(request);
    } catch (error) {
      log.error({ err: error }, "cards could not be looked after");
    }
    watching = undefined;
  }

  /**
   * An execution gives up only on our own trouble (a full disk, a defect mended since). The engine keeps such a
   * run as failed; the request is still under way, and a new run goes on from the recorded calls.
   */
  async function resumeFailed(underWay: ReadonlyMap<string, number>): Promise<void> {
    const { data } = await deps.workflows.listWorkflowRuns({
      workflowName: "execute",
      status: "failed",
      limit: 100,
    });
    for (const run of data) {
      const { requestId } = run.input as unknown as Input;
      const runs = underWay.get(requestId);
      if (runs === undefined) continue;
      log.error({ requestId, run: run.id }, "execution had failed, starting it again");
      await executing.enqueue({ requestId, run: String(runs) }, `${requestId}:after:${run.id}`);
    }
  }

  return {
    async start() {
      await Promise.all([executions.start(), publications.start()]);
      await sweep();
      watching = watchCards();
      sweepTimer = setInterval(() => {
        watching ??= watchCards();
        sweep().catch((error: unknown) => log.error({ err: error }, "sweep failed"));
      }, deps.sweepMs ?? SWEEP_MS);
    },
    async stop() {
      isStopping = true;
      clearInterval(sweepTimer);
      await watching;
      await Promise.all([executions.stop(), publications.stop(), ...looking.values()]);
    },
    publish,
    execute,
    sweep,
    async scheduleExpiry({ id, expiresAt }) {
      await expiring.schedule({ requestId: id }, `${id}:expire`, new Date(expiresAt));
    },
    scheduleNudge,
    lookForApprovers,
    cardPosted(requestId) {
      return new Promise((resolve, reject) => {
        cards.set(requestId, { resolve, reject });
      });
    },
  };
}

/** Half a minute of patience; after that the sweep starts one run at a time as long as something is unposted. */
const PUBLISH_RETRY = {
  initialInterval: "1s",
  backoffCoefficient: 2,
  maximumInterval: "30s",
  maximumAttempts: 6,
} as const;

/** How often the sweep may start a publisher anew, of what nobody is at. */
const REPUBLISH_MS = SWEEP_MS;

/** Trouble that lasts this long waits for a person to mend it: the messages are tried less often from then on. */
const LASTING_MS = 10 * 60_000;

/** Of the spells of time in which the sweep starts one publisher each, the one that it is now. */
function roundOf(now: number, troubleSince: number | null): number {
  const isLasting = troubleSince !== null && now - troubleSince > LASTING_MS;
  return Math.floor(now / (isLasting ? 5 * REPUBLISH_MS : REPUBLISH_MS));
}

/** An execution is not looked at as stuck before this. */
const RESUME_MS = 10 * 60_000;
