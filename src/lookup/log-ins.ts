import { milliseconds } from "date-fns/milliseconds";

import type {
  AccessRequest,
  AccessRequests,
  AccessUser,
  CallOptions,
  Cloudflare,
} from "../api/cloudflare.ts";

/** How far back may be asked. */
export const MAX_DAYS = 7;

/** Somebody with more is shown the newest ones, and told so. */
const MAX_REQUESTS = 1000;

/**
 * A user's Access requests of the last days, allowed and denied. Cloudflare's log knows addresses only, and whether
 * its filter folds case is not documented: it is asked as the user is spelled, then in lower case. Newest first; those
 * without a time come last.
 */
export async function readLogIns(
  cloudflare: Cloudflare,
  email: string,
  { now, days }: { now: number; days: number },
  call?: CallOptions,
): Promise<AccessRequests> {
  const since = now - milliseconds({ days });
  const ask = (spelled: string) =>
    cloudflare.accessLogs.requests({ email: spelled, since, max: MAX_REQUESTS }, call);
  const found = await ask(email);
  const folded = email.toLowerCase();
  const { items, complete } = found.items.length === 0 && folded !== email ? await ask(folded) : found;
  return { items: items.toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0)), complete };
}

/** How many were let in, how many were not, and of how many it is not said. */
export function countResults(requests: readonly AccessRequest[]): {
  allowed: number;
  denied: number;
  unknown: number;
} {
  const allowed = requests.filter((one) => one.allowed === true).length;
  const denied = requests.filter((one) => one.allowed === false).length;
  return { allowed, denied, unknown: requests.length - allowed - denied };
}

export interface AppLogIns {
  /** The application's domain and path, else its id. */
  app: string | null;
  count: number;
  denied: number;
}

/** On which application, most first. */
export function countByDomain(requests: readonly AccessRequest[]): AppLogIns[] {
  const byApp = Map.groupBy(requests, (one) => one.appDomain ?? one.appUid);
  return [...byApp]
    .map(([app, ofApp]) => ({ app, count: ofApp.length, denied: countResults(ofApp).denied }))
    .toSorted((a, b) => b.count - a.count);
}

/** Spelled otherwise than the user: perhaps another one, whose address differs in case. */
export function spelledOtherwise(requests: readonly AccessRequest[], user: AccessUser): number {
  return requests.filter((one) => one.email !== null && one.email !== user.email).length;
}
