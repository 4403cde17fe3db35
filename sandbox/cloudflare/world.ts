/**
 * The emulator's whole state as plain JSON. Times are epoch milliseconds; the resources turn them into what goes
 * over the wire. Only `SeenIdentity` is kept in its wire shape, because most of it is free-form there.
 */

export type RiskLevel = "low" | "medium" | "high";

export interface App {
  uid: string;
  name: string;
  hostname: string;
  type: string;
  aud: string;
}

export interface IdentityProvider {
  id: string;
  type: string;
  name: string;
  /** Whether it syncs its users by SCIM; absent: no. */
  scim?: boolean;
}

/** A Zero Trust list. */
export interface GatewayList {
  id: string;
  name: string;
  type: string;
  items: { value: string; description: string; createdAt: number }[];
  createdAt: number;
  updatedAt: number;
}

/** A Gateway rule, as far as it says whether a list is used. */
export interface GatewayRule {
  id: string;
  name: string;
  action: string;
  enabled: boolean;
  traffic: string;
  identity: string;
  createdAt: number;
}

/** A user as an identity provider last synced them. */
export interface ScimUser {
  id: string;
  idpId: string;
  email: string;
  name: string;
  active: boolean;
  createdAt: number;
  updatedAt: number;
}

export interface User {
  id: string;
  /** The JWT `sub`: a new one when a user is removed and added again. */
  userUuid: string;
  email: string;
  name: string | null;
  uid: string | null;
  seatUid: string | null;
  accessSeat: boolean;
  gatewaySeat: boolean;
  createdAt: number;
  updatedAt: number;
  lastLoginAt: number | null;
  /** While this is in the future the user cannot log in: the minute after a revocation. */
  noLoginUntil: number;
  /** When a revocation last asked for a new WARP authentication. */
  warpReauthAt: number | null;
  /** Why a person playing with the sandbox should look at this user; null for the ordinary ones. */
  story: string | null;
  /** Wire fields to put in place of the usual ones, for records as odd as real ones get. */
  odd?: Record<string, unknown>;
}

/** `GET …/last_seen_identity` as it goes over the wire; `iat` is epoch seconds. */
export type SeenIdentity = { iat: number } & Record<string, unknown>;

export interface Session {
  userId: string;
  nonce: string;
  issuedAt: number;
  expiresAt: number;
  revokedAt: number | null;
  apps: App[];
  identity: SeenIdentity;
  /** Replaces wire metadata fields, as `User.odd` does. */
  odd?: Record<string, unknown>;
}

export interface FailedLogin {
  userId: string;
  at: number;
  appName: string;
  aud: string;
  rayId: string;
  odd?: Record<string, unknown>;
}

export interface Registration {
  id: string;
  /** Equal to `id` unless the account is in multi-user mode. */
  deviceId: string;
  deviceName: string;
  clientVersion: string | null;
  userId: string;
  type: string;
  key: string;
  keyType: string | null;
  tunnelType: string | null;
  policyId: string;
  virtualIpv4: string | null;
  createdAt: number;
  updatedAt: number;
  lastSeenAt: number;
  revokedAt: number | null;
  deletedAt: number | null;
}

export interface RiskEvent {
  id: string;
  name: string;
  level: RiskLevel;
  at: number;
  details: unknown;
}

export interface RiskProfile {
  userId: string;
  /** The id that the risk API knows the user by; nearly always the Access user id. */
  riskUserId: string;
  lastResetAt: number | null;
  events: RiskEvent[];
}

export interface AccessRequest {
  action: string;
  allowed: boolean;
  appDomain: string;
  appUid: string;
  connection: string;
  at: number;
  ip: string;
  rayId: string;
  email: string;
}

export interface AuditEntry {
  id: string;
  at: number;
  action: "create" | "update" | "delete";
  description: string;
  success: boolean;
  tokenId: string | null;
  actorEmail: string | null;
  context: "api_token" | "api_key";
  cfRay: string;
  method: string;
  status: number;
  uri: string;
  userAgent: string;
  resourceId: string | null;
}

export interface World {
  accountId: string;
  apps: App[];
  idps: IdentityProvider[];
  users: User[];
  sessions: Session[];
  /** Last seen identity by Access user id. */
  identities: Record<string, SeenIdentity>;
  failedLogins: FailedLogin[];
  registrations: Registration[];
  risk: RiskProfile[];
  accessRequests: AccessRequest[];
  audit: AuditEntry[];
  lists: GatewayList[];
  rules: GatewayRule[];
  scimUsers: ScimUser[];
}

export function createEmptyWorld(accountId: string): World {
  return {
    accountId,
    apps: [],
    idps: [],
    users: [],
    sessions: [],
    identities: {},
    failedLogins: [],
    registrations: [],
    risk: [],
    accessRequests: [],
    audit: [],
    lists: [],
    rules: [],
    scimUsers: [],
  };
}

/** Finds a user by id, by exact email, or else by email without regard to case; null when there is none. */
export function findUser(world: World, who: string): User | null {
  const folded = who.toLowerCase();
  return (
    world.users.find((user) => user.id === who) ??
    world.users.find((user) => user.email === who) ??
    world.users.find((user) => user.email.toLowerCase() === folded) ??
    null
  );
}

/** The user's sessions that a login page would still accept at `now`: neither expired nor revoked. */
export function findLiveSessions(world: World, userId: string, now: number): Session[] {
  return world.sessions.filter(
    (session) => session.userId === userId && session.revokedAt === null && session.expiresAt > now,
  );
}

/** The user's registrations that are neither revoked nor deleted. */
export function findActiveRegistrations(world: World, userId: string): Registration[] {
  return world.registrations.filter(
    (registration) =>
      registration.userId === userId && registration.revokedAt === null && registration.deletedAt === null,
  );
}

/** Highest level among the events, or null when there is no event. */
export function highestRisk(events: readonly RiskEvent[]): RiskLevel | null {
  const levels = new Set(events.map((event) => event.level));
  return (["high", "medium", "low"] as const).find((level) => levels.has(level)) ?? null;
}
