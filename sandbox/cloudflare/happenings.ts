/** What happens to users without the API, other than logins: they appear, enrol devices, raise risk. */
import { randomBytes, randomUUID } from "node:crypto";
import type { Registration, RiskEvent, RiskLevel, User, World } from "./world.ts";
import { findUser } from "./world.ts";

export interface RegisterDeviceOptions {
  name?: string;
  clientVersion?: string;
  /** Share a device between registrations: multi-user mode. */
  deviceId?: string;
  at?: number;
}

export interface RiskEventOptions {
  name?: string;
  level?: RiskLevel;
  details?: unknown;
  at?: number;
}

/** Nobody in the world has this email or id. */
export class UnknownUserError extends Error {
  constructor() {
    super("There is no such user in the emulator's world.");
    this.name = "UnknownUserError";
  }
}

/** Enrols a device with WARP: a new active registration. */
export function registerDevice(
  world: World,
  email: string,
  now: number,
  options: RegisterDeviceOptions = {},
): Registration {
  const user = requireUser(world, email);
  const at = options.at ?? now;
  const id = randomUUID();
  const registration: Registration = {
    id,
    deviceId: options.deviceId ?? id,
    deviceName: options.name ?? `${user.email.split("@")[0] ?? "user"}-laptop`,
    clientVersion: options.clientVersion ?? "2025.2.600.0",
    userId: user.id,
    type: "warp",
    key: randomBytes(32).toString("base64"),
    keyType: "secp256r1",
    tunnelType: "masque",
    policyId: world.registrations[0]?.policyId ?? randomUUID(),
    virtualIpv4: "100.96.0.1",
    createdAt: at,
    updatedAt: at,
    lastSeenAt: at,
    revokedAt: null,
    deletedAt: null,
  };
  world.registrations.push(registration);
  return registration;
}

/** Adds an event to the user's risk score. */
export function addRiskEvent(
  world: World,
  email: string,
  now: number,
  options: RiskEventOptions = {},
): RiskEvent {
  const user = requireUser(world, email);
  const event: RiskEvent = {
    id: randomUUID(),
    name: options.name ?? "Impossible travel",
    level: options.level ?? "high",
    at: options.at ?? now,
    details: options.details ?? {},
  };
  const profile = world.risk.find((profile) => profile.userId === user.id);
  if (profile) profile.events.push(event);
  else world.risk.push({ userId: user.id, riskUserId: user.id, lastResetAt: null, events: [event] });
  return event;
}

/** Adds a user without a seat and without a login. */
export function addUser(world: World, input: { email: string; name?: string | null }, now: number): User {
  const user: User = {
    id: randomUUID(),
    userUuid: randomUUID(),
    email: input.email,
    name: input.name ?? null,
    uid: null,
    seatUid: null,
    accessSeat: false,
    gatewaySeat: false,
    createdAt: now,
    updatedAt: now,
    lastLoginAt: null,
    noLoginUntil: 0,
    warpReauthAt: null,
    story: null,
  };
  world.users.push(user);
  return user;
}

/** The user, or `UnknownUserError`. */
export function requireUser(world: World, who: string): User {
  const user = findUser(world, who);
  if (!user) throw new UnknownUserError();
  return user;
}
