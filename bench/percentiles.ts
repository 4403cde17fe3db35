import { createHistogram } from "node:perf_hooks";

/** Durations in milliseconds, kept to three digits in an HDR histogram. */
export interface Times {
  add(ms: number): void;
  /** The duration in milliseconds that so many percent are not longer than; 0 without any. */
  percentile(percent: number): number;
  readonly count: number;
}

/** Holds any number of durations between a microsecond and an hour. */
export function createTimes(durations: Iterable<number> = []): Times {
  const histogram = createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 });
  const times: Times = {
    add: (ms) => histogram.record(Math.max(1, Math.round(ms * 1000))),
    percentile: (percent) => (histogram.count === 0 ? 0 : histogram.percentile(percent) / 1000),
    get count() {
      return histogram.count;
    },
  };
  for (const ms of durations) times.add(ms);
  return times;
}
