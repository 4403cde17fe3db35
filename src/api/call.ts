import type { CloudflareErrorKind } from "./errors.ts";

/**
 * A Cloudflare call as data. `CALLS` in cloudflare.ts lists all of them: the permission table in the docs, the
 * permission named in an error and the request on the wire come from the same line.
 */
export interface Call<Name extends string = string> {
  /** Readable and constant: it stands in logs, errors and metrics. */
  name: Name;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Under the base URL, with `{placeholders}`; `{account_id}` is filled in by the client. */
  path: string;
  /** The token permission it needs, in the dashboard's words; null where Cloudflare lists none. */
  permission: string | null;
  /** Reads are retried and may be shared; writes are sent exactly once. */
  mode: "read" | "write";
}

/** What came of a call: "ok", or the kind of its error. */
export type CallOutcome = "ok" | CloudflareErrorKind | "unknown";

/** Told of each call that ended, with the milliseconds that it took: retries and waits included. */
export type OnCall = (call: Call, outcome: CallOutcome, ms: number) => void;

/** One try of a call, over the wire. */
export interface Attempt {
  /** From 1 on. */
  number: number;
  /** null where no answer came. */
  status: number | null;
  /** What kept the answer away, as a code such as ECONNRESET or timeout; null where one came. */
  error: string | null;
  /** From sending it to its answer. */
  ms: number;
}

/** Told of each attempt that ended. */
export type OnAttempt = (call: Call, attempt: Attempt) => void;

/** The words for a permission that Cloudflare's documents do not name. */
export const UNLISTED_PERMISSION = "not listed by Cloudflare";

export const ACCESS_AUDIT_LOGS_READ = "Access: Audit Logs Read";
export const ZERO_TRUST_WRITE = "Zero Trust Write";
export const ACCOUNT_SETTINGS_READ = "Account Settings Read";
export const ZERO_TRUST_READ = "Zero Trust Read";
export const IDENTITY_PROVIDERS_READ = "Access: Organizations, Identity Providers, and Groups Read";
export const ZERO_TRUST_PII_READ = "Zero Trust: PII Read";

export function readCall<Name extends string>(
  name: Name,
  path: string,
  permission: string | null,
): Call<Name> {
  return { name, method: "GET", path, permission, mode: "read" };
}

export function writeCall<Name extends string>(
  name: Name,
  route: `${"POST" | "PUT" | "PATCH" | "DELETE"} /${string}`,
  permission: string | null,
): Call<Name> {
  const [method, path] = route.split(" ") as [Call["method"], string];
  return { name, method, path, permission, mode: "write" };
}

/**
 * The path with its placeholders filled, and the same for the log, where anything that does not look like an id
 * (an address typed in place of one) is blanked.
 *
 * @throws TypeError when an id is missing, empty, "." or "..": such a path would name something else.
 */
export function fillPath(
  template: string,
  ids: Readonly<Record<string, string>>,
): { path: string; logPath: string } {
  const values = new Map<string, string>();
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = ids[name];
    if (value === undefined || /^\s*$|^\.{1,2}$/.test(value)) throw new TypeError(`${name} must be an id`);
    values.set(name, value);
    return encodeURIComponent(value);
  });
  const logPath = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values.get(name) ?? "";
    return /^[\w-]{1,64}$/.test(value) ? value : "[redacted]";
  });
  return { path, logPath };
}

export type QueryValue = string | number | boolean | readonly string[] | undefined;
export type Query = Readonly<Record<string, QueryValue>>;

/**
 * The query as Cloudflare reads it: names as they are (dots kept), a list as a repeated name, no brackets, no
 * commas; `+` as %2B and `@` as %40. Undefined values are left out.
 */
export function serializeQuery(query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) params.append(name, String(item));
  }
  return params.toString();
}

/** Epoch milliseconds as the ISO 8601 time that Cloudflare's filters take. */
export function toIsoTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
