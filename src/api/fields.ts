/**
 * Tolerant readers for single fields: each takes anything, never throws, and gives null (or an empty list) for
 * what it cannot read. Nothing is guessed: a value is either on the wire or absent.
 */

/** Non-empty text. Ids are numbers at times (a GitHub identity), so a finite number becomes its digits. */
export function readText(value: unknown): string | null {
  if (typeof value === "string") return value === "" ? null : value;
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return null;
}

/** `true`, `false`, or either as a word; everything else is unknown. */
export function readFlag(value: unknown): boolean | null {
  if (value === true || value === "true") return true;
  if (value === false || value === "false") return false;
  return null;
}

/** A count: a whole number from zero up, also when written as text (`result_info.count` of the audit log is). */
export function readCount(value: unknown): number | null {
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : null;
}

const ISO_TIME = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|z|[+-]\d{2}:?\d{2})?)?$/;
const YEAR_10000_MS = 253_402_300_800_000;
/** Epoch numbers below this are seconds (it is the year 5138 in seconds and March 1973 in milliseconds). */
const MS_FROM = 100_000_000_000;

/**
 * A time as epoch milliseconds from ISO 8601 (UTC where no zone is given), epoch seconds or epoch milliseconds.
 * Null for "", 0, and anything before 1970: Cloudflare's "never" is "", 0, null or the year 1.
 */
export function readTime(value: unknown): number | null {
  if (typeof value === "number") return readEpoch(value);
  if (typeof value !== "string") return null;
  if (/^\d{9,13}$/.test(value)) return readEpoch(Number(value));
  const [, day, time, zone] = ISO_TIME.exec(value) ?? [];
  if (day === undefined) return null;
  return inRange(Date.parse(time === undefined ? day : `${day}T${time}${(zone ?? "Z").toUpperCase()}`));
}

function readEpoch(value: number): number | null {
  return inRange(Math.round(value < MS_FROM ? value * 1000 : value));
}

function inRange(ms: number): number | null {
  return ms > 0 && ms < YEAR_10000_MS ? ms : null;
}

/** The object itself where it is one (not an array), else null. */
export function readRecord(value: unknown): Record<string, unknown> | null {
  return isRecord(value) ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Texts of a list; what is not text is left out. Null where there is no list. */
export function readTexts(value: unknown): string[] | null {
  return Array.isArray(value) ? value.flatMap((item) => readText(item) ?? []) : null;
}

/** Reads one row; null where it is none. */
export type ReadRow<Row> = (value: unknown) => Row | null;
export type RowOf<Read extends ReadRow<unknown>> = NonNullable<ReturnType<Read>>;

/** The rows of a list (or the values of an object) that `read` can read, in order; the others are left out. */
export function readRows<Row>(read: ReadRow<Row>, value: unknown): Row[] {
  const items: unknown[] = Array.isArray(value) ? value : Object.values(readRecord(value) ?? {});
  return items.flatMap((item) => read(item) ?? []);
}

/** The same, and null where there is neither: what is not said is not known to be empty. */
export function readRowsOrNull<Row>(read: ReadRow<Row>, value: unknown): Row[] | null {
  return Array.isArray(value) || isRecord(value) ? readRows(read, value) : null;
}

type Field<Value> = (wire: Record<string, unknown>) => Value;

/** A row of fields. Without `needs`, the one that makes it a row, it is none. */
export function row<Fields extends Record<string, Field<unknown>>>(
  fields: Fields,
  needs?: string,
): ReadRow<{ [Name in keyof Fields]: ReturnType<Fields[Name]> }> {
  return (value) => {
    const wire = readRecord(value);
    if (wire === null || (needs !== undefined && readText(wire[needs]) === null)) return null;
    const read = Object.entries(fields).map(([name, of]) => [name, of(wire)]);
    return Object.fromEntries(read) as { [Name in keyof Fields]: ReturnType<Fields[Name]> };
  };
}

/** A field by its place on the wire, such as `metadata.nonce`: anything of it may be missing, null or something else. */
export function at<Value>(path: string, read: (value: unknown) => Value): Field<Value> {
  const keys = path.split(".");
  return (wire) => read(keys.reduce<unknown>((value, key) => readRecord(value)?.[key], wire));
}

export const text = (path: string) => at(path, readText);
export const flag = (path: string) => at(path, readFlag);
export const count = (path: string) => at(path, readCount);
export const time = (path: string) => at(path, readTime);
/** Text that is "" rather than null where the wire has none: an id that the row needs, or what every row shows. */
export const textOrEmpty = (path: string) => at(path, (value) => readText(value) ?? "");
