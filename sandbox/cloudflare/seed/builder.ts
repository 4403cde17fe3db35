/**
 * Puts seeded records into a world. Ids come from a faker with a fixed seed and times are relative to `now`, so every
 * run has the same people with the same ids, and their last hour is always the last hour.
 */
import type { Faker } from "@faker-js/faker";
import type { App, Registration, RiskLevel, SeenIdentity, Session, User, World } from "../world.ts";
import type { PostureRuleName } from "./catalogue.ts";
import { CLIENT_VERSIONS, POSTURE_RULES } from "./catalogue.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface PersonInput {
  email: string;
  name: string | null;
  story?: string;
  /** How long ago the user was created; two years by default. */
  createdAgo?: number;
  /** How long ago the last login was; null: never. */
  lastLoginAgo: number | null;
  accessSeat?: boolean;
  gatewaySeat?: boolean;
  odd?: Record<string, unknown>;
}

export interface IdentityInput {
  country: string;
  idp?: string;
  id?: string | number;
  groups?: unknown[];
  ip?: string;
  warp?: boolean;
  failing?: readonly PostureRuleName[];
  /** No posture rule was checked. */
  noPosture?: boolean;
  deviceId?: string;
  odd?: Record<string, unknown>;
}

export interface SessionInput {
  apps: readonly string[];
  issuedAgo: number;
  /** Seconds; 24 hours by default. */
  ttl?: number;
  odd?: Record<string, unknown>;
}

export interface DeviceInput {
  name: string;
  createdAgo?: number;
  lastSeenAgo?: number;
  revokedAgo?: number;
}

export interface RiskInput {
  name: string;
  level: RiskLevel;
  ago: number;
  details?: unknown;
}

export interface Builder {
  world: World;
  faker: Faker;
  now: number;
  person(input: PersonInput): User;
  identity(user: User, input: IdentityInput, ago: number): SeenIdentity;
  session(user: User, identity: IdentityInput, input: SessionInput): Session;
  /** The identity of a user whose sessions are over. */
  seenBefore(user: User, identity: IdentityInput, ago: number): void;
  failedLogin(user: User, app: string, ago: number, odd?: Record<string, unknown>): void;
  device(user: User, input: DeviceInput): Registration;
  risk(
    user: User,
    events: readonly RiskInput[],
    options?: { lastResetAgo?: number; riskUserId?: string },
  ): void;
}

/** Public addresses reserved for documentation (RFC 5737). */
function makeIp(faker: Faker): string {
  const net = faker.helpers.arrayElement(["192.0.2", "198.51.100", "203.0.113"]);
  return `${net}.${faker.number.int({ min: 1, max: 254 })}`;
}

export function createBuilder(world: World, faker: Faker, now: number): Builder {
  const policyId = faker.string.uuid();

  function findApp(name: string): App {
    const known = world.apps.find((app) => app.name === name);
    if (known) return known;
    const made: App = {
      uid: faker.string.uuid(),
      name,
      hostname: `app-${world.apps.length}.example.com`,
      type: "self_hosted",
      aud: faker.string.hexadecimal({ length: 64, casing: "lower", prefix: "" }),
    };
    world.apps.push(made);
    return made;
  }

  function person(input: PersonInput): User {
    const accessSeat = input.accessSeat ?? input.lastLoginAgo !== null;
    const createdAt = now - (input.createdAgo ?? 730 * DAY);
    const lastLoginAt = input.lastLoginAgo === null ? null : now - input.lastLoginAgo;
    const user: User = {
      id: faker.string.uuid(),
      userUuid: faker.string.uuid(),
      email: input.email,
      name: input.name,
      uid: null,
      seatUid: accessSeat ? faker.string.uuid() : null,
      accessSeat,
      gatewaySeat: input.gatewaySeat ?? false,
      createdAt,
      updatedAt: lastLoginAt ?? createdAt,
      lastLoginAt,
      noLoginUntil: 0,
      warpReauthAt: null,
      story: input.story ?? null,
      ...(input.odd ? { odd: input.odd } : {}),
    };
    world.users.push(user);
    return user;
  }

  function identity(user: User, input: IdentityInput, ago: number): SeenIdentity {
    const idp = world.idps.find((idp) => idp.type === (input.idp ?? "azureAD"));
    const at = now - ago;
    const iat = Math.floor(at / 1000);
    const deviceId = input.deviceId ?? "";
    return {
      id: input.id ?? faker.string.numeric(21),
      name: user.name,
      email: user.email,
      groups: input.groups ?? [
        { id: faker.string.alphanumeric(8), name: "Everyone", email: "everyone@example.com" },
      ],
      amr: input.idp === "onetimepin" ? ["otp"] : ["pwd", "mfa"],
      oidc_fields: { preferred_username: user.email },
      idp: { id: idp?.id ?? "", type: idp?.type ?? "" },
      geo: { country: input.country },
      user_uuid: user.userUuid,
      account_id: world.accountId,
      iat,
      ip: input.ip ?? makeIp(faker),
      auth_status: "NONE",
      common_name: "",
      service_token_id: "",
      service_token_status: false,
      is_warp: input.warp ?? false,
      is_gateway: input.warp ?? false,
      device_id: deviceId,
      devicePosture: input.noPosture === true ? {} : makePosture(input.failing ?? [], at),
      device_sessions: deviceId === "" ? {} : { [deviceId]: { last_authenticated: iat } },
      mtls_auth: {
        auth_status: "NONE",
        cert_issuer_dn: "",
        cert_issuer_ski: "",
        cert_presented: false,
        cert_serial: "",
      },
      version: 2,
      ...input.odd,
    };
  }

  function makePosture(failing: readonly PostureRuleName[], at: number): Record<string, unknown> {
    const rules = POSTURE_RULES.map(([type, name]) => {
      const id = faker.string.uuid();
      const success = !failing.includes(name);
      const rule = {
        id,
        type,
        rule_name: name,
        success,
        timestamp: new Date(at).toISOString(),
        check: {},
        data: {},
        error: success ? "" : `${name}: not met`,
        description: "",
      };
      return [id, rule];
    });
    return Object.fromEntries(rules);
  }

  return {
    world,
    faker,
    now,
    person,
    identity,
    session(user, identityInput, input) {
      const seen = identity(user, identityInput, input.issuedAgo);
      const issuedAt = now - input.issuedAgo;
      const session: Session = {
        userId: user.id,
        nonce: faker.string.alphanumeric(16),
        issuedAt,
        expiresAt: issuedAt + (input.ttl ?? 86_400) * 1000,
        revokedAt: null,
        apps: input.apps.map(findApp),
        identity: seen,
        ...(input.odd ? { odd: input.odd } : {}),
      };
      world.sessions.push(session);
      const last = world.identities[user.id];
      if (!last || last.iat <= seen.iat) world.identities[user.id] = seen;
      for (const app of session.apps) recordRequest(user, app, true, issuedAt, seen);
      return session;
    },
    seenBefore(user, identityInput, ago) {
      world.identities[user.id] = identity(user, identityInput, ago);
    },
    failedLogin(user, appName, ago, odd) {
      const app = findApp(appName);
      world.failedLogins.push({
        userId: user.id,
        at: now - ago,
        appName: app.name,
        aud: app.aud,
        rayId: faker.string.hexadecimal({ length: 16, casing: "lower", prefix: "" }),
        ...(odd ? { odd } : {}),
      });
      recordRequest(user, app, false, now - ago, world.identities[user.id]);
    },
    device(user, input) {
      const id = faker.string.uuid();
      const createdAt = now - (input.createdAgo ?? 200 * DAY);
      const lastSeenAt = now - (input.lastSeenAgo ?? HOUR);
      const revokedAt = input.revokedAgo === undefined ? null : now - input.revokedAgo;
      const registration: Registration = {
        id,
        deviceId: id,
        deviceName: input.name,
        clientVersion: faker.helpers.arrayElement(CLIENT_VERSIONS),
        userId: user.id,
        type: "warp",
        key: Buffer.from(faker.string.alphanumeric(64)).toString("base64"),
        keyType: "secp256r1",
        tunnelType: "masque",
        policyId,
        virtualIpv4: `100.96.${Math.floor(world.registrations.length / 250)}.${(world.registrations.length % 250) + 1}`,
        createdAt,
        updatedAt: revokedAt ?? lastSeenAt,
        lastSeenAt,
        revokedAt,
        deletedAt: null,
      };
      world.registrations.push(registration);
      return registration;
    },
    risk(user, events, options = {}) {
      world.risk.push({
        userId: user.id,
        riskUserId: options.riskUserId ?? user.id,
        lastResetAt: options.lastResetAgo === undefined ? null : now - options.lastResetAgo,
        events: events.map((event) => ({
          id: faker.string.uuid(),
          name: event.name,
          level: event.level,
          at: now - event.ago,
          details: event.details ?? {},
        })),
      });
    },
  };

  function recordRequest(
    user: User,
    app: App,
    allowed: boolean,
    at: number,
    seen: SeenIdentity | undefined,
  ): void {
    world.accessRequests.push({
      action: "login",
      allowed,
      appDomain: app.hostname,
      appUid: app.uid,
      connection: "azureAD",
      at,
      ip: typeof seen?.ip === "string" ? seen.ip : makeIp(faker),
      rayId: faker.string.hexadecimal({ length: 16, casing: "lower", prefix: "" }),
      email: user.email,
    });
  }
}
