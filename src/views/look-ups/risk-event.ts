import { readRecord, readText, readTime } from "../../api/fields.ts";
import type { RiskScore } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { richCell, type Cell } from "../cells.ts";
import { clean, duration, escape, named, utc, when } from "../text.ts";

type RiskEvent = RiskScore["events"][number];

/** Words from outside and moments, to be drawn as mrkdwn, as a cell or as plain text. */
type Phrase = readonly (string | { at: number })[];

const MAX_WORDS = 220;
const MAX_PAIRS = 8;
const MAX_DEPTH = 4;

/** What happened in one sentence, in mrkdwn: `Impossible travel: GB (192.0.2.44) → BR (203.0.113.199) within 5 h`. */
export function riskEventText(event: RiskEvent): string {
  return phraseOf(event)
    .map((part) => (typeof part === "string" ? escapeKeepingEdges(part) : when(part.at)))
    .join("");
}

/** The same as a cell of a table, with `mark` before it. */
export function riskEventCell(mark: string, event: RiskEvent): Cell {
  const parts = phraseOf(event).map((part) =>
    typeof part === "string"
      ? ({ type: "text", text: part } as const)
      : ({
          type: "date",
          timestamp: Math.floor(part.at / 1000),
          format: "{date_short_pretty} {time}",
          fallback: utc(part.at),
        } as const),
  );
  return richCell({ type: "text", text: mark }, ...parts);
}

/** The same as plain text; moments are in UTC. */
export function riskEventPlain(event: RiskEvent): string {
  return phraseOf(event)
    .map((part) => (typeof part === "string" ? part : utc(part.at)))
    .join("");
}

/** Blanks at the edges hold the parts of a phrase apart; escaping would trim them. */
function escapeKeepingEdges(part: string): string {
  const [, before = "", words = "", after = ""] = /^(\s*)(.*?)(\s*)$/s.exec(part) ?? [];
  return `${before}${escape(words, MAX_WORDS)}${after}`;
}

/** The details of an event are free-form: Cloudflare documents no shape. Known ones are read, others told as words. */
function phraseOf({ name, details }: RiskEvent): Phrase {
  const title = named(name, "Unnamed event", 80);
  const value = parseDetails(details);
  if (value === null) return [title];
  const told = (/impossible.?travel/i.test(title) ? journeyOf(value) : null) ?? pairsOf(value, title);
  const words = told.filter((part) => part !== "");
  return words.length === 0 ? [title] : [`${title}: `, ...words];
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

const STARTS = ["from", "previous", "prev", "first", "source", "origin", "last"];
const ENDS = ["to", "current", "new", "second", "destination", "next"];
const PLACE_LISTS = ["locations", "places", "logins", "events"];

interface Place {
  country: string | null;
  city: string | null;
  ip: string | null;
  at: number | null;
}

/** `GB (192.0.2.44) → BR (203.0.113.199) within 5 h`; null where no two places can be read. */
function journeyOf(value: unknown): Phrase | null {
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
  const between = first.at !== null && last.at !== null ? Math.abs(last.at - first.at) : readBetween(details);
  return [
    ...places.slice(0, 4).flatMap((place, index) => [index === 0 ? "" : " → ", ...placePhrase(place)]),
    between === null ? "" : ` within ${duration(between)}`,
  ];
}

function placePhrase({ country, city, ip, at }: Place): Phrase {
  const where = compact(city !== null && word(city), country !== null && word(country)).join(", ");
  const address = ip === null ? "" : where === "" ? word(ip) : ` (${word(ip)})`;
  return at === null ? [`${where}${address}`] : [`${where}${address}, `, { at }];
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

/** `user agent: curl, attempts: 14`: any shape as words, nested keys joined. A key that the title says is left out. */
function pairsOf(value: unknown, title: string): Phrase {
  const flat = flatten(value, "", 0);
  const isSaid = (key: string) => key === "count" || ` ${title.toLowerCase()} `.includes(` ${key} `);
  const pairs = flat.length === 1 ? flat.map((one) => (isSaid(one.key) ? { ...one, key: "" } : one)) : flat;
  const shown = pairs.slice(0, MAX_PAIRS).flatMap(({ key, value: said }, index) => {
    const before = `${index === 0 ? "" : ", "}${key === "" ? "" : `${key}: `}`;
    const at = typeof said === "string" && said.length >= 16 ? readTime(said) : null;
    return at === null ? [`${before}${word(String(said))}`] : [before, { at }];
  });
  const left = pairs.length - MAX_PAIRS;
  return left > 0 ? [...shown, `, and ${left} more`] : shown;
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
      return scalars.length === 0 ? [] : [{ key, value: scalars.slice(0, MAX_PAIRS).join(" ") }];
    return value.flatMap((one) => flatten(one, key, depth + 1));
  }
  return Object.entries(readRecord(value) ?? {}).flatMap(([name, one]) =>
    flatten(one, clean(`${key} ${wordsOfKey(name)}`, 60), depth + 1),
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

function word(text: string): string {
  return named(text.replaceAll(/[{}[\]"]/g, " "), "unknown", 80);
}
