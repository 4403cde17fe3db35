import type { CallOptions, Cloudflare, Registration } from "../api/cloudflare.ts";

/** Somebody with more is shown the first ones, and told so. */
export const MAX_REGISTRATIONS = 500;

const PAGE_SIZE = 50;

/** "all": whether revoked or not. */
export type RegistrationState = "active" | "revoked" | "all";

/** What a responder is told where a user has none in a state. */
export const NO_REGISTRATION: Readonly<Record<RegistrationState, string>> = {
  active: "This user has no registered device.",
  revoked: "This user has no revoked device that could be restored.",
  all: "This user has no device registration, active or revoked.",
};

export interface Registrations {
  items: Registration[];
  /** False: Cloudflare has more than MAX_REGISTRATIONS. */
  complete: boolean;
}

/** A user's registrations, those that were revoked as well. */
export async function readRegistrations(
  cloudflare: Cloudflare,
  userId: string,
  call?: CallOptions,
): Promise<Registrations> {
  const items: Registration[] = [];
  const all = cloudflare.devices.iterateRegistrations(
    { userIds: [userId], status: "all", perPage: PAGE_SIZE },
    call,
  );
  for await (const registration of all) {
    if (items.length === MAX_REGISTRATIONS) return { items, complete: false };
    items.push(registration);
  }
  return { items, complete: true };
}

export function isActive(registration: Registration): boolean {
  return registration.revokedAt === null && registration.deletedAt === null;
}

/** A request that revoked whatever a user had, and when it was carried out: epoch milliseconds. */
export interface RevokedBy {
  requestId: string;
  from: number;
  to: number;
}

/** Cloudflare's clock is not ours. */
const CLOCK_MARGIN_MS = 60_000;

/**
 * Those that were revoked while a request was carried out: Cloudflare does not say which ones a revocation of the
 * user took along. What was revoked before or later, by somebody else or for another reason, is not among them.
 */
export function findRevokedBy(
  registrations: readonly Registration[],
  { from, to }: RevokedBy,
): Registration[] {
  return registrations.filter(
    ({ revokedAt }) =>
      revokedAt !== null && revokedAt >= from - CLOCK_MARGIN_MS && revokedAt <= to + CLOCK_MARGIN_MS,
  );
}

/** Active ones first, last seen first; then those that ended, last ended first. */
export function activeFirst(registrations: readonly Registration[]): Registration[] {
  const endedAt = (one: Registration): number => one.revokedAt ?? one.deletedAt ?? 0;
  return registrations.toSorted((a, b) => {
    if (isActive(a) !== isActive(b)) return isActive(a) ? -1 : 1;
    return isActive(a) ? (b.lastSeenAt ?? 0) - (a.lastSeenAt ?? 0) : endedAt(b) - endedAt(a);
  });
}
