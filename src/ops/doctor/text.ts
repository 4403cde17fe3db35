import { plural } from "../../pluralize.ts";
import { clean } from "../../views/text.ts";
import { signOf, type Report, type Row } from "./results.ts";

/** A report for a terminal: a line for each row, and below a problem what fixes it. */
export function toText(report: Report): string {
  return [...report.rows.flatMap(toLines), "", summarize(report), ""].join("\n");
}

function toLines(row: Row): string[] {
  const line = `${signOf(row)} ${row.title}: ${clean(row.what, 2000)}`;
  switch (row.status) {
    case "problem":
      return [line, `   → ${clean(row.fix, 1000)}: ${row.link}`];
    case "unasked":
      return [row.link === undefined ? line : `${line}: ${row.link}`];
    case "ok":
    case "unknown":
      return [line];
  }
}

/** `2 problems, 1 unknown, 14 fine` */
export function summarize({ counts }: Report): string {
  const parts = [
    counts.problem === 0 ? "No problems" : plural(counts.problem, "problem"),
    ...(counts.unknown === 0 ? [] : [`${counts.unknown} unknown`]),
    ...(counts.unasked === 0 ? [] : [`${counts.unasked} to check yourself`]),
    `${counts.ok} fine`,
  ];
  return parts.join(", ");
}
