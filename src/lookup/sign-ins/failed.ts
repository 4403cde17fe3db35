import { hoursToMilliseconds } from "date-fns/hoursToMilliseconds";

import type { FailedLogin } from "../../api/cloudflare.ts";

/** Counting failed sign-ins: pure, for the picture and the words beside it. */

const HOUR_MS = hoursToMilliseconds(1);
const HOURS = 24;

/** Newest first; those without a time come last. */
export function newestFirst(signIns: readonly FailedLogin[]): FailedLogin[] {
  return signIns.toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0));
}

/** How many on which application, most first. */
export function countByApp(signIns: readonly FailedLogin[]): { app: string | null; count: number }[] {
  const byApp = Map.groupBy(signIns, (signIn) => signIn.appName);
  return [...byApp]
    .map(([app, ofApp]) => ({ app, count: ofApp.length }))
    .toSorted((a, b) => b.count - a.count);
}

/** The last 24 hours, an hour each, oldest first: the last one ends at `now`. Older ones are not counted. */
export function countByHour(signIns: readonly FailedLogin[], now: number): number[] {
  const counts = Array.from({ length: HOURS }, () => 0);
  for (const { at } of signIns) {
    if (at === null || at < now - HOURS * HOUR_MS) continue;
    // Their clock may be a little ahead of ours.
    const hoursAgo = Math.min(HOURS - 1, Math.max(0, Math.floor((now - at) / HOUR_MS)));
    const hour = HOURS - 1 - hoursAgo;
    counts[hour] = (counts[hour] ?? 0) + 1;
  }
  return counts;
}

/** The hour with the most, the newest of several, with its start in epoch milliseconds; null without any. */
export function busiestHour(counts: readonly number[], now: number): { count: number; from: number } | null {
  const count = Math.max(0, ...counts);
  if (count === 0) return null;
  return { count, from: now - (counts.length - counts.lastIndexOf(count)) * HOUR_MS };
}
