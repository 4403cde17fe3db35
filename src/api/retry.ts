/** How a try of a read failed, as far as waiting is concerned. */
export interface FailedTry {
  /** Which try it was, from 1. */
  attempt: number;
  /** Null when no answer came. */
  status: number | null;
  /** What `retry-after` asks for, in milliseconds; null without one. */
  retryAfterMs: number | null;
  /** What is left of the call's time. */
  remainingMs: number;
}

/** The first wait; it doubles with each try. */
const BASE_MS = 200;
const BACKOFF_CAP_MS = 3_000;
/** A longer `retry-after` is not waited for: somebody is looking at a spinner. The error says when to try. */
const RETRY_AFTER_CAP_MS = 5_000;
const RETRY_AFTER_JITTER_MS = 250;

/** 429 and the 5xx that may pass. 501 and 505 say that asking again is no use. */
export function isTransientStatus(status: number): boolean {
  return status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/**
 * How long to wait before the next try, in milliseconds, or null to give up: `retry-after` and a little more
 * where Cloudflare gives one, else half to all of a doubling back-off. `random` is in [0, 1).
 */
export function timeRetry(failed: FailedTry, random: number): number | null {
  if (failed.status !== null && !isTransientStatus(failed.status)) return null;
  if (failed.retryAfterMs !== null && failed.retryAfterMs > RETRY_AFTER_CAP_MS) return null;
  const delay =
    failed.retryAfterMs === null
      ? Math.min(BACKOFF_CAP_MS, BASE_MS * 2 ** (failed.attempt - 1)) * (0.5 + random / 2)
      : failed.retryAfterMs + random * RETRY_AFTER_JITTER_MS;
  return delay < failed.remainingMs ? Math.round(delay) : null;
}

/** Cloudflare's own limit ends after 5 minutes. A wait of a month is a mistake, and more than a timer can hold. */
const MAX_WAIT_MS = 3_600_000;

/** Seconds out of a header as milliseconds, an hour at most. */
export function waitOf(seconds: string): number {
  return Math.min(Number(seconds) * 1000, MAX_WAIT_MS);
}

/** `retry-after` (seconds or an HTTP date), else the reset of a used-up `ratelimit`, in ms from `now`, an hour at most. */
export function readRetryAfter(header: (name: string) => string | null, now: number): number | null {
  const after = header("retry-after")?.trim() ?? "";
  if (/^\d+(?:\.\d+)?$/.test(after)) return waitOf(after);
  const date = /[A-Za-z]{3}/.test(after) ? Date.parse(after) : Number.NaN;
  if (!Number.isNaN(date)) return Math.min(Math.max(0, date - now), MAX_WAIT_MS);
  const [, reset] = /;\s*r=0\s*;\s*t=(\d+)/.exec(header("ratelimit") ?? "") ?? [];
  return reset === undefined ? null : waitOf(reset);
}
