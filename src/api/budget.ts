import PQueue from "p-queue";

import { waitOf } from "./retry.ts";

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
}

/** A margin below Cloudflare's own limit, for what the dashboard and other tools do meanwhile. */
export const DEFAULT_BUDGET: RateBudget = { requests: 1100, windowMs: 300_000, reserve: 200 };

/** What a call is for: work through a long list waits behind everything else. */
export type Priority = "interactive" | "bulk";

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

export interface TurnOptions {
  priority: Priority;
  signal: AbortSignal;
  /** How long it may wait; bulk calls wait as long as it takes. */
  maxWaitMs: number;
}

/** There is no turn in time. Nothing was sent. */
export class BudgetSpentError extends Error {
  override readonly name = "BudgetSpentError";
  /** Epoch milliseconds. */
  readonly retryAt: number;

  constructor(retryAt: number) {
    super("the budget of Cloudflare calls is spent");
    this.retryAt = retryAt;
  }
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

/** Keeps our calls within the budget: two sliding windows, one for all calls and a narrower one for bulk calls. */
export function createBudget({ requests, windowMs, reserve }: RateBudget): Budget {
  const bulkRequests = Math.max(1, requests - reserve);
  const all = new PQueue({ intervalCap: requests, interval: windowMs, strict: true });
  const bulk = new PQueue({ intervalCap: bulkRequests, interval: windowMs, strict: true });
  // The queues decide; these only say how long it will take.
  const started = { all: createTicks(windowMs), bulk: createTicks(windowMs) };
  let pausedUntil = 0;
  /** Bulk calls that Cloudflare's own count leaves, as others share it, and until when. */
  let news: { left: number; until: number } | null = null;
  let resume: NodeJS.Timeout | undefined;

  function pauseBulk(until: number): void {
    if (until <= pausedUntil) return;
    pausedUntil = until;
    bulk.pause();
    clearTimeout(resume);
    resume = setTimeout(() => bulk.start(), until - Date.now()).unref();
  }

  function stamp(priority: Priority): void {
    const now = Date.now();
    started.all.add(now);
    if (priority === "bulk") started.bulk.add(now);
    if (news !== null) news.left -= 1;
  }

  function queue(priority: Priority, signal: AbortSignal): Promise<void> {
    if (priority === "interactive") return all.add(() => stamp("interactive"), { signal, priority: 1 });
    return bulk.add(() => all.add(() => stamp("bulk"), { signal, priority: 0 }), { signal });
  }

  return {
    async take({ priority, signal, maxWaitMs }) {
      const ahead = all.sizeBy({ priority: 1 });
      const waitMs = started.all.msUntilFree(requests, 1 + ahead, Date.now());
      const retryAt = Date.now() + waitMs;
      if (waitMs > maxWaitMs) throw new BudgetSpentError(retryAt);
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
    },
    left(priority) {
      const now = Date.now();
      const forAll = requests - started.all.since(now - windowMs).length;
      if (priority === "interactive") return forAll;
      if (pausedUntil > now) return 0;
      const byCount = news !== null && news.until > now ? news.left : Number.POSITIVE_INFINITY;
      return Math.max(0, Math.min(forAll, bulkRequests - started.bulk.since(now - windowMs).length, byCount));
    },
    msUntilRoom(calls) {
      const now = Date.now();
      const wanted = Math.min(calls, bulkRequests);
      return Math.max(
        0,
        pausedUntil - now,
        started.bulk.msUntilFree(bulkRequests, wanted, now),
        started.all.msUntilFree(requests, wanted, now),
      );
    },
    estimateMs(calls, msEach = 0) {
      const now = Date.now();
      const out = started.bulk.since(now - windowMs);
      const left = news !== null && news.until > now ? news.left : Number.POSITIVE_INFINITY;
      let at = Math.max(now, pausedUntil);
      for (let index = 0; index < calls; index += 1) {
        if (index >= left) at = Math.max(at, news?.until ?? at);
        at = Math.max(at, (out[out.length - bulkRequests] ?? Number.NEGATIVE_INFINITY) + windowMs) + msEach;
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
