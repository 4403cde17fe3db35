import { z } from "zod";

import {
  field,
  flag,
  readFlag,
  readRecord,
  readRows,
  readText,
  readTime,
  text,
  texts,
  time,
} from "./fields.ts";

const PostureCheck = z
  .object({ id: text, type: text, rule_name: text, success: flag, error: text, timestamp: time })
  .transform((check) => ({
    id: check.id,
    name: check.rule_name,
    type: check.type,
    success: check.success,
    error: check.error,
    checkedAt: check.timestamp,
  }));

const identityFields = {
  /** The identity provider's own id: text for Google, a number for GitHub. */
  id: text,
  name: text,
  email: text,
  groups: field(readGroups),
  amr: texts,
  idp: field((idp) => readIdp(readRecord(idp))),
  geo: field((geo) => readText(readRecord(geo)?.["country"])),
  user_uuid: text,
  iat: time,
  ip: text,
  auth_status: text,
  common_name: text,
  service_token_id: text,
  service_token_status: flag,
  is_warp: flag,
  is_gateway: flag,
  device_id: text,
  devicePosture: field((checks) => readRows(PostureCheck, withKeys(checks))),
  device_sessions: field(readDeviceSessions),
  mtls_auth: field((mtls) => readMtls(readRecord(mtls))),
};

/** What the identity provider and the device said when the user was last seen. Every field may be absent. */
export const Identity = z.object(identityFields).transform(toIdentity);
export type Identity = z.output<typeof Identity>;

/** The identity behind one session. `isActive` is null where Cloudflare does not say. */
export const SessionIdentity = z
  .object({ ...identityFields, isActive: flag })
  .transform(({ isActive, ...identity }) => ({ ...toIdentity(identity), isActive }));
export type SessionIdentity = z.output<typeof SessionIdentity>;

type IdentityOnWire = z.output<z.ZodObject<typeof identityFields>>;

function toIdentity(wire: IdentityOnWire) {
  return {
    id: wire.id,
    name: wire.name,
    email: wire.email,
    /** Readable names: of a group that is an object, its name, else its email, else its id. */
    groups: wire.groups,
    idp: wire.idp,
    country: wire.geo,
    ip: wire.ip,
    /** The JWT's `sub`: another one after the user is removed and added again. */
    userUuid: wire.user_uuid,
    issuedAt: wire.iat,
    authStatus: wire.auth_status,
    commonName: wire.common_name,
    isWarp: wire.is_warp,
    isGateway: wire.is_gateway,
    deviceId: wire.device_id,
    amr: wire.amr,
    posture: wire.devicePosture,
    deviceSessions: wire.device_sessions,
    mtls: wire.mtls_auth,
    serviceToken:
      wire.service_token_id === null
        ? null
        : { id: wire.service_token_id, status: wire.service_token_status === true },
  };
}

function readGroups(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item) => {
    const group = readRecord(item);
    if (group === null) return readText(item) ?? [];
    return readText(group["name"]) ?? readText(group["email"]) ?? readText(group["id"]) ?? [];
  });
}

function readIdp(idp: Record<string, unknown> | null): { id: string | null; type: string | null } | null {
  const id = readText(idp?.["id"]);
  const type = readText(idp?.["type"]);
  return id === null && type === null ? null : { id, type };
}

/** Posture comes keyed by rule id, and the rule's own `id` may be missing. */
function withKeys(value: unknown): unknown {
  const record = readRecord(value);
  if (record === null) return value;
  return Object.entries(record).map(([key, item]) => {
    const entry = readRecord(item);
    return entry === null ? item : { ...entry, id: readText(entry["id"]) ?? key };
  });
}

function readDeviceSessions(value: unknown): { deviceId: string; lastAuthenticatedAt: number | null }[] {
  return Object.entries(readRecord(value) ?? {}).map(([deviceId, session]) => ({
    deviceId,
    lastAuthenticatedAt: readTime(readRecord(session)?.["last_authenticated"]),
  }));
}

function readMtls(mtls: Record<string, unknown> | null) {
  if (mtls === null) return null;
  return {
    presented: readFlag(mtls["cert_presented"]) === true,
    status: readText(mtls["auth_status"]),
    issuer: readText(mtls["cert_issuer_dn"]),
    serial: readText(mtls["cert_serial"]),
  };
}
