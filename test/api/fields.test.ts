import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { readCount, readFlag, readText, readTexts, readTime } from "../../src/api/fields.ts";

const AT = Date.parse("2025-02-14T13:17:00Z");

describe("a time", () => {
  it.each<[unknown, number | null]>([
    ["2025-02-14T13:17:00Z", AT],
    ["2025-02-14T13:17:00.12345Z", AT + 123],
    ["2025-02-14t13:17:00z", AT],
    ["2025-02-14 13:17:00Z", AT],
    ["2025-02-14T15:17:00+02:00", AT],
    ["2025-02-14T13:17:00", AT],
    ["2025-02-14T13:17Z", AT],
    ["2025-02-14", Date.parse("2025-02-14T00:00:00Z")],
    [AT / 1000, AT],
    [AT / 1000 + 0.5, AT + 500],
    [AT, AT],
    [String(AT / 1000), AT],
    ["", null],
    [0, null],
    [-1, null],
    ["0", null],
    ["0001-01-01T00:00:00Z", null],
    ["1969-12-31T23:59:59Z", null],
    ["soon", null],
    ["May 2025", null],
    ["2025-13-01T00:00:00Z", null],
    ["2025-02-14T99:00:00Z", null],
    [AT * 1_000_000, null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
    [true, null],
    [null, null],
    [undefined, null],
    [{}, null],
    [[AT], null],
  ])("from %j is %j", (wire, ms) => {
    expect(readTime(wire)).toBe(ms);
  });

  it("survives the way over the wire in any of its three forms", () => {
    const times = fc.date({ min: new Date("1973-04-01"), max: new Date("2100-01-01"), noInvalidDate: true });
    fc.assert(
      fc.property(times, (date) => {
        const seconds = Math.floor(date.getTime() / 1000);
        expect(readTime(date.toISOString())).toBe(date.getTime());
        expect(readTime(date.getTime())).toBe(date.getTime());
        expect(readTime(seconds)).toBe(seconds * 1000);
      }),
    );
  });
});

describe("other fields", () => {
  it.each<[unknown, string | null]>([
    ["text", "text"],
    [" ", " "],
    [583_231, "583231"],
    [0, "0"],
    ["", null],
    [true, null],
    [null, null],
    [{}, null],
  ])("text from %j is %j", (wire, text) => {
    expect(readText(wire)).toBe(text);
  });

  it.each<[unknown, boolean | null]>([
    [true, true],
    ["true", true],
    [false, false],
    ["false", false],
    [1, null],
    [0, null],
    ["yes", null],
    [null, null],
  ])("a flag from %j is %j", (wire, flag) => {
    expect(readFlag(wire)).toBe(flag);
  });

  it.each<[unknown, number | null]>([
    [3, 3],
    [0, 0],
    ["12", 12],
    [-1, null],
    [1.5, null],
    ["1.5", null],
    ["", null],
    ["many", null],
    [1e300, null],
    [null, null],
  ])("a count from %j is %j", (wire, count) => {
    expect(readCount(wire)).toBe(count);
  });

  it("a list of texts leaves out what is none, and is null where there is no list", () => {
    expect(readTexts(["a", null, 1, "", {}, ["b"]])).toEqual(["a", "1"]);
    for (const none of ["a", null, undefined, {}]) expect(readTexts(none)).toBeNull();
    expect(readTexts([])).toEqual([]);
  });
});
