import { at, flag, readFlag, readRecord, readRowsOrNull, readText, readTexts, readTime } from "./fields.ts";
import { row, text, time, type RowOf } from "./fields.ts";

const PostureCheck = row({
  id: text("id"),
  name: text("rule_name"),
  type: text("type"),
  success: flag("success"),
  error: text("error"),
  checkedAt: time("timestamp"),
});

/** Text that may be said to be empty; null where it is not said. */
const saidText = (path: string) => at(path, (value) => (value === "" ? "" : readText(value)));

const identityFields = {
  /** The identity provider's own id: text for Google, a number for GitHub. */
  id: text("id"),
  name: text("name"),
  email: text("email"),
  /** Readable names: of a group that is an object, its name, else its email, else its id. */
  groups: at("groups", readGroups),
  idp: at("idp", readIdp),
  country: text("geo.country"),
  ip: text("ip"),
  /** The JWT's `sub`: another one after the user is removed and added again. */
  userUuid: text("user_uuid"),
  issuedAt: time("iat"),
  authStatus: text("auth_status"),
  commonName: text("common_name"),
  isWarp: flag("is_warp"),
  isGateway: flag("is_gateway"),
  /** "" is no device. */
  deviceId: saidText("device_id"),
  amr: at("amr", readTexts),
  posture: at("devicePosture", (checks) => readRowsOrNull(PostureCheck, withKeys(checks))),
  deviceSessions: at("device_sessions", readDeviceSessions),
  mtls: at("mtls_auth", (mtls) => readMtls(readRecord(mtls))),
  /** With the id "" there is none. */
  serviceToken: (wire: Record<string, unknown>) => {
    const id = saidText("service_token_id")(wire);
    return id === null ? null : { id, status: flag("service_token_status")(wire) };
  },
};

/** What the identity provider and the device said when the user was last seen. Null is not said, and never "none". */
export const Identity = row(identityFields);
export type Identity = RowOf<typeof Identity>;

/** The identity behind one session. `isActive` is null where Cloudflare does not say. */
export const SessionIdentity = row({ ...identityFields, isActive: flag("isActive") });
export type SessionIdentity = RowOf<typeof SessionIdentity>;

function readGroups(value: unknown): string[] | null {
  if (!Array.isArray(value)) return null;
  return value.flatMap((item) => {
    const group = readRecord(item);
    if (group === null) return readText(item) ?? [];
    return readText(group["name"]) ?? readText(group["email"]) ?? readText(group["id"]) ?? [];
  });
}

function readIdp(value: unknown): { id: string | null; type: string | null } | null {
  const idp = readRecord(value);
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

function readDeviceSessions(
  value: unknown,
): { deviceId: string; lastAuthenticatedAt: number | null }[] | null {
  const sessions = readRecord(value);
  if (sessions === null) return null;
  return Object.entries(sessions).map(([deviceId, session]) => ({
    deviceId,
    lastAuthenticatedAt: readTime(readRecord(session)?.["last_authenticated"]),
  }));
}

function readMtls(mtls: Record<string, unknown> | null) {
  if (mtls === null) return null;
  return {
    presented: readFlag(mtls["cert_presented"]),
    status: readText(mtls["auth_status"]),
    issuer: readText(mtls["cert_issuer_dn"]),
    serial: readText(mtls["cert_serial"]),
  };
}
