import { milliseconds } from "date-fns/milliseconds";

import type {
  AccessRequest,
  AccessRequests,
  AccessUser,
  CallOptions,
  Cloudflare,
} from "../../api/cloudflare.ts";

/** How far back may be asked. */
export const MAX_DAYS = 7;

/** Of a user with more, the newest ones are shown, and the answer says so. */
const MAX_REQUESTS = 1000;

/**
 * A user's Access requests of the last days, allowed and denied. Cloudflare's log knows addresses only, and whether
 * its filter folds case is not documented: it is searched as the user is spelled, then in lower case. Newest first;
 * those without a time come last.
 */
export async function readSignIns(
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

/** How many were allowed, how many were denied, and of how many that is unknown. */
export function countResults(requests: readonly AccessRequest[]): {
  allowed: number;
  denied: number;
  unknown: number;
} {
  const allowed = requests.filter((one) => one.allowed === true).length;
  const denied = requests.filter((one) => one.allowed === false).length;
  return { allowed, denied, unknown: requests.length - allowed - denied };
}

export interface AppSignIns {
  /** The application's domain and path, else its id. */
  app: string | null;
  count: number;
  denied: number;
}

/** On which application, most first. */
export function countByDomain(requests: readonly AccessRequest[]): AppSignIns[] {
  const byApp = Map.groupBy(requests, (one) => one.appDomain ?? one.appUid);
  return [...byApp]
    .map(([app, ofApp]) => ({ app, count: ofApp.length, denied: countResults(ofApp).denied }))
    .toSorted((a, b) => b.count - a.count);
}

/** How many are spelled differently: perhaps another user, whose address differs in case. */
export function spelledOtherwise(requests: readonly AccessRequest[], user: AccessUser): number {
  return requests.filter((one) => one.email !== null && one.email !== user.email).length;
}
