/** What the API's writes do to the world. No HTTP here: the resources check the request, these change the state. */
import type { Registration, User, World } from "./world.ts";
import { findActiveRegistrations, findLiveSessions } from "./world.ts";

export interface RevokeUserOptions {
  devices: boolean;
  warpReauth: boolean;
  /** How long the user cannot log in, milliseconds. */
  noLoginMs: number;
}

/** Ends every Access session of the user; not a ban: after `noLoginMs` the user can log in again. */
export function revokeUser(world: World, user: User, now: number, options: RevokeUserOptions): void {
  for (const session of findLiveSessions(world, user.id, now)) session.revokedAt = now;
  user.noLoginUntil = now + options.noLoginMs;
  if (options.warpReauth) user.warpReauthAt = now;
  if (options.devices) revokeRegistrations(findActiveRegistrations(world, user.id), now);
}

/** Revokes registrations; one that is revoked already keeps its first time. */
export function revokeRegistrations(registrations: readonly Registration[], now: number): void {
  for (const registration of registrations) {
    if (registration.revokedAt !== null) continue;
    registration.revokedAt = now;
    registration.updatedAt = now;
  }
}

/** Undoes a revocation of registrations. */
export function unrevokeRegistrations(registrations: readonly Registration[], now: number): void {
  for (const registration of registrations) {
    if (registration.revokedAt === null) continue;
    registration.revokedAt = null;
    registration.updatedAt = now;
  }
}

/** Deletes registrations for good and frees their virtual addresses. */
export function deleteRegistrations(registrations: readonly Registration[], now: number): void {
  for (const registration of registrations) {
    Object.assign(registration, { deletedAt: now, updatedAt: now, virtualIpv4: null });
  }
}

/** Empties the user's risk events and remembers when. */
export function resetRisk(world: World, userId: string, now: number): void {
  const profile = world.risk.find((profile) => profile.userId === userId);
  if (profile) Object.assign(profile, { events: [], lastResetAt: now });
  else world.risk.push({ userId, riskUserId: userId, lastResetAt: now, events: [] });
}

/** Removes the user with seat, sessions, registrations and risk. Access's own logs keep their entries. */
export function deleteUser(world: World, user: User): void {
  const isOthers = (record: { userId: string }): boolean => record.userId !== user.id;
  world.users = world.users.filter((other) => other.id !== user.id);
  world.sessions = world.sessions.filter(isOthers);
  world.registrations = world.registrations.filter(isOthers);
  world.risk = world.risk.filter(isOthers);
  world.failedLogins = world.failedLogins.filter(isOthers);
  delete world.identities[user.id];
}
