import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { message, section } from "../../src/views/blocks.ts";
import {
  codeCell,
  dateCell,
  personCell,
  requestCell,
  table,
  textCell,
  type Cell,
} from "../../src/views/cells.ts";
import { anyText, messageProblems, NOW } from "./support.ts";

const anyCell: fc.Arbitrary<Cell> = fc.oneof(
  fc
    .tuple(anyText, fc.integer({ min: 1, max: 3000 }))
    .map(([text, times]) => textCell(text.repeat(times), 3000)),
  anyText.map((text) => codeCell(text.repeat(40), 400)),
  fc.boolean().map((isLong) => dateCell(NOW, { after: isLong ? " (last seen)" : "" })),
  fc.constant(personCell("U0ALICE01")),
  anyText.map((text) => requestCell("ZT-0000001", text.repeat(40))),
);

function charactersOf(rows: readonly (readonly Cell[])[]): number {
  return JSON.stringify(rows).length;
}

describe("a table", () => {
  it("holds no more than Slack takes of all cells together, with every row there", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }).chain((columns) =>
          fc.record({
            titles: fc.array(fc.constantFrom("When", "App", "Device"), {
              minLength: columns,
              maxLength: columns,
            }),
            rows: fc.array(fc.array(anyCell, { minLength: columns, maxLength: columns }), {
              minLength: 1,
              maxLength: 30,
            }),
          }),
        ),
        ({ titles, rows }) => {
          const drawn = table(titles, rows);
          expect(drawn.rows).toHaveLength(rows.length + 1);
          const problems = messageProblems(message("words", section("words"), drawn));
          // All blocks together have a limit of their own, which is not the table's business.
          expect(problems.filter((problem) => !JSON.stringify(problem).includes("too much text"))).toEqual(
            [],
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it("leaves cells that fit as they are", () => {
    const rows = Array.from({ length: 20 }, (_, n) => [textCell(`row ${n}`), codeCell("x".repeat(64))]);
    expect(table(["A", "B"], rows).rows.slice(1)).toEqual(rows);
    expect(charactersOf(rows)).toBeLessThan(10_000);
  });

  it("cuts the longest first: what is short is still whole", () => {
    const rows = Array.from({ length: 30 }, (_, n) => [textCell(`row ${n}`), textCell("x".repeat(900), 900)]);
    const drawn = table(["Short", "Long"], rows).rows.slice(1);
    expect(drawn.map(([short]) => short)).toEqual(rows.map(([short]) => short));
    expect(JSON.stringify(drawn[0]?.[1])).toContain("…");
  });
});
