import PQueue from "p-queue";

import { waitOf } from "../retry.ts";
import { createPermits, type SharedBudget, waitUntil } from "./permits.ts";
import { BudgetSpentError, PRIORITIES, type Priority, type TurnOptions } from "./turn.ts";

/**
 * How many calls we allow ourselves. Cloudflare's limit (1,200 calls in 5 minutes) is one for the dashboard and all
 * tokens of a user together, and past it every call is refused for 5 minutes.
 */
export interface RateBudget {
  /** Calls in any window, retries included. */
  requests: number;
  windowMs: number;
  /** Of these, so many are kept for people who wait and for single containments: bulk work leaves them alone. */
  reserve: number;
  /** Of the reserve, so many are for urgent containment alone: look-ups leave them alone too. */
  urgent: number;
}

/** A margin below Cloudflare's own limit, for what the dashboard and other tools do meanwhile. */
export const DEFAULT_BUDGET: RateBudget = { requests: 1100, windowMs: 300_000, reserve: 200, urgent: 50 };

/** How many calls of one priority, and of those behind it, may go out in a window. */
export function capOf({ requests, reserve, urgent }: RateBudget, priority: Priority): number {
  const kept = { urgent: 0, interactive: urgent, bulk: reserve }[priority];
  return Math.max(1, requests - kept);
}

/** What Cloudflare said of its limit in an answer. */
export interface LimitNews {
  /** Calls left in its window. */
  remaining: number | null;
  /** Calls in a whole window. */
  quota: number | null;
  /** Until the window ends, or until calls are taken again. */
  resetMs: number | null;
  isRefused: boolean;
}

export interface Budget {
  /** Resolves when one call may go out. Each attempt on the wire takes a turn. @throws BudgetSpentError */
  take(options: TurnOptions): Promise<void>;
  /** Cloudflare's own count is the better one: others share it, and a restart forgets ours. */
  learn(news: LimitNews): void;
  /** How many calls could go out now. */
  left(priority: Priority): number;
  /** Milliseconds until so many bulk calls could go out at once; 0 when they could now. */
  msUntilRoom(calls: number): number;
  /** Milliseconds until the last of so many bulk calls is done, where one takes `msEach`; 0 by default. */
  estimateMs(calls: number, msEach?: number): number;
}

/**
 * Keeps our calls within the budget: a sliding window for all calls, a narrower one for all but urgent containment, and
 * the narrowest for bulk calls. `share`: where several processes share it, each call also takes one of their permits.
 */
export function createBudget(rate: RateBudget, share: SharedBudget | null = null): Budget {
  const { requests, windowMs, reserve } = rate;
  const caps = { all: requests, others: capOf(rate, "interactive"), bulk: capOf(rate, "bulk") };
  const openWindow = (intervalCap: number) => new PQueue({ intervalCap, interval: windowMs, strict: true });
  const queues = { all: openWindow(caps.all), others: openWindow(caps.others), bulk: openWindow(caps.bulk) };
  // The queues decide; these only say how long it will take.
  const started = {
    all: createTicks(windowMs),
    others: createTicks(windowMs),
    bulk: createTicks(windowMs),
  };
  const permits = share === null ? null : createPermits(share);
  let pausedUntil = 0;
  /** Bulk calls that Cloudflare's own count leaves, as others share it, and until when. */
  let news: { left: number; until: number } | null = null;
  let resume: NodeJS.Timeout | undefined;

  function pauseBulk(until: number): void {
    if (until <= pausedUntil) return;
    pausedUntil = until;
    queues.bulk.pause();
    clearTimeout(resume);
    resume = setTimeout(() => queues.bulk.start(), until - Date.now()).unref();
  }
  share?.onPaused((ms) => pauseBulk(Date.now() + ms));

  function stamp(priority: Priority): void {
    const now = Date.now();
    started.all.add(now);
    if (priority !== "urgent") started.others.add(now);
    if (priority === "bulk") started.bulk.add(now);
    if (news !== null) news.left -= 1;
  }

  function queue(priority: Priority, signal: AbortSignal): Promise<void> {
    const rank = PRIORITIES.length - PRIORITIES.indexOf(priority);
    const throughAll = () => queues.all.add(() => stamp(priority), { signal, priority: rank });
    if (priority === "urgent") return throughAll();
    const throughOthers = () => queues.others.add(throughAll, { signal, priority: rank });
    return priority === "interactive" ? throughOthers() : queues.bulk.add(throughOthers, { signal });
  }

  async function waitForBulk(signal: AbortSignal): Promise<void> {
    while (pausedUntil > Date.now() && !signal.aborted) await waitUntil(pausedUntil, signal);
  }

  /** Until a call that is not bulk could go out, by our own count. */
  function msUntilTurn(priority: Exclude<Priority, "bulk">, now: number): number {
    const name = priority === "urgent" ? "all" : "others";
    const ahead = queues[name].sizeBy({ priority: PRIORITIES.length - PRIORITIES.indexOf(priority) });
    return Math.max(
      started.all.msUntilFree(caps.all, 1, now),
      started[name].msUntilFree(caps[name], 1 + ahead, now),
    );
  }

  return {
    async take({ priority, signal, maxWaitMs }) {
      const startedAt = Date.now();
      // First, so that a call that gets none takes no place in our own count either.
      if (permits !== null) {
        if (priority === "bulk") await waitForBulk(signal);
        await permits.take({ priority, signal, maxWaitMs });
      }
      const waitMs = priority === "bulk" ? 0 : msUntilTurn(priority, Date.now());
      const retryAt = Date.now() + waitMs;
      if (waitMs > maxWaitMs - (Date.now() - startedAt)) throw new BudgetSpentError(retryAt);
      try {
        await queue(priority, signal);
      } catch {
        // Given up while it waited.
        throw new BudgetSpentError(retryAt);
      }
    },
    learn({ remaining, quota, resetMs, isRefused }) {
      if (resetMs === null) return;
      const kept = quota === null ? 0 : Math.floor((quota * reserve) / requests);
      if (remaining !== null) news = { left: Math.max(0, remaining - kept), until: Date.now() + resetMs };
      if (isRefused || (remaining !== null && remaining <= kept)) pauseBulk(Date.now() + resetMs);
      // Past the limit Cloudflare refuses every process of ours.
      if (isRefused) share?.pause(resetMs);
    },
    left(priority) {
      const now = Date.now();
      const room = (name: keyof typeof caps) => caps[name] - started[name].since(now - windowMs).length;
      const forAll = room("all");
      if (priority === "urgent") return forAll;
      const forOthers = Math.max(0, Math.min(forAll, room("others")));
      if (priority === "interactive") return forOthers;
      if (pausedUntil > now) return 0;
      const byCount = news !== null && news.until > now ? news.left : Number.POSITIVE_INFINITY;
      return Math.max(0, Math.min(forOthers, room("bulk"), byCount));
    },
    msUntilRoom(calls) {
      const now = Date.now();
      const wanted = Math.min(calls, caps.bulk);
      return Math.max(
        0,
        pausedUntil - now,
        (permits?.shortUntil("bulk") ?? 0) - now,
        started.bulk.msUntilFree(caps.bulk, wanted, now),
        started.others.msUntilFree(caps.others, wanted, now),
        started.all.msUntilFree(caps.all, wanted, now),
      );
    },
    estimateMs(calls, msEach = 0) {
      const now = Date.now();
      const out = started.bulk.since(now - windowMs);
      const left = news !== null && news.until > now ? news.left : Number.POSITIVE_INFINITY;
      let at = Math.max(now, pausedUntil, permits?.shortUntil("bulk") ?? 0);
      for (let index = 0; index < calls; index += 1) {
        if (index >= left) at = Math.max(at, news?.until ?? at);
        at = Math.max(at, (out[out.length - caps.bulk] ?? Number.NEGATIVE_INFINITY) + windowMs) + msEach;
        out.push(at);
      }
      return at - now;
    },
  };
}

/** When calls went out, within the last window. */
function createTicks(windowMs: number) {
  let ticks: number[] = [];
  return {
    add(now: number): void {
      ticks.push(now);
      if (ticks.length % 100 === 0) ticks = ticks.filter((at) => at > now - windowMs);
    },
    /** In order. */
    since: (from: number): number[] => ticks.filter((at) => at > from),
    /** Until the last of so many more calls may go out, when at most `cap` go out in a window. */
    msUntilFree(cap: number, calls: number, now: number): number {
      ticks = ticks.filter((at) => at > now - windowMs);
      const over = ticks.length + calls - cap;
      if (over <= 0) return 0;
      // The first window's calls go as the old ones fall out of it; each further one waits for those.
      const windows = Math.floor((over - 1) / cap);
      const place = (over - 1) % cap;
      return (ticks[place] ?? now) + windowMs * (windows + 1) - now;
    },
  };
}

/** Reads what an answer says: `ratelimit: "default";r=50;t=30`, `ratelimit-policy: "default";q=1200;w=300`. */
export function readLimitNews(
  header: (name: string) => string | null,
  status: number,
  retryAfterMs: number | null,
): LimitNews {
  const [, remaining, reset] = /;\s*r=(\d{1,9})\s*;\s*t=(\d+)/.exec(header("ratelimit") ?? "") ?? [];
  const [, quota] = /;\s*q=(\d{1,9})/.exec(header("ratelimit-policy") ?? "") ?? [];
  const isRefused = status === 429;
  return {
    remaining: remaining === undefined ? null : Number(remaining),
    quota: quota === undefined ? null : Number(quota),
    resetMs: isRefused && retryAfterMs !== null ? retryAfterMs : reset === undefined ? null : waitOf(reset),
    isRefused,
  };
}
