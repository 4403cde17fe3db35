import { z } from "zod";

import { count, field, flag, nested, readRecord, readRows, readText } from "./fields.ts";
import { requiredText, text, textOrEmpty, time } from "./fields.ts";

/**
 * What the client gives back, parsed from the wire: only what is used, under our names. Times are epoch
 * milliseconds. Absent, null, empty and unreadable all become null (lists: []). Schema and type share a name.
 */

/** A person (or service account) known to Access. `id` is the UUID that `/access/users/{id}` takes. */
export const AccessUser = z
  .object({
    id: requiredText,
    uid: text,
    seat_uid: text,
    email: textOrEmpty,
    name: textOrEmpty,
    access_seat: flag,
    gateway_seat: flag,
    active_device_count: count,
    created_at: time,
    updated_at: time,
    last_successful_login: time,
  })
  .transform((user) => ({
    id: user.id,
    uid: user.uid,
    /** Only for the seats call; not an id of the user. */
    seatUid: user.seat_uid,
    /** "" for the rare user that has none. Compare with `sameEmail`. */
    email: user.email,
    name: user.name,
    accessSeat: user.access_seat,
    gatewaySeat: user.gateway_seat,
    activeDeviceCount: user.active_device_count,
    createdAt: user.created_at,
    updatedAt: user.updated_at,
    lastLoginAt: user.last_successful_login,
  }));
export type AccessUser = z.output<typeof AccessUser>;

const SessionApp = z.object({ uid: text, name: text, hostname: text, type: text });

/**
 * One session. Any object in the list counts as one, even without a nonce: a session that cannot be read is
 * still open, and dropping it would make a revocation look complete.
 */
export const ActiveSession = z
  .object({
    name: text,
    expiration: time,
    metadata: nested.pipe(
      z.object({
        nonce: text,
        iat: time,
        expires: time,
        apps: field((apps) => readRows(SessionApp, apps)),
      }),
    ),
  })
  .transform(({ name, expiration, metadata }) => ({
    nonce: metadata.nonce,
    name,
    issuedAt: metadata.iat,
    expiresAt: metadata.expires ?? expiration,
    apps: metadata.apps,
  }));
export type ActiveSession = z.output<typeof ActiveSession>;

/** A log-in that Access refused. */
export const FailedLogin = z
  .object({
    expiration: time,
    metadata: nested.pipe(
      z.object({ app_name: text, aud: text, datetime: time, ray_id: text, user_email: text }),
    ),
  })
  .transform(({ expiration, metadata }) => ({
    appName: metadata.app_name,
    aud: metadata.aud,
    at: metadata.datetime,
    rayId: metadata.ray_id,
    email: metadata.user_email,
    expiresAt: expiration,
  }));
export type FailedLogin = z.output<typeof FailedLogin>;

/** A device registered with WARP for a user. One device has several only in multi-user mode. */
export const Registration = z
  .object({
    id: requiredText,
    registration_type: text,
    device: nested.pipe(z.object({ id: text, name: text, client_version: text })),
    user: nested.pipe(z.object({ id: text, email: text, name: text })),
    key_type: text,
    tunnel_type: text,
    created_at: time,
    updated_at: time,
    last_seen_at: time,
    revoked_at: time,
    deleted_at: time,
  })
  .transform(({ device, user, ...wire }) => ({
    id: wire.id,
    type: wire.registration_type,
    deviceId: device.id,
    deviceName: device.name,
    clientVersion: device.client_version,
    userId: user.id,
    userEmail: user.email,
    userName: user.name,
    keyType: wire.key_type,
    tunnelType: wire.tunnel_type,
    createdAt: wire.created_at,
    updatedAt: wire.updated_at,
    lastSeenAt: wire.last_seen_at,
    revokedAt: wire.revoked_at,
    deletedAt: wire.deleted_at,
    /** A registration id equals its device's id except in multi-user mode. */
    multiUser: device.id !== null && device.id !== wire.id,
  }));
export type Registration = z.output<typeof Registration>;

export type RiskLevel = "low" | "medium" | "high";

function readLevel(value: unknown): RiskLevel | null {
  const word = readText(value)?.toLowerCase();
  return word === "low" || word === "medium" || word === "high" ? word : null;
}

const DETAILS_CAP = 500;

/** Free-form event details as compact JSON (text as it is), cut at 500 characters with an ellipsis. */
function readDetails(value: unknown): string | null {
  if (value === null || value === undefined || value === "") return null;
  const record = readRecord(value);
  if (record !== null && Object.keys(record).length === 0) return null;
  const details = typeof value === "string" ? value : stringify(value);
  if (details === null || details.length <= DETAILS_CAP) return details;
  // The cut may fall inside a surrogate pair; half of one is no character.
  return `${details.slice(0, DETAILS_CAP).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

function stringify(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? null;
  } catch {
    // Nesting deep enough to overflow the stack: the event still shows, without its details.
    return null;
  }
}

const level = field(readLevel);

const RiskEvent = z
  .object({ id: text, name: text, risk_level: level, timestamp: time, event_details: field(readDetails) })
  .transform((event) => ({
    id: event.id,
    name: event.name,
    level: event.risk_level,
    at: event.timestamp,
    details: event.event_details,
  }));

/** One user's risk. `rawLevel` is Cloudflare's own word, also where it is none of the three known levels. */
export const RiskScore = z
  .object({
    email: text,
    name: text,
    risk_level: field((value) => ({ level: readLevel(value), rawLevel: readText(value) })),
    last_reset_time: time,
    events: field((events) => readRows(RiskEvent, events)),
  })
  .transform((risk) => ({
    email: risk.email,
    name: risk.name,
    ...risk.risk_level,
    lastResetAt: risk.last_reset_time,
    events: risk.events,
  }));
export type RiskScore = z.output<typeof RiskScore>;

/** One row of the account's risk summary. */
export const RiskSummaryUser = z
  .object({
    user_id: requiredText,
    email: text,
    name: text,
    max_risk_level: level,
    event_count: count,
    last_event: time,
  })
  .transform((user) => ({
    userId: user.user_id,
    email: user.email,
    name: user.name,
    level: user.max_risk_level,
    eventCount: user.event_count,
    lastEventAt: user.last_event,
  }));
export type RiskSummaryUser = z.output<typeof RiskSummaryUser>;

/** One line of the Access request log: a log-in or an attempt at one. */
export const AccessRequest = z
  .object({
    action: text,
    allowed: flag,
    app_domain: text,
    app_uid: text,
    connection: text,
    created_at: time,
    ip_address: text,
    ray_id: text,
    user_email: text,
  })
  .transform((request) => ({
    action: request.action,
    allowed: request.allowed,
    appDomain: request.app_domain,
    appUid: request.app_uid,
    connection: request.connection,
    at: request.created_at,
    ip: request.ip_address,
    rayId: request.ray_id,
    email: request.user_email,
  }));
export type AccessRequest = z.output<typeof AccessRequest>;

function readSuccess(value: unknown): boolean | null {
  const word = readText(value)?.toLowerCase();
  return word === "success" ? true : word === "failure" ? false : null;
}

/** One entry of the account's audit log (version 2): what somebody changed. The actor is only read as a token. */
export const AuditEvent = z
  .object({
    id: text,
    action: nested.pipe(z.object({ type: text, description: text, result: field(readSuccess), time })),
    actor: nested.pipe(z.object({ token_id: text })),
    raw: nested.pipe(z.object({ cf_ray_id: text, method: text, status_code: count })),
    resource: nested.pipe(z.object({ id: text, product: text, type: text })),
  })
  .transform(({ id, action, actor, raw, resource }) => ({
    id,
    at: action.time,
    /** "create", "update", "delete", "view". */
    action: action.type,
    description: action.description,
    /** Null where it is neither "success" nor "failure". */
    succeeded: action.result,
    tokenId: actor.token_id,
    /** Without the data centre that the `cf-ray` header ends with. */
    rayId: raw.cf_ray_id,
    method: raw.method,
    status: raw.status_code,
    resource,
  }));
export type AuditEvent = z.output<typeof AuditEvent>;

/** What Cloudflare says of the token itself. `status` is "active", "disabled" or "expired" as documented. */
export const TokenVerification = z
  .object({ id: text, status: text, expires_on: time, not_before: time })
  .transform((token) => ({
    id: token.id,
    status: token.status,
    expiresAt: token.expires_on,
    notBefore: token.not_before,
  }));
export type TokenStatus = { kind: "account" | "user" } & z.output<typeof TokenVerification>;

/** True when two addresses are the same person's: case folded, spaces around ignored, +tags kept. */
export function sameEmail(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}
