import { minutesToMilliseconds } from "date-fns/minutesToMilliseconds";

import type { Cloudflare } from "../../api/cloudflare.ts";
import type { Window } from "./merge.ts";
import { readCloudflareRows, type CloudflareRows, type Subject } from "./read.ts";

/** So long someone may turn the pages of what was read once. */
const KEPT_MS = minutesToMilliseconds(10);
/** Each may be thousands of rows; the oldest goes first. */
const MAX_KEPT = 8;

interface Kept {
  /** When it was read: what Cloudflare's logs got since is not in it. */
  at: number;
  read: Promise<CloudflareRows>;
}

const keptOf = new WeakMap<Cloudflare, Map<string, Kept>>();

/**
 * The same as {@link readCloudflareRows}, once for all pages of a window: a hundred pages, each read again, take the
 * account's whole rate limit. What could not be read is read again with the next page.
 */
export async function readKeptRows(
  cloudflare: Cloudflare,
  subjects: readonly Subject[],
  window: Window,
  now: number,
): Promise<CloudflareRows & { at: number }> {
  const all = keptOf.get(cloudflare) ?? new Map<string, Kept>();
  keptOf.set(cloudflare, all);
  for (const [key, { at }] of all) if (now - at >= KEPT_MS) all.delete(key);
  const key = JSON.stringify([
    window.since,
    window.until,
    subjects.map(({ user, called }) => [user.id, called]),
  ]);
  const known = all.get(key);
  const kept = known ?? { at: now, read: readCloudflareRows(cloudflare, subjects, window, now) };
  if (known === undefined) {
    for (const oldest of [...all.keys()].slice(0, Math.max(0, all.size - MAX_KEPT + 1))) all.delete(oldest);
    all.set(key, kept);
  }
  try {
    const rows = await kept.read;
    if (rows.missing.some(({ is }) => is.kind === "unknown")) forget();
    return { ...rows, at: kept.at };
  } catch (error) {
    forget();
    throw error;
  }

  function forget(): void {
    if (all.get(key) === kept) all.delete(key);
  }
}
