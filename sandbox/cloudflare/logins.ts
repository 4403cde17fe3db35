/** Logins, accepted and refused: what people do to the world without the API. */
import { randomBytes, randomUUID } from "node:crypto";
import { addUser, requireUser } from "./happenings.ts";
import type { App, FailedLogin, SeenIdentity, Session, User, World } from "./world.ts";
import { findUser } from "./world.ts";

const HOUR = 3_600_000;

export interface LoginOptions {
  /** App names; the ones of the user's last session (or the first app) by default. An unknown name makes an app. */
  apps?: string[];
  country?: string;
  ip?: string;
  /** Seconds; 24 hours by default. */
  ttl?: number;
  /** Epoch milliseconds; now by default. */
  at?: number;
  /** Log in although the minute after a revocation is not over. */
  force?: boolean;
}

export interface FailLoginOptions {
  app?: string;
  ip?: string;
  at?: number;
}

/** The user was revoked less than a minute ago; `retryAt` (epoch milliseconds) is when a login works again. */
export class LoginRefusedError extends Error {
  readonly retryAt: number;
  constructor(retryAt: number) {
    super("The user was revoked less than a minute ago and cannot log in yet.");
    this.name = "LoginRefusedError";
    this.retryAt = retryAt;
  }
}

/** Logs the user in: a new nonce, a new identity, a seat. A stranger becomes a user, as at a first login in Access. */
export function login(world: World, email: string, now: number, options: LoginOptions = {}): Session {
  const at = options.at ?? now;
  const user = findUser(world, email) ?? addUser(world, { email }, at);
  if (user.noLoginUntil > at && options.force !== true) throw new LoginRefusedError(user.noLoginUntil);
  const apps = chooseApps(world, user, options.apps);
  const ttl = options.ttl ?? 86_400;
  const identity = nextIdentity(world, user, at, options);
  const session: Session = {
    userId: user.id,
    nonce: newNonce(),
    issuedAt: at,
    expiresAt: at + ttl * 1000,
    revokedAt: null,
    apps,
    identity,
  };
  world.sessions.push(session);
  world.identities[user.id] = identity;
  Object.assign(user, {
    lastLoginAt: at,
    updatedAt: at,
    accessSeat: true,
    seatUid: user.seatUid ?? randomUUID(),
  });
  for (const app of apps) recordRequest(world, user, app, true, at, options.ip);
  return session;
}

/** Records a login that Access refused. */
export function failLogin(
  world: World,
  email: string,
  now: number,
  options: FailLoginOptions = {},
): FailedLogin {
  const user = requireUser(world, email);
  const [app] = chooseApps(world, user, options.app === undefined ? undefined : [options.app]);
  const at = options.at ?? now;
  const chosen = app ?? makeApp("App Launcher");
  const failed: FailedLogin = {
    userId: user.id,
    at,
    appName: chosen.name,
    aud: chosen.aud,
    rayId: newRay(),
  };
  world.failedLogins.push(failed);
  recordRequest(world, user, chosen, false, at, options.ip);
  return failed;
}

/** Failed logins of the last 24 hours. */
export function countRecentFailedLogins(world: World, userId: string, now: number): number {
  return world.failedLogins.filter((failed) => failed.userId === userId && failed.at > now - 24 * HOUR)
    .length;
}

/** 16 hex digits: the part of a `cf-ray` before the data centre. */
export function newRay(): string {
  return randomBytes(8).toString("hex");
}

/** 16 characters, as in Cloudflare's examples. */
function newNonce(): string {
  return randomBytes(12).toString("base64url");
}

function chooseApps(world: World, user: User, names: string[] | undefined): App[] {
  if (names) {
    return names.map((name) => {
      const known = world.apps.find((app) => app.name === name);
      if (known) return known;
      const made = makeApp(name);
      world.apps.push(made);
      return made;
    });
  }
  const last = world.sessions.findLast((session) => session.userId === user.id);
  if (last && last.apps.length > 0) return last.apps;
  const [first] = world.apps;
  if (first) return [first];
  const made = makeApp("Intranet");
  world.apps.push(made);
  return [made];
}

function makeApp(name: string): App {
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-") || "app";
  return {
    uid: randomUUID(),
    name,
    hostname: `${slug}.example.com`,
    type: "self_hosted",
    aud: randomBytes(32).toString("hex"),
  };
}

function nextIdentity(world: World, user: User, at: number, options: LoginOptions): SeenIdentity {
  const last = world.identities[user.id];
  const idp = world.idps[0];
  return {
    ...(last ?? {
      id: user.userUuid,
      name: user.name ?? user.email,
      email: user.email,
      groups: [],
      amr: ["pwd", "mfa"],
      idp: { id: idp?.id ?? "d5324eb7-e2be-4d38-9aed-390d8c33e2bb", type: idp?.type ?? "azureAD" },
      user_uuid: user.userUuid,
      account_id: world.accountId,
      auth_status: "NONE",
      common_name: "",
      service_token_id: "",
      service_token_status: false,
      is_warp: false,
      is_gateway: false,
      device_id: "",
      devicePosture: {},
      device_sessions: {},
      mtls_auth: {
        auth_status: "NONE",
        cert_issuer_dn: "",
        cert_issuer_ski: "",
        cert_presented: false,
        cert_serial: "",
      },
      version: 2,
      geo: { country: "DE" },
      ip: "203.0.113.7",
    }),
    ...(options.country === undefined ? {} : { geo: { country: options.country } }),
    ...(options.ip === undefined ? {} : { ip: options.ip }),
    iat: Math.floor(at / 1000),
  };
}

function recordRequest(world: World, user: User, app: App, allowed: boolean, at: number, ip?: string): void {
  const seen = world.identities[user.id];
  world.accessRequests.push({
    action: "login",
    allowed,
    appDomain: app.hostname,
    appUid: app.uid,
    connection: "azureAD",
    at,
    ip: ip ?? (typeof seen?.ip === "string" ? seen.ip : "203.0.113.7"),
    rayId: newRay(),
    email: user.email,
  });
}
