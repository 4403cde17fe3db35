import type { Rate, SlackRates } from "../types.ts";

export interface RateTable extends SlackRates {
  /** Counts a call. @returns the seconds that Slack asks to wait; undefined where the call may go on. */
  take(method: string, channel: string): number | undefined;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Slack's limits (https://docs.slack.dev/apis/web-api/rate-limits): so many calls at once and so many a second after
 * that, of chat.postMessage for each channel, of any other method for the whole workspace. None unless told.
 * `now` is in milliseconds.
 */
export function createRates(now: () => number): RateTable {
  const rates = new Map<string, Rate>();
  const buckets = new Map<string, Bucket>();
  return {
    set(method, rate) {
      rates.set(method, rate);
    },
    clear() {
      rates.clear();
      buckets.clear();
    },
    take(method, channel) {
      const rate = rates.get(method);
      if (rate === undefined) return undefined;
      const key = method === "chat.postMessage" ? `${method} ${channel}` : method;
      const at = now();
      const before = buckets.get(key) ?? { tokens: rate.burst, at };
      const tokens = Math.min(rate.burst, before.tokens + ((at - before.at) / 1000) * rate.perSecond);
      const isOver = tokens < 1;
      buckets.set(key, { tokens: isOver ? tokens : tokens - 1, at });
      return isOver ? Math.max(1, Math.ceil((1 - tokens) / rate.perSecond)) : undefined;
    },
  };
}
