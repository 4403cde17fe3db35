import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { chainRow, hashRow, START } from "../../src/audit/chain.ts";
import { parseJsonLine, toCsvLine, toJsonLine } from "../../src/audit/formats.ts";
import { parseSince } from "../../src/audit/since.ts";
import { canonicalJson } from "../../src/canonical-json.ts";

const anyText = fc.string({ unit: "grapheme" });
const anyRow = fc
  .record({
    at: fc.integer({ min: 0, max: 8.64e15 }),
    team_id: fc.option(anyText),
    request_id: fc.option(anyText),
    actor: anyText,
    event: anyText,
    // As the bot writes it, and as somebody may have left it.
    data: fc.oneof(fc.dictionary(anyText, fc.jsonValue()).map(canonicalJson), anyText),
  })
  .map((fields) => chainRow(START, fields));

describe("a row as a line of JSON", () => {
  it("is one line, and holds all that its hash was made of", () => {
    fc.assert(
      fc.property(anyRow, (row) => {
        const line = toJsonLine(row);
        expect(line.trimEnd()).not.toMatch(/[\r\n]/);
        const again = parseJsonLine(Buffer.from(line.slice(0, -1)));
        expect(hashRow(again)).toBe(row.hash);
        expect(again).toMatchObject(row);
      }),
    );
  });

  it("has its data as an object, for those who search in it", () => {
    const row = chainRow(START, {
      at: 0,
      team_id: null,
      request_id: null,
      actor: "a",
      event: "e",
      data: '{"a":1}',
    });
    expect(JSON.parse(toJsonLine(row))).toMatchObject({ data: { a: 1 }, time: "1970-01-01T00:00:00.000Z" });
  });

  it.each(["", "null", "[]", '{"at":1}', "not json"])("%j is none", (line) => {
    expect(() => parseJsonLine(Buffer.from(line))).toThrow(SyntaxError);
  });
});

describe("a row as a line of CSV", () => {
  it("has nine cells, none of which a spreadsheet takes for a formula", () => {
    fc.assert(
      fc.property(anyRow, fc.constantFrom("=", "+", "-", "@", "\t", "\r", "＝", ""), (row, first) => {
        const cells = parseCsv(toCsvLine({ ...row, actor: `${first}${row.actor}` }));
        expect(cells).toHaveLength(9);
        for (const cell of cells) expect(cell).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/);
        expect(cells[4]?.replace(/^'/, "")).toBe(`${first}${row.actor}`.replace(/^'/, ""));
      }),
    );
  });
});

/** RFC 4180, one record. */
function parseCsv(line: string): string[] {
  const cells = [...line.slice(0, -2).matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)];
  return cells.map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? "");
}

describe("a time to start from", () => {
  const now = Date.UTC(2027, 0, 15, 12);
  it.each([
    ["7d", Date.UTC(2027, 0, 8, 12)],
    ["12h", Date.UTC(2027, 0, 15, 0)],
    ["30 m", Date.UTC(2027, 0, 15, 11, 30)],
    ["2W", Date.UTC(2027, 0, 1, 12)],
    ["2027-01-01", Date.UTC(2027, 0, 1)],
    ["2027-01-01 08:30", Date.UTC(2027, 0, 1, 8, 30)],
    ["2027-01-01T08:30Z", Date.UTC(2027, 0, 1, 8, 30)],
    ["2027-01-01T08:30:15.250+02:00", Date.UTC(2027, 0, 1, 6, 30, 15, 250)],
    ["2027-02-30", null],
    ["2027-13-01", null],
    ["yesterday", null],
    ["7", null],
    ["-7d", null],
    ["", null],
    ["999999d", null],
  ])("%j is %j", (text, expected) => {
    expect(parseSince(text, now)).toBe(expected);
  });
});
