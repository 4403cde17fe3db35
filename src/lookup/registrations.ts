import type { CallOptions, Cloudflare, Registration, WriteReceipt } from "../api/cloudflare.ts";
import { isCloudflareFailure } from "../api/errors.ts";
import { takeUpTo } from "./take.ts";

/** A user with more is shown the first ones, and the count says so. */
const MAX_REGISTRATIONS = 500;

const PAGE_SIZE = 50;

/** "all": whether revoked or not. */
export type RegistrationState = "active" | "revoked" | "all";

/** The answer where a user has none in a state. */
export const NO_REGISTRATION: Readonly<Record<RegistrationState, string>> = {
  active: "This user has no registered device.",
  revoked: "This user has no revoked device to restore.",
  all: "This user has no device registration, active or revoked.",
};

export interface Registrations {
  items: Registration[];
  /** False: Cloudflare has more than these, which are the first MAX_REGISTRATIONS. */
  isComplete: boolean;
}

/** A user's registrations, to be shown: no more than MAX_REGISTRATIONS are read. */
export async function readRegistrations(
  cloudflare: Cloudflare,
  userId: string,
  status: RegistrationState,
  call?: CallOptions,
): Promise<Registrations> {
  const query = { userIds: [userId], status, perPage: PAGE_SIZE };
  return takeUpTo(MAX_REGISTRATIONS, cloudflare.devices.iterateRegistrations(query, call));
}

/** Every registration of the user in a state, however many: for choosing, and for telling old from new. */
export async function allRegistrations(
  cloudflare: Cloudflare,
  userId: string,
  status: RegistrationState,
  call?: CallOptions,
): Promise<Registration[]> {
  const query = { userIds: [userId], status, perPage: PAGE_SIZE };
  return (await takeUpTo(Number.POSITIVE_INFINITY, cloudflare.devices.iterateRegistrations(query, call)))
    .items;
}

/** How many ids are read at once: they travel in the address. */
const ID_BATCH = 200;

/** Those of `ids` that exist and that Cloudflare says are this user's. */
export async function readExisting(
  cloudflare: Cloudflare,
  { userId, ids }: { userId: string; ids: readonly string[] },
  call?: CallOptions,
): Promise<Registration[]> {
  const found: Registration[] = [];
  for (let from = 0; from < ids.length; from += ID_BATCH) {
    const query = { ids: ids.slice(from, from + ID_BATCH), status: "all" as const, perPage: PAGE_SIZE };
    for await (const one of cloudflare.devices.iterateRegistrations(query, call)) found.push(one);
  }
  // Whether a list of all still holds deleted ones, with the time, is not documented.
  return found.filter((one) => one.userId === userId && one.deletedAt === null);
}

/**
 * Sends one change for those of `ids` that exist and are this user's; null where none is left. Cloudflare refuses a
 * call whole when one of its ids is gone: where some went meanwhile, the others are sent again.
 * @throws whatever `send` throws, and CloudflareError when it cannot be read which exist.
 */
export async function changeExisting(
  cloudflare: Cloudflare,
  { userId, ids }: { userId: string; ids: readonly string[] },
  send: (ids: string[]) => Promise<WriteReceipt>,
): Promise<{ receipt: WriteReceipt | null; skipped: string[] }> {
  const read = async (some: readonly string[]): Promise<string[]> =>
    (await readExisting(cloudflare, { userId, ids: some })).map((one) => one.id);
  const outcome = (sent: readonly string[], receipt: WriteReceipt | null) => ({
    receipt,
    skipped: ids.filter((id) => !sent.includes(id)),
  });
  const there = await read(ids);
  if (there.length === 0) return outcome([], null);
  try {
    return outcome(there, await send(there));
  } catch (error) {
    // Which code a gone id has is not documented; that it was refused whole is all that must be sure.
    if (!isCloudflareFailure(error) || (error.kind !== "not-found" && error.kind !== "http")) throw error;
    if (error.applied !== "no") throw error;
    const left = await read(there);
    if (left.length === there.length) throw error;
    return left.length === 0 ? outcome([], null) : outcome(left, await send(left));
  }
}

export function isActive(registration: Registration): boolean {
  return registration.revokedAt === null && registration.deletedAt === null;
}

/** A request that revoked all that a user had, and when it was carried out: epoch milliseconds. */
export interface RevokedBy {
  requestId: string;
  from: number;
  to: number;
}

/** Cloudflare's clock is not ours. */
const CLOCK_MARGIN_MS = 60_000;

/**
 * Those that were revoked while a request was carried out: Cloudflare does not say which ones a revocation of the
 * user took along. What was revoked before or later, by another actor or for another reason, is not among them.
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
