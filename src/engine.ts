import PQueue from "p-queue";

import { rulesFor } from "./approvals/rules.ts";
import { BOT } from "./audit/append.ts";
import type { Standing } from "./approvals/facts.ts";
import { createReadAhead } from "./execution/ahead.ts";
import { endBlock } from "./execution/end-block.ts";
import { findLooks, LOOK_CALLS, lookAtPeople, readPerson } from "./incidents/look.ts";
import { readReturn } from "./incidents/back.ts";
import { readBlocked } from "./incidents/rules.ts";
import { executeRequest, VERIFY_DELAYS_MS } from "./execution/execute.ts";
import type { PersonDeps } from "./execution/person.ts";
import { replaceLostCards } from "./outbox/cards.ts";
import { publishRequest, type PublishDeps } from "./outbox/publish.ts";
import { plural } from "./pluralize.ts";
import { prune, PRUNE_MS } from "./prune.ts";
import { updatePresence, type PresenceDeps } from "./reminders/presence.ts";
import { nudge } from "./reminders/remind.ts";
import { nudgeReviewers } from "./reminders/remind-reviewers.ts";
import { NewerRequestError } from "./requests/newer-request.ts";
import { readRequest } from "./requests/repository.ts";
import { newestVotes, type Request } from "./requests/request.ts";
import { findSweepWork, LOOK_AGAIN_MS } from "./requests/sweep-queries.ts";
import { moveRequest } from "./requests/transition.ts";
import { slackRetryAfterMs } from "./slack/clients.ts";
import type { Clock } from "./store/clock.ts";
import { findUnshownThreads, publishThread, type ThreadDeps } from "./threads/publish.ts";
import { LOOK_MS, lookAtWatches } from "./watch/poll.ts";
import { isLookDue } from "./watch/watch.ts";
import type { Thread } from "./threads/thread.ts";

export interface EngineDeps
  extends Omit<PersonDeps, "publish" | "verifyDelaysMs" | "unrecorded">, PublishDeps, PresenceDeps {
  clock: Clock;
  /** How often those who are watched are looked at: every 30 s by default. */
  watchMs?: number;
  /** Does work on a request so that it is told of: see ops/traces. */
  traced?: (<T>(name: string, requestId: string, work: () => Promise<T>) => Promise<T>) | undefined;
  /** Who draws the threads that are not a request's. */
  drawers: ThreadDeps["drawers"];
  /** Told whenever a request's messages have been brought up to date, or could not be. */
  onPublished?: (requestId: string) => void;
  /** See execution/execute.ts. */
  verifyDelaysMs?: readonly number[];
  /** How often the database is asked for what is to be done: every second by default, and for lost cards every 30. */
  sweepMs?: number;
}

const POLL_MS = 1000;
/** No one sees on the card that it came so much later. */
const SHOWN_MS = 250;
const CARD_WATCH_MS = 30_000;

/**
 * How much one process works on at once. What waits for Cloudflare (10 s, where it does not answer) must not take the
 * places of what waits for Slack, nor the other way round: a card is edited while forty calls hang.
 */
const CONCURRENCY = { executing: 32, publishing: 16, reminding: 8, ending: 4 };

/**
 * What the bot does by itself. What is to be done stands in the tables, with when it is due and who is at it; every
 * replica asks for it each second, and a click starts its own at once. Why no library does this: docs/adr/0011.
 */
export interface Engine {
  start(): Promise<void>;
  /** Takes no new work and lets what runs finish the step it is on. */
  stop(): Promise<void>;
  /** Brings the card and thread in Slack up to date, now if possible. */
  publish(request: Pick<Request, "id">): void;
  /** Brings a thread that is not a request's up to date, now if possible. */
  publishThread(thread: Pick<Thread, "id">): void;
  /** The same; resolves when that was tried. */
  threadPublished(id: string): Promise<void>;
  /** Reads the people of an incident who are due, for someone who waits: by itself that is done as bulk work. */
  lookAtIncident(id: string): void;
  /** The same; resolves when that is over. */
  incidentRead(id: string): Promise<void>;
  /**
   * Carries out an approved request, now if possible. `judgedBy`: what the click that approved it was judged by. What that
   * click wrote is then posted once the call is out, or a moment later: both need the request's row.
   */
  execute(request: Pick<Request, "id">, judgedBy?: Standing): void;
  /** Begins to read what the execution needs first of Cloudflare, for a click that will very likely start it. */
  readAhead(request: Request): void;
  /** Looks whether an approver is active in Slack; the card says so when nobody is. Never rejects. */
  lookForApprovers(requestId: string): Promise<void>;
  /** Looks for what is to be done at once; what is held is tried as well. */
  sweep(): Promise<void>;
  /** Resolves when the card's first version is in Slack; rejects with what Slack said if the first try fails. */
  cardPosted(requestId: string): Promise<void>;
}

export function createEngine(deps: EngineDeps): Engine {
  const { db, log, now, clock, verifyDelaysMs = VERIFY_DELAYS_MS, sweepMs = POLL_MS } = deps;
  const cards = new Map<string, PromiseWithResolvers<void>>();
  const watchMs = deps.sweepMs ?? CARD_WATCH_MS;
  let watchAt = 0;
  let pruneAt = 0;
  let isStopping = false;
  let isFailing = false;
  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<void> | undefined;

  const publishing = createWorkers(CONCURRENCY.publishing, "zt.publish", async (id) => {
    try {
      if (!(await publishRequest(deps, id, () => cards.get(id)?.resolve()))) return null;
      cards.get(id)?.resolve();
    } catch (error) {
      if (isLeft(error)) return null;
      log.warn({ err: error, requestId: id }, "messages not posted, will try again");
      cards.get(id)?.reject(error);
      cards.delete(id);
      deps.onPublished?.(id);
      const waitMs = slackRetryAfterMs(error);
      return waitMs === null ? null : now() + waitMs;
    }
    cards.delete(id);
    deps.onPublished?.(id);
    return null;
  });
  const publish = ({ id }: Pick<Request, "id">): void => publishing.add(id);

  const threading = createWorkers(CONCURRENCY.publishing, null, async (id) => {
    try {
      await publishThread(deps, id);
      return null;
    } catch (error) {
      log.warn({ err: error, threadId: id }, "thread not posted, will try again");
      const waitMs = slackRetryAfterMs(error);
      return waitMs === null ? null : now() + waitMs;
    }
  });

  const incidents = createWorkers(CONCURRENCY.reminding, null, async (id, isAwaited) => {
    const cloudflare = isAwaited ? deps.cloudflare : deps.cloudflare.bulk;
    // Better read later than not in time: what is known of them stays, with its time.
    const waitMs = isAwaited ? 0 : cloudflare.budget.msUntilRoom(LOOK_CALLS);
    if (waitMs > 0) return now() + waitMs;
    await lookAtPeople(
      {
        ...deps,
        read: (user, how) => readPerson(cloudflare, user, { how, now: now() }),
        readBlocked: () => readBlocked(cloudflare, deps.policy.current().block),
        readReturn: (user, at) => readReturn(cloudflare, user, at),
      },
      id,
    );
    threading.add(id);
    return null;
  });

  const readAhead = createReadAhead(deps);
  const execution = {
    ...deps,
    readAhead,
    publish,
    verifyDelaysMs,
    toldAt: new Map(),
    paces: new Map(),
    unrecorded: new Map(),
    isStopping: () => isStopping,
  };
  const executing = createWorkers(CONCURRENCY.executing, "zt.execute", (id, isForced) =>
    executeRequest(execution, id, isForced),
  );

  const ending = createWorkers(CONCURRENCY.ending, "zt.end_block", (id) =>
    endBlock({ ...deps, publish }, id),
  );

  const reminding = createWorkers(CONCURRENCY.reminding, "zt.remind", async (id) => {
    const request = await nudge(deps, id);
    const toReview = await nudgeReviewers(deps, id);
    if (toReview !== null) publish(toReview);
    if (request?.status === "pending") {
      publish(request);
      looking.add(id);
    }
    return null;
  });

  const lookedAt = new Map<string, number>();
  const looking = createWorkers(CONCURRENCY.reminding, "zt.look_for_approvers", async (id) => {
    lookedAt.set(id, now());
    const request = await updatePresence(deps, id);
    if (request !== null) publish(request);
    return null;
  });

  /** Of a request that is left to a newer version the log says so once. */
  const left = new Set<string>();
  function isLeft(error: unknown): boolean {
    if (!(error instanceof NewerRequestError)) return false;
    const { requestId } = error;
    if (!left.has(requestId)) log.warn({ requestId }, "request left to a newer version of zt-bot");
    left.add(requestId);
    return true;
  }

  async function expire(id: string): Promise<void> {
    const at = now();
    const request = await readRequest(db, id);
    const votes = newestVotes(request?.votes ?? []).length;
    const quorum = request === null ? 0 : rulesFor(deps.policy.current(), request).quorum;
    const reason =
      votes < quorum
        ? `${votes} of ${quorum} approved`
        : `${plural(votes, "approval")}, not all of which still counted,`;
    const moved = await moveRequest(db, id, {
      to: "expired",
      actor: BOT,
      at,
      ...(votes === 0 ? {} : { reason }),
      posts: [
        { key: "decision", surface: "thread", data: { kind: "decision", at } },
        { key: "outcome", surface: "dm", data: { kind: "outcome" } },
      ],
    });
    if (moved !== null) publish(moved);
  }

  async function sweep(isForced = true): Promise<void> {
    await clock.sync();
    const work = await findSweepWork(db, now());
    for (const id of work.toExecute) executing.add(id);
    if (isForced) for (const id of work.held) executing.add(id, true);
    for (const id of work.unpublished) publishing.add(id);
    if (await isLookDue(db, now(), deps.watchMs ?? LOOK_MS)) watchingPeople.add("people");
    for (const id of await findUnshownThreads(db, now())) threading.add(id);
    for (const id of await findLooks(db, now())) incidents.add(id);
    for (const id of work.toNudge) reminding.add(id);
    for (const id of work.blocksToEnd) ending.add(id);
    // Where Slack did not say who is active, it is asked again no sooner than where it did.
    for (const id of work.unattended) if (now() - (lookedAt.get(id) ?? 0) > LOOK_AGAIN_MS) looking.add(id);
    for (const id of lookedAt.keys()) if (!work.unattended.includes(id)) lookedAt.delete(id);
    for (const id of work.overdue)
      await expire(id).catch((err: unknown) => {
        if (!isLeft(err)) log.error({ err, requestId: id }, "request could not expire");
      });
    if (now() - pruneAt >= PRUNE_MS) {
      pruneAt = now();
      pruning.add("rows");
    }
    if (now() - watchAt < watchMs) return;
    watchAt = now();
    watching.add("cards");
  }

  const pruning = createWorkers(1, null, async () => {
    await prune(deps, () => isStopping);
    return null;
  });

  /** Beside the rest, one at a time: a slow Slack holds up nothing else. */
  const watching = createWorkers(1, null, async () => {
    for (const request of await replaceLostCards(deps)) publish(request);
    return null;
  });

  /** One look after another; what it wrote is posted at once. */
  const watchingPeople = createWorkers(1, null, async () => {
    const found = await lookAtWatches(deps);
    for (const id of found?.requests ?? []) publish({ id });
    for (const id of found?.threads ?? []) threading.add(id);
    return null;
  });

  /** `name`: of what is done for a request, as it is traced; null for what is none's. */
  function createWorkers(concurrency: number, name: string | null, work: Work): Workers {
    const { traced } = deps;
    const done: Work =
      traced === undefined || name === null
        ? work
        : (id, isForced) => traced(name, id, () => work(id, isForced));
    const onError = (err: unknown, id: string): void => {
      if (!isLeft(err)) log.error({ err, id }, "work failed");
    };
    return workOn({ concurrency, now, onError }, done);
  }

  /** A database that does not answer is told of once. */
  async function poll(): Promise<void> {
    try {
      await sweep(false);
      if (isFailing) log.info("the database answers again");
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.error({ err: error }, "sweep failed");
      isFailing = true;
    }
    polling = undefined;
  }

  return {
    async start() {
      await sweep();
      timer = setInterval(
        () => {
          polling ??= poll();
        },
        Math.min(sweepMs, POLL_MS),
      );
    },
    async stop() {
      isStopping = true;
      clearInterval(timer);
      await polling;
      await Promise.all(
        [
          executing,
          ending,
          publishing,
          incidents,
          threading,
          reminding,
          looking,
          watching,
          watchingPeople,
          pruning,
        ].map((workers) => workers.stop()),
      );
    },
    publish,
    publishThread: ({ id }) => threading.add(id),
    threadPublished: (id) => threading.done(id),
    lookAtIncident: (id) => incidents.add(id, true),
    incidentRead: (id) => incidents.done(id),
    execute(request, judgedBy) {
      executing.add(request.id, true);
      if (judgedBy === undefined) return;
      readAhead.judged(request, judgedBy);
      publishing.later(request.id, SHOWN_MS);
    },
    readAhead: (request) => readAhead.begin(request),
    sweep,
    async lookForApprovers(id) {
      await looking.done(id);
    },
    cardPosted(requestId) {
      const card = Promise.withResolvers<void>();
      cards.set(requestId, card);
      return card.promise;
    },
  };
}

/** Does what is to be done for one id. @returns when to come back, epoch milliseconds; null: not by itself. */
type Work = (id: string, isForced: boolean) => Promise<number | null>;

interface Workers {
  /** Begun at once if there is a place free; once more afterwards where it is being worked on. */
  add(id: string, isForced?: boolean): void;
  /** Begun after so many milliseconds, unless it is before. */
  later(id: string, ms: number): void;
  /** The same, forced; resolves when it is done. */
  done(id: string): Promise<void>;
  /** Begins nothing more and waits for what runs. */
  stop(): Promise<void>;
}

function workOn(
  {
    concurrency,
    now,
    onError,
  }: { concurrency: number; now(): number; onError(error: unknown, id: string): void },
  work: Work,
): Workers {
  const queue = new PQueue({ concurrency });
  const running = new Map<string, Promise<void>>();
  /** To be done once more, with whether also before it is due. */
  const again = new Map<string, boolean>();
  const timers = new Map<string, NodeJS.Timeout>();
  let isStopping = false;

  async function run(id: string, isForced: boolean): Promise<void> {
    let due: number | null = null;
    try {
      if (!isStopping) due = await work(id, isForced);
    } catch (error) {
      onError(error, id);
    }
    running.delete(id);
    const more = again.get(id);
    again.delete(id);
    if (more !== undefined) add(id, more);
    else if (due !== null && due - now() < MAX_TIMER_MS)
      timers.set(
        id,
        setTimeout(() => add(id), Math.max(due - now(), 0)),
      );
  }

  function add(id: string, isForced = false): void {
    if (isStopping) return;
    clearTimeout(timers.get(id));
    timers.delete(id);
    if (running.has(id)) again.set(id, isForced || again.get(id) === true);
    else
      running.set(
        id,
        queue.add(() => run(id, isForced)),
      );
  }

  return {
    add,
    later(id, ms) {
      if (isStopping) return;
      if (running.has(id)) {
        add(id);
        return;
      }
      clearTimeout(timers.get(id));
      timers.set(
        id,
        setTimeout(() => add(id), ms),
      );
    },
    async done(id) {
      add(id, true);
      await running.get(id);
    },
    async stop() {
      isStopping = true;
      for (const timer of timers.values()) clearTimeout(timer);
      await queue.onIdle();
    },
  };
}

/** Later than this is found by the poll as well. */
const MAX_TIMER_MS = 60_000;
