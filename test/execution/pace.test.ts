import { describe, expect, it } from "vitest";

import { estimateLeftMs, lookDelays, type Work } from "../../src/execution/pace.ts";

const NOTHING: Work = { waiting: 0, unverified: 0, callsToBegin: 4, callsToLook: 1, lagMs: 0, lookInMs: 0 };
const PACE = { beginMs: 600, lookMs: 200 };

/** A budget that is never spent. */
const asFast = (calls: number, msEach: number): number => calls * msEach;

describe("lookDelays: when the others are looked at again", () => {
  it("is seldom where the first look at the first user showed it", () => {
    expect(lookDelays(120_000, 0)).toEqual([15_000, 45_000, 60_000]);
  });

  it("is first when Cloudflare showed the first user, and after as long again", () => {
    expect(lookDelays(120_000, 1000)).toEqual([1000, 1000, 13_000, 45_000, 60_000]);
    expect(lookDelays(120_000, 25_000)).toEqual([25_000, 25_000, 10_000, 60_000]);
  });

  it("ends when the time is up", () => {
    expect(lookDelays(120_000, 90_000)).toEqual([90_000, 30_000]);
    expect(lookDelays(120_000, 120_100)).toEqual([120_000]);
  });
});

describe("estimateLeftMs", () => {
  const left = (work: Partial<Work>) => estimateLeftMs({ ...NOTHING, ...work }, PACE, asFast);

  it("is nothing when nothing is left", () => {
    expect(left({})).toBe(0);
  });

  it("goes by the turns of four lanes, in rounds of ten", () => {
    expect(left({ waiting: 4 })).toBe(600);
    expect(left({ waiting: 5 })).toBe(1200);
    expect(left({ waiting: 20 })).toBe(3600);
  });

  it("waits for the last one's look, as long after the call as the first user's took", () => {
    expect(left({ waiting: 4, lagMs: 1000 })).toBe(600 + 1000 + 200);
  });

  it("waits for the look that is planned for those who are called for", () => {
    expect(left({ unverified: 4, lookInMs: 5000 })).toBe(5200);
  });

  it("is the work where that takes longer than any wait", () => {
    expect(left({ waiting: 40, lagMs: 100 })).toBe(12 * 600 + 10 * 200);
  });

  it("is no faster than the budget of calls", () => {
    expect(estimateLeftMs({ ...NOTHING, waiting: 4 }, PACE, (calls) => calls * 1000)).toBe(16_000);
  });
});
