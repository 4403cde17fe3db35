import { createHash, randomInt } from "node:crypto";

/** What can be asked for. The names are those of the subcommands. */
export const ACTION_NAMES = [
  "revoke",
  "revoke-devices",
  "restore-devices",
  "delete-devices",
  "reset-risk",
  "create-user",
  "rename-user",
  "delete-user",
] as const;
export type ActionName = (typeof ACTION_NAMES)[number];

/** Whom an action is about: the Access user as Cloudflare knew them when it was asked for. */
export interface Target {
  /** "" for somebody who is only to be created. */
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

/** A registration as it was when it was chosen: the id is what counts, the name is for people. */
export interface ChosenRegistration {
  id: string;
  deviceName: string;
}

/** How somebody judged a kind of risk event before taking its weight away. */
export const RISK_JUDGEMENTS = ["false-positive", "handled", "accepted"] as const;
export type RiskJudgement = (typeof RISK_JUDGEMENTS)[number];

interface OptionsOf {
  revoke: RevokeOptions;
  /** `legacy`: by the deprecated call, which does not know multi-user mode. */
  "revoke-devices": { registrations: ChosenRegistration[]; legacy: boolean };
  "restore-devices": { registrations: ChosenRegistration[] };
  /** `active`: how many of them were not revoked when it was asked for. */
  "delete-devices": { registrations: ChosenRegistration[]; active: number };
  "reset-risk": {
    /** The id under which risk scoring knows the user: usually, but not certainly, the Access user's. */
    riskUserId: string;
    judged: { name: string; count: number; judgement: RiskJudgement }[];
  };
  "create-user": Record<string, never>;
  "rename-user": { newName: string };
  "delete-user": Record<string, never>;
}

/** What will be done, frozen when it is asked for: approvers approve exactly this, and an edit is a new request. */
export type Plan = {
  [Name in ActionName]: { action: Name; accountId: string; target: Target; options: OptionsOf[Name] };
}[ActionName];

/** What somebody wishes, before it is looked up and becomes a plan. `"all"`: of those there are. */
export type Wish =
  | ({ action: "revoke" } & RevokeOptions)
  | { action: "revoke-devices"; registrationIds: readonly string[] | "all" }
  | { action: "restore-devices"; registrationIds: readonly string[] | "all" }
  | { action: "delete-devices"; registrationIds: readonly string[] | "all" }
  /** By the keys of the kinds of risk events. */
  | { action: "reset-risk"; judged: Readonly<Record<string, RiskJudgement>> }
  | { action: "create-user"; email: string; name: string }
  | { action: "rename-user"; newName: string }
  | { action: "delete-user"; typedEmail: string };
export type WishFor<Name extends ActionName> = Extract<Wish, { action: Name }>;

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
