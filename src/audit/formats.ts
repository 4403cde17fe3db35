import type { ChainedRow } from "./chain.ts";

/**
 * A row as one line of JSON. `data` is an object, where writing it out again gives the very text that was hashed, so
 * that anybody with the line can check the hash; a text that is not like that is given as a string.
 */
export function toJsonLine(row: ChainedRow): string {
  const { seq, at, team_id, request_id, actor, event, data, prev_hash, hash } = row;
  const time = isoTime(at);
  return `${JSON.stringify({ seq, time, at, team_id, request_id, actor, event, data: readable(data), prev_hash, hash })}\n`;
}

/**
 * The row in a line, which has to be, byte for byte, what toJsonLine makes of the row: what the hash does not cover
 * (`time`, a further key, one that stands there twice) says nothing else than what it covers.
 * @throws SyntaxError that goes on from "line 7 …".
 */
export function parseJsonLine(line: Buffer): ChainedRow {
  const row = parseRow(line.toString("utf8"));
  if (row === null) throw new SyntaxError("is no row of the record");
  if (!Buffer.from(toJsonLine(row)).subarray(0, -1).equals(line))
    throw new SyntaxError(`(row ${row.seq}) was altered outside of what its hash covers`);
  return row;
}

function parseRow(line: string): ChainedRow | null {
  try {
    return rowOfJson(JSON.parse(line));
  } catch {
    return null;
  }
}

/** The row of a parsed line; null for anything else. Whether it is what was written shows by its hash and its line. */
export function rowOfJson(parsed: unknown): ChainedRow | null {
  const read = parsed as (Omit<ChainedRow, "data"> & { data: unknown }) | null;
  if (typeof read !== "object" || !Number.isSafeInteger(read?.seq)) return null;
  const { data, ...row } = read as NonNullable<typeof read>;
  return { ...row, data: typeof data === "string" ? data : JSON.stringify(data) };
}

function readable(data: string): unknown {
  try {
    const parsed: unknown = JSON.parse(data);
    return typeof parsed === "object" && JSON.stringify(parsed) === data ? parsed : data;
  } catch {
    return data;
  }
}

const COLUMNS = [
  "seq",
  "time",
  "team_id",
  "request_id",
  "actor",
  "event",
  "data",
  "prev_hash",
  "hash",
] as const;

export const CSV_HEAD = `${COLUMNS.join(",")}\r\n`;

/** A row as RFC 4180 has it, for spreadsheets: what one would take for a formula begins with an apostrophe. */
export function toCsvLine(row: ChainedRow): string {
  const cells = { ...row, time: isoTime(row.at) };
  return `${COLUMNS.map((name) => csvCell(cells[name])).join(",")}\r\n`;
}

/** By OWASP's list of what Excel, LibreOffice and Google Sheets begin a formula with. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  return `"${(FORMULA.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
}

function isoTime(at: number): string | null {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
