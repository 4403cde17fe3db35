import type { Line } from "./row.ts";

/** "0.42 ms", "12 ms", "3.1 s": three digits at most. */
export function inTime(ms: number): string {
  return ms < 10_000 ? `${digits(ms)} ms` : `${digits(ms / 1000)} s`;
}

/** Of bytes. */
export function inMegabytes(bytes: number): string {
  return `${digits(bytes / 1024 / 1024)} MB`;
}

/** A figure and that of the peer, whose ratio may be `atMost` so much. */
export function compare(
  what: string,
  [ours, beside]: readonly [number, number],
  unit: (value: number) => string,
  goal: { atMost: number } | { atLeast: number } | null,
): Line {
  const ratio = beside === 0 ? null : ours / beside;
  return {
    what,
    ours: unit(ours),
    beside: unit(beside),
    ratio,
    goal: goal === null ? "" : "atMost" in goal ? `≤ ${goal.atMost}×` : `≥ ${goal.atLeast}×`,
    met:
      goal === null || ratio === null
        ? null
        : "atMost" in goal
          ? ratio <= goal.atMost
          : ratio >= goal.atLeast,
  };
}

/** What could not be measured, and why. */
export function notMeasured(what: string, why: string): Line {
  return { what, ours: "", beside: "", ratio: null, goal: "", met: null, note: why };
}

function digits(value: number): string {
  return value.toFixed(value < 1 ? 2 : value < 10 ? 1 : 0);
}
