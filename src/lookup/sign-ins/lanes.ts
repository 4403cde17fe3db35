import { hoursToMilliseconds } from "date-fns/hoursToMilliseconds";

import type { AccessRequest } from "../../api/cloudflare.ts";

/** What a picture of sign-ins shows. */
export const SIGN_IN_SPAN_MS = hoursToMilliseconds(24);
/** More than these are not told apart on a phone. */
const MAX_LANES = 8;

interface Place {
  country: string | null;
  ip: string | null;
}

/** A user's sign-ins of 24 hours, sorted by where they came from. */
export interface SignInLanes {
  /** The 24 hours, epoch milliseconds. */
  from: number;
  to: number;
  /** The one with the newest sign-in first. */
  lanes: Lane[];
  /** What is not in the lanes: further places with their sign-ins, and sign-ins without a time. */
  others: { places: number; signIns: number };
  undated: number;
  /** When this user's access was revoked within that time, the oldest first. */
  revokedAt: number[];
}

/** One address and its country; null where Cloudflare names none. */
export interface Lane extends Place {
  /** The oldest first. `allowed` is null where Cloudflare does not say. */
  signIns: { at: number; allowed: boolean | null }[];
}

/**
 * `requests`: in any order; those older than 24 hours are left out. `places`: which country an address is in, as the
 * identities of sessions say, since Cloudflare's log of sign-ins names addresses only. `revokedAt` and `now`: epoch
 * milliseconds.
 */
export function signInLanes(
  requests: readonly AccessRequest[],
  { places, revokedAt, now }: { places: readonly Place[]; revokedAt: readonly number[]; now: number },
): SignInLanes {
  const from = now - SIGN_IN_SPAN_MS;
  const isWithin = (at: number) => at >= from && at <= now;
  const dated = requests
    .flatMap(({ at, ...one }) => (at === null || !isWithin(at) ? [] : [{ ...one, at }]))
    .toSorted((a, b) => a.at - b.at);
  const countries = new Map(places.map(({ ip, country }) => [ip, country]));
  const all = [...Map.groupBy(dated, ({ ip }) => ip)]
    .map(([ip, ofPlace]): Lane => {
      const country = ip === null ? null : (countries.get(ip) ?? null);
      return { country, ip, signIns: ofPlace.map(({ at, allowed }) => ({ at, allowed })) };
    })
    .toSorted((a, b) => newest(b) - newest(a));
  const left = all.slice(MAX_LANES);
  return {
    from,
    to: now,
    lanes: all.slice(0, MAX_LANES),
    others: { places: left.length, signIns: left.reduce((sum, { signIns }) => sum + signIns.length, 0) },
    undated: requests.filter(({ at }) => at === null).length,
    revokedAt: revokedAt.filter(isWithin).toSorted((a, b) => a - b),
  };
}

function newest({ signIns }: Lane): number {
  return signIns.at(-1)?.at ?? 0;
}

/** How many of a lane were allowed, denied, and of how many Cloudflare does not say. */
export function countLane({ signIns }: Lane): { allowed: number; denied: number; unknown: number } {
  const allowed = signIns.filter((one) => one.allowed === true).length;
  const denied = signIns.filter((one) => one.allowed === false).length;
  return { allowed, denied, unknown: signIns.length - allowed - denied };
}
