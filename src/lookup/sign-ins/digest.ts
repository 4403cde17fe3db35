import { hoursToMilliseconds } from "date-fns/hoursToMilliseconds";

import type { AccessRequest } from "../../api/cloudflare.ts";

/** Fewer denials than this are somebody who mistyped. */
const MANY_DENIALS = 5;
/** A day, as the failed sign-ins are counted; what came before only says which addresses are usual. */
const RECENT_MS = hoursToMilliseconds(24);

/** What a user's Access requests of the last days say, small enough to be kept with a request as its evidence. */
export interface SignInDigest {
  /** In the last 24 hours. */
  allowed: number;
  denied: number;
  /** The newest address from which nothing had been allowed before, and then was, after five denials or more. */
  allowedAfterDenials: AllowedAfterDenials | null;
}

export interface AllowedAfterDenials {
  denied: number;
  allowed: number;
  ip: string;
  /** Ids of Access applications, or their domains where Cloudflare gives no id. */
  apps: string[];
  /** Their domains by id, for those that no open session names; absent from what was stored before it was kept. */
  domains?: Readonly<Record<string, string>>;
  /** Of the first one that was allowed, epoch milliseconds. */
  at: number;
}

type Dated = AccessRequest & { at: number };

/** `requests`: of several days, so that an address which is usual is not taken for a new one. */
export function digestSignIns(requests: readonly AccessRequest[], now: number): SignInDigest {
  const dated = requests
    .filter((one): one is Dated => one.at !== null && one.at <= now)
    .toSorted((a, b) => a.at - b.at);
  const recent = dated.filter((one) => one.at >= now - RECENT_MS);
  return {
    allowed: recent.filter((one) => one.allowed === true).length,
    denied: recent.filter((one) => one.allowed === false).length,
    allowedAfterDenials: findAllowedAfterDenials(dated, now - RECENT_MS),
  };
}

/** `dated`: the oldest first. */
function findAllowedAfterDenials(dated: readonly Dated[], since: number): AllowedAfterDenials | null {
  const firstAllowed = new Map<string, Dated>();
  for (const one of dated) {
    if (one.allowed === true && one.ip !== null && !firstAllowed.has(one.ip)) firstAllowed.set(one.ip, one);
  }
  const newest = [...firstAllowed.values()].at(-1);
  // Somebody's only address is no new one.
  if (newest?.ip == null || newest.at < since || firstAllowed.size < 2) return null;
  const before = newest.at;
  const denied = dated.filter((one) => one.allowed === false && one.at >= since && one.at < before).length;
  if (denied < MANY_DENIALS) return null;
  const allowed = dated.filter((one) => one.allowed === true && one.ip === newest.ip);
  const apps = new Set(allowed.flatMap((one) => one.appUid ?? one.appDomain ?? []));
  const domains = Object.fromEntries(
    allowed.flatMap(({ appUid, appDomain }) =>
      appUid === null || appDomain === null ? [] : [[appUid, appDomain] as const],
    ),
  );
  return { denied, allowed: allowed.length, ip: newest.ip, apps: [...apps], domains, at: newest.at };
}
