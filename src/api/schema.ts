import { at, count, flag, readRecord, readRows, readRowsOrNull, readText, row } from "./fields.ts";
import { text, textOrEmpty, time, type RowOf } from "./fields.ts";

/**
 * What the client gives back, parsed from the wire: only what is used, under our names. Times are epoch
 * milliseconds. Absent, null, empty and unreadable all become null; a list that is said to be empty is []. Reader and
 * type share a name.
 */

/** A person (or service account) known to Access. `id` is the UUID that `/access/users/{id}` takes. */
export const AccessUser = row(
  {
    id: textOrEmpty("id"),
    uid: text("uid"),
    /** Only for the seats call; not an id of the user. */
    seatUid: text("seat_uid"),
    /** "" for the rare user that has none. Compare with `sameEmail`. */
    email: textOrEmpty("email"),
    name: textOrEmpty("name"),
    accessSeat: flag("access_seat"),
    gatewaySeat: flag("gateway_seat"),
    activeDeviceCount: count("active_device_count"),
    createdAt: time("created_at"),
    updatedAt: time("updated_at"),
    lastLoginAt: time("last_successful_login"),
  },
  "id",
);
export type AccessUser = RowOf<typeof AccessUser>;

const SessionApp = row({
  uid: text("uid"),
  name: text("name"),
  hostname: text("hostname"),
  type: text("type"),
});

/**
 * One session. Any object in the list counts as one, even without a nonce: a session that cannot be read is
 * still open, and dropping it would make a revocation look complete.
 */
export const ActiveSession = row({
  nonce: text("metadata.nonce"),
  name: text("name"),
  issuedAt: time("metadata.iat"),
  expiresAt: (wire) => time("metadata.expires")(wire) ?? time("expiration")(wire),
  /** Null: not said, which is not "none". */
  apps: at("metadata.apps", (apps) => readRowsOrNull(SessionApp, apps)),
});
export type ActiveSession = RowOf<typeof ActiveSession>;

/** A sign-in that Access refused. */
export const FailedLogin = row({
  appName: text("metadata.app_name"),
  aud: text("metadata.aud"),
  at: time("metadata.datetime"),
  rayId: text("metadata.ray_id"),
  email: text("metadata.user_email"),
  expiresAt: time("expiration"),
});
export type FailedLogin = RowOf<typeof FailedLogin>;

/** A device registered with WARP for a user. One device has several only in multi-user mode. */
export const Registration = row(
  {
    id: textOrEmpty("id"),
    type: text("registration_type"),
    deviceId: text("device.id"),
    deviceName: text("device.name"),
    clientVersion: text("device.client_version"),
    userId: text("user.id"),
    userEmail: text("user.email"),
    userName: text("user.name"),
    keyType: text("key_type"),
    tunnelType: text("tunnel_type"),
    createdAt: time("created_at"),
    updatedAt: time("updated_at"),
    lastSeenAt: time("last_seen_at"),
    revokedAt: time("revoked_at"),
    deletedAt: time("deleted_at"),
    /** A registration id equals its device's id except in multi-user mode. */
    multiUser: (wire) => {
      const deviceId = text("device.id")(wire);
      return deviceId !== null && deviceId !== text("id")(wire);
    },
  },
  "id",
);
export type Registration = RowOf<typeof Registration>;

/** A device as a thing: its registrations may belong to several people. */
export const PhysicalDevice = row(
  {
    id: textOrEmpty("id"),
    name: text("name"),
    model: text("model"),
    serialNumber: text("serial_number"),
    type: text("device_type"),
    osVersion: text("os_version"),
    activeRegistrations: count("active_registrations"),
    lastSeenAt: time("last_seen_at"),
    lastUserId: text("last_seen_user.id"),
    lastUserEmail: text("last_seen_user.email"),
    deletedAt: time("deleted_at"),
  },
  "id",
);
export type PhysicalDevice = RowOf<typeof PhysicalDevice>;

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

const RiskEvent = row({
  id: text("id"),
  name: text("name"),
  level: at("risk_level", readLevel),
  at: time("timestamp"),
  details: at("event_details", readDetails),
});

/** One user's risk. `rawLevel` is Cloudflare's own word, also where it is none of the three known levels. */
export const RiskScore = row({
  email: text("email"),
  name: text("name"),
  level: at("risk_level", readLevel),
  rawLevel: text("risk_level"),
  lastResetAt: time("last_reset_time"),
  events: at("events", (events) => readRows(RiskEvent, events)),
});
export type RiskScore = RowOf<typeof RiskScore>;

/** One row of the account's risk summary. */
export const RiskSummaryUser = row(
  {
    userId: textOrEmpty("user_id"),
    email: text("email"),
    name: text("name"),
    level: at("max_risk_level", readLevel),
    eventCount: count("event_count"),
    lastEventAt: time("last_event"),
  },
  "user_id",
);
export type RiskSummaryUser = RowOf<typeof RiskSummaryUser>;

/** One line of the Access request log: a sign-in or an attempt at one. */
export const AccessRequest = row({
  action: text("action"),
  allowed: flag("allowed"),
  appDomain: text("app_domain"),
  appUid: text("app_uid"),
  connection: text("connection"),
  at: time("created_at"),
  ip: text("ip_address"),
  rayId: text("ray_id"),
  email: text("user_email"),
});
export type AccessRequest = RowOf<typeof AccessRequest>;

function readSuccess(value: unknown): boolean | null {
  const word = readText(value)?.toLowerCase();
  return word === "success" ? true : word === "failure" ? false : null;
}

/** One entry of the account's audit log (version 2): what somebody changed. The actor is only read as a token. */
export const AuditEvent = row({
  id: text("id"),
  at: time("action.time"),
  /** "create", "update", "delete", "view". */
  action: text("action.type"),
  description: text("action.description"),
  /** Null where it is neither "success" nor "failure". */
  succeeded: at("action.result", readSuccess),
  tokenId: text("actor.token_id"),
  /** Without the data centre that the `cf-ray` header ends with. */
  rayId: text("raw.cf_ray_id"),
  method: text("raw.method"),
  status: count("raw.status_code"),
  resource: (wire) => ({
    id: text("resource.id")(wire),
    product: text("resource.product")(wire),
    type: text("resource.type")(wire),
  }),
});
export type AuditEvent = RowOf<typeof AuditEvent>;

/** What Cloudflare says of the token itself. `status` is "active", "disabled" or "expired" as documented. */
export const TokenVerification = row({
  id: text("id"),
  status: text("status"),
  expiresAt: time("expires_on"),
  notBefore: time("not_before"),
});
export type TokenStatus = { kind: "account" | "user" } & RowOf<typeof TokenVerification>;

/** True when two addresses are the same person's: case folded, spaces around ignored, +tags kept. */
export function sameEmail(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}
