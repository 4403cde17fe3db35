import type { Line, Row } from "./row.ts";

/** When and where rows were measured. */
export interface Circumstances {
  /** ISO 8601. */
  date: string;
  machine: string;
  command: string;
}

const mark = (line: Line): string => (line.met === null ? "" : line.met ? "✅" : "❌");

const ratioOf = ({ ratio }: Line): string => (ratio === null ? "" : `${ratio.toFixed(2)}×`);

/** A row's figures as `npm run bench` prints them. */
export function renderText(row: Row, lines: readonly Line[]): string {
  const shown = lines.map((line) => {
    const beside = line.beside === "" ? [] : [`beside ${line.beside}`];
    const figures = [line.ours, ...beside, ratioOf(line)].filter((part) => part !== "").join(", ");
    const goal = line.goal === "" ? [] : [`goal ${line.goal}`];
    const rest = [figures, ...goal, line.note ?? ""].filter((part) => part !== "").join("; ");
    return `  ${mark(line) || "–"} ${line.what}: ${rest}`;
  });
  return [`${row.name}: ${row.title}, beside ${row.beside}`, ...shown].join("\n");
}

/** Where a row's part of docs/performance.md begins: what a row says of itself, with or without figures. */
export function renderHead(row: Row): string {
  return `## \`${row.name}\`: ${row.title}\n\nBeside ${row.beside}.`;
}

/** A row's part of docs/performance.md; without figures until it is measured. */
export function renderMarkdown(
  row: Row,
  measured: { lines: readonly Line[]; circumstances: Circumstances } | null,
): string {
  if (measured === null) return `${renderHead(row)} Not measured yet.`;
  const { lines, circumstances } = measured;
  const table = lines.map((line) =>
    tableRow([line.what, line.ours, line.beside, ratioOf(line), line.goal, mark(line), line.note ?? ""]),
  );
  return [
    `${renderHead(row)} Measured ${circumstances.date} with \`${circumstances.command}\` on ${circumstances.machine}.`,
    "",
    tableRow(["", "zt-bot", "beside", "ratio", "goal", "", ""]),
    tableRow(Array.from({ length: 7 }, () => "---")),
    ...table,
  ].join("\n");
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

const begin = (name: string): string => `<!-- generated: ${name} -->`;
const end = (name: string): string => `<!-- end: ${name} -->`;

/** The names of the rows that docs/performance.md has a part for, in order. */
export function listWritten(text: string): string[] {
  return [...text.matchAll(/<!-- generated: (\S+) -->/g)].map(([, name]) => name ?? "");
}

/** The generated part of one row; null where there is none. */
export function findWritten(text: string, name: string): string | null {
  const from = text.indexOf(begin(name));
  const to = text.indexOf(end(name));
  return from === -1 || to === -1 ? null : text.slice(from + begin(name).length, to).trim();
}

/** Puts a row's part in its place, what is written by hand below it stays; a row without a place gets one at the end. */
export function write(text: string, row: Row, part: string): string {
  const block = `${begin(row.name)}\n\n${part}\n\n`;
  const from = text.indexOf(begin(row.name));
  const to = text.indexOf(end(row.name));
  if (from === -1 || to === -1) return `${text.trimEnd()}\n\n${block}${end(row.name)}\n`;
  return `${text.slice(0, from)}${block}${text.slice(to)}`;
}
