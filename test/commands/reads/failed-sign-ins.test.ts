import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { busiestHour, countByApp, countByHour, newestFirst } from "../../../src/lookup/sign-ins/failed.ts";
import { hourBars } from "../../../src/views/look-ups/failed-sign-ins.ts";
import { HOUR, makeFailure, NOW } from "../../views/support.ts";

const agoAll = (...hours: number[]) => hours.map((ago) => makeFailure({ at: NOW - ago * HOUR }));

describe("the hours of the last day", () => {
  it.each([
    ["now", 0, 23],
    ["a moment ahead of our clock", -0.1, 23],
    ["just under an hour ago", 0.99, 23],
    ["an hour ago", 1, 22],
    ["just under a day ago", 23.99, 0],
    ["a day ago", 24, 0],
  ])("count what happened %s in its hour", (_when, ago, hour) => {
    const counts = countByHour(agoAll(ago), NOW);
    expect(counts).toHaveLength(24);
    expect(counts.indexOf(1)).toBe(hour);
  });

  it("leave out what is older or has no time", () => {
    const counts = countByHour([...agoAll(24.01, 1000), makeFailure({ at: null })], NOW);
    expect(counts.every((count) => count === 0)).toBe(true);
  });

  it("hold every sign-in of the day exactly once", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 24, noNaN: true })), (hours) => {
        const counts = countByHour(agoAll(...hours), NOW);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(hours.length);
      }),
    );
  });

  it("name the busiest, the newest of several, and none where nothing happened", () => {
    expect(busiestHour(countByHour(agoAll(5.5, 5.6, 2.5, 2.6, 1.5), NOW), NOW)).toEqual({
      count: 2,
      from: NOW - 3 * HOUR,
    });
    expect(busiestHour(countByHour([], NOW), NOW)).toBeNull();
  });
});

describe("the picture of a day", () => {
  it("has a bar an hour, lowest only for none, highest for the most, over a ruler of the same width", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 10_000 }), { minLength: 24, maxLength: 24 }), (counts) => {
        const [fence, bars = "", ruler = "", end] = hourBars(counts).split("\n");
        expect([fence, end]).toEqual(["```", "```"]);
        expect(Array.from(bars)).toHaveLength(24);
        expect(ruler).toHaveLength(24);
        const max = Math.max(...counts);
        const drawn = Array.from(bars);
        expect(drawn.map((bar) => bar === "▁")).toEqual(counts.map((count) => count === 0));
        const highest = drawn.filter((_bar, hour) => max > 0 && counts[hour] === max);
        expect(highest.every((bar) => bar === "█")).toBe(true);
      }),
    );
  });
});

describe("failed sign-ins", () => {
  it("come newest first, those without a time last", () => {
    const sorted = newestFirst([makeFailure({ at: null }), ...agoAll(3, 1, 2)]);
    expect(sorted.map(({ at }) => at)).toEqual([NOW - HOUR, NOW - 2 * HOUR, NOW - 3 * HOUR, null]);
  });

  it("are counted by application, most first, those without a name together", () => {
    const on = (appName: string | null) => makeFailure({ appName });
    expect(countByApp([on("Wiki"), on(null), on("Vault"), on("Vault"), on(null), on("Vault")])).toEqual([
      { app: "Vault", count: 3 },
      { app: null, count: 2 },
      { app: "Wiki", count: 1 },
    ]);
  });
});
