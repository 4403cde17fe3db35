import { readRecord, readText, readTime } from "../../api/fields.ts";
import { compact } from "../../compact.ts";

/** What the details of a risk event say, as data. Free-form: Cloudflare documents no shape. */
export type RiskDetails =
  /** `betweenMs`: from the first to the last of at least two places. */
  | { kind: "journey"; places: Place[]; betweenMs: number | null }
  /** A key is words; "" where the details are one value. A number in `value` that is a moment is in `at` as well. */
  | { kind: "pairs"; pairs: { key: string; value: Scalar; at: number | null }[] };

/** Reads the details of an event of this name; null where it has none. */
export function readRiskDetails(name: string, details: string | null): RiskDetails | null {
  const value = parseDetails(details);
  if (value === null) return null;
  return (
    (/impossible.?travel/i.test(name) ? journeyOf(value) : null) ?? { kind: "pairs", pairs: pairsOf(value) }
  );
}

/** Null where there are none. JSON that was cut on its way here can't be parsed: its words are left. */
function parseDetails(details: string | null): unknown {
  if (details === null) return null;
  if (!/^\s*[[{"]/.test(details)) return details;
  try {
    return JSON.parse(details) as unknown;
  } catch {
    return details.replaceAll(/[{}[\]"\\]/g, " ").replaceAll(/\s*([:,])\s*/g, "$1 ");
  }
}

const MAX_DEPTH = 4;
const MAX_LIST = 8;
const STARTS = ["from", "previous", "prev", "first", "source", "origin", "last"];
const ENDS = ["to", "current", "new", "second", "destination", "next"];
const PLACE_LISTS = ["locations", "places", "logins", "events"];

export interface Place {
  country: string | null;
  city: string | null;
  ip: string | null;
  at: number | null;
}

/** Null where no two places can be read. */
function journeyOf(value: unknown): RiskDetails | null {
  const details = readRecord(value);
  if (details === null) return null;
  const listed = PLACE_LISTS.flatMap((key) => {
    const list = details[key];
    return Array.isArray(list) ? list.map((one) => placeOf(one)) : [];
  });
  const pair = [placeUnder(details, STARTS), placeUnder(details, ENDS)];
  const places = compact<Place>(...(listed.length > 1 ? listed : pair));
  const [first] = places;
  const last = places.at(-1);
  if (places.length < 2 || first === undefined || last === undefined) return null;
  const betweenMs =
    first.at !== null && last.at !== null ? Math.abs(last.at - first.at) : readBetween(details);
  return { kind: "journey", places, betweenMs };
}

/** A place under one of these keys, as an object or a country's name; or spread: `from_country`, `fromIp`. */
function placeUnder(details: Record<string, unknown>, keys: readonly string[]): Place | null {
  for (const key of keys) {
    const whole = placeOf(details[key] ?? details[`${key}_location`] ?? details[`${key}Location`]);
    if (whole !== null) return whole;
    const spread = Object.entries(details).flatMap(([name, value]) => {
      const rest = wordsOfKey(name).split(" ");
      return rest.length > 1 && rest[0] === key ? [[rest.slice(1).join("_"), value] as const] : [];
    });
    const place = placeOf(Object.fromEntries(spread));
    if (place !== null) return place;
  }
  return null;
}

function placeOf(value: unknown): Place | null {
  if (typeof value === "string" && value !== "") return { country: value, city: null, ip: null, at: null };
  const record = readRecord(value);
  if (record === null) return null;
  const textOf = (...keys: string[]) => keys.map((key) => readText(record[key])).find((one) => one !== null);
  const country = textOf("country", "country_code", "country_name") ?? null;
  const city = textOf("city", "region") ?? null;
  const ip = textOf("ip", "ip_address", "address") ?? null;
  const at = readTime(record["time"] ?? record["timestamp"] ?? record["at"] ?? record["datetime"]);
  return country === null && city === null && ip === null ? null : { country, city, ip, at };
}

const MS = { minutes: 60_000, hours: 3_600_000, seconds: 1000 };

function readBetween(details: Record<string, unknown>): number | null {
  for (const [unit, ms] of Object.entries(MS)) {
    const count = details[unit] ?? details[`${unit}_between`];
    if (typeof count === "number" && Number.isFinite(count) && count >= 0) return count * ms;
  }
  return null;
}

function pairsOf(value: unknown): { key: string; value: Scalar; at: number | null }[] {
  return flatten(value, "", 0).map(({ key, value: said }) => ({
    key,
    value: said,
    at: typeof said === "string" && said.length >= 16 ? readTime(said) : null,
  }));
}

type Scalar = string | number | boolean;

function flatten(value: unknown, key: string, depth: number): { key: string; value: Scalar }[] {
  if (typeof value === "string") return value.trim() === "" ? [] : [{ key, value }];
  if (typeof value === "number" || typeof value === "boolean") return [{ key, value }];
  if (depth >= MAX_DEPTH) return [];
  if (Array.isArray(value)) {
    const scalars = value.filter((one): one is Scalar =>
      ["string", "number", "boolean"].includes(typeof one),
    );
    if (scalars.length === value.length)
      return scalars.length === 0 ? [] : [{ key, value: scalars.slice(0, MAX_LIST).join(" ") }];
    return value.flatMap((one) => flatten(one, key, depth + 1));
  }
  return Object.entries(readRecord(value) ?? {}).flatMap(([name, one]) =>
    flatten(one, `${key} ${wordsOfKey(name)}`.trim(), depth + 1),
  );
}

/** `user_agent`, `userAgent` and `user-agent`: `user agent`. */
function wordsOfKey(key: string): string {
  return key
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/[_\-.\s]+/g, " ")
    .trim()
    .toLowerCase();
}
