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
