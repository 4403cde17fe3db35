/** Small readers and writers between the world and the wire. */
import type { Call } from "./exchange.ts";

/** RFC 3339, or null. */
export function toIso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** Epoch seconds, as Access sessions and identities have them. */
export function toSeconds(at: number): number {
  return Math.floor(at / 1000);
}

/** First value of a query parameter; an empty one counts as absent. */
export function readQuery(call: Call, name: string): string | undefined {
  const value = call.query[name]?.[0];
  return value === "" ? undefined : value;
}

/** A whole number from the query, `fallback` when absent, null when it is not one. */
export function readCount(call: Call, name: string, fallback: number): number | null {
  const text = readQuery(call, name);
  if (text === undefined) return fallback;
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** A time from the query as epoch milliseconds; undefined when absent, null when it is not one. */
export function readTime(call: Call, name: string): number | null | undefined {
  const text = readQuery(call, name);
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

/** The JSON body as a record; an empty one when it is something else. */
export function readBody(call: Call): Record<string, unknown> {
  const { body } = call;
  return typeof body === "object" && body !== null && !Array.isArray(body) ? { ...body } : {};
}

/** A position in a list, as an opaque cursor. */
export function makeCursor(offset: number): string {
  return Buffer.from(`after:${offset}`).toString("base64url");
}

/** The position behind a cursor; 0 without one, null when it is not one of ours. */
export function readCursor(call: Call): number | null {
  const text = readQuery(call, "cursor");
  if (text === undefined) return 0;
  const match = /^after:(\d{1,9})$/.exec(Buffer.from(text, "base64url").toString("utf8"));
  return match ? Number(match[1]) : null;
}
