import { createHash, randomInt } from "node:crypto";

/** What can be asked for. The names are those of the subcommands. */
export const ACTION_NAMES = ["revoke", "reset-risk"] as const;
export type ActionName = (typeof ACTION_NAMES)[number];

/** Whom an action is about: the Access user as Cloudflare knew them when it was asked for. */
export interface Target {
  id: string;
  email: string;
  name: string;
}

export interface RevokeOptions {
  /** Also revoke all of the user's device registrations. */
  devices: boolean;
  /** Also force WARP to re-authenticate where Gateway policies enforce a client session. */
  warpReauth: boolean;
}

export interface ResetRiskOptions {
  /** The id under which risk scoring knows the user: usually, but not certainly, the Access user's. */
  riskUserId: string;
}

/** What will be done, frozen when it is asked for: approvers approve exactly this, and an edit is a new request. */
export type Plan =
  | { action: "revoke"; accountId: string; target: Target; options: RevokeOptions }
  | { action: "reset-risk"; accountId: string; target: Target; options: ResetRiskOptions };

/** JSON with sorted keys, so that the same plan always has the same bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** SHA-256 of the canonical JSON, in hexadecimal. */
export function hashPlan(plan: Plan): string {
  return createHash("sha256").update(canonicalJson(plan)).digest("hex");
}

// Without I, L, O and U: read out over the phone, none is taken for another.
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** `ZT-7K3M2QF`: short enough to say, one in 34 thousand million. */
export function createRequestId(): string {
  return `ZT-${Array.from({ length: 7 }, () => ALPHABET[randomInt(ALPHABET.length)]).join("")}`;
}
