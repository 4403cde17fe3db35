/**
 * A Cloudflare call as data. `CALLS` in cloudflare.ts lists all of them: the permission table in the docs, the
 * permission named in an error and the request on the wire come from the same line.
 */
export interface Call {
  /** Readable and constant: it stands in logs, errors and metrics. */
  name: string;
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Under the base URL, with `{placeholders}`; `{account_id}` is filled in by the client. */
  path: string;
  /** The token permission it needs, in the dashboard's words; null where Cloudflare lists none. */
  permission: string | null;
  /** A permission for less that may do as well. */
  narrowerPermission?: string;
  /** Reads are retried and may be shared; writes are sent exactly once. */
  mode: "read" | "write";
}

/** The words for a permission that Cloudflare's documents do not name. */
export const UNLISTED_PERMISSION = "not listed by Cloudflare";

export const ACCESS_AUDIT_LOGS_READ = "Access: Audit Logs Read";
export const ZERO_TRUST_READ = "Zero Trust Read";
export const ZERO_TRUST_WRITE = "Zero Trust Write";
export const ZERO_TRUST_PII_READ = "Zero Trust: PII Read";

/** Keeps the literal names of a resource's calls while checking their form. */
export function defineCalls<Name extends string>(calls: Record<Name, Call>): Readonly<Record<Name, Call>> {
  return calls;
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
