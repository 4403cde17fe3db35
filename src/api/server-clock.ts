/** Cloudflare's clock beside ours, learned from the `Date` of its answers. */
export interface ServerClock {
  /** What an answer's `Date` says, and when by our clock (epoch ms) its request left and it came. */
  learn(date: string | null, sentAt: number, receivedAt: number): void;
  /** A time by our clock as the same moment by Cloudflare's; both epoch ms. Ours as it is before any answer. */
  timeOf(at: number): number;
}

/** `Date` has whole seconds: less than this is no difference. */
const NEGLIGIBLE_MS = 2000;

/**
 * Each answer bounds the difference; the bounds of one answer after another narrow it down, until one contradicts
 * them because a clock was set. Of what is possible, the smallest difference is assumed.
 */
export function createServerClock(): ServerClock {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  return {
    learn(date, sentAt, receivedAt) {
      const second = Date.parse(date ?? "");
      if (Number.isNaN(second)) return;
      const least = second - receivedAt;
      const most = second + 999 - sentAt;
      const contradicts = least > high || most < low;
      low = contradicts ? least : Math.max(low, least);
      high = contradicts ? most : Math.min(high, most);
    },
    timeOf(at) {
      const offset = Math.min(Math.max(0, low), high);
      return Math.abs(offset) < NEGLIGIBLE_MS ? at : at + offset;
    },
  };
}
