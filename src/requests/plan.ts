import { createHash, randomInt } from "node:crypto";

import { canonicalJson } from "../canonical-json.ts";
import type { Who } from "../lookup/who.ts";

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
  /** Where several users are meant: all but the plan's `target`, who comes first and alone. */
  others?: Target[];
}

/** The most users that one request may be about. */
export const MAX_TARGETS = 500;

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

/** All users a plan is about, in the order in which they come. */
export function targetsOf(plan: Plan): readonly Target[] {
  return [plan.target, ...othersOf(plan)];
}

/** Those who come after the first; none in most plans. */
export function othersOf(plan: Plan): readonly Target[] {
  return plan.action === "revoke" ? (plan.options.others ?? []) : [];
}

/** The plan as if it were about this one of its users alone: nobody else's name stands in it. */
export function planFor(plan: Plan, target: Target): Plan {
  if (plan.action !== "revoke") return plan;
  const { devices, warpReauth } = plan.options;
  return { ...plan, target, options: { devices, warpReauth } };
}

/** What somebody wishes, before it is looked up and becomes a plan. `"all"`: of those there are. */
export type Wish =
  | ({ action: "revoke" } & Omit<RevokeOptions, "others"> & {
        /** More users, beside the one that is named otherwise (or nobody is). */
        several?: readonly Who[];
        /** Words among them that look like an address and are none. */
        unreadable?: readonly string[];
      })
  | { action: "revoke-devices"; registrationIds: readonly string[] | "all" }
  | { action: "restore-devices"; registrationIds: readonly string[] | "all" }
  | { action: "delete-devices"; registrationIds: readonly string[] | "all" }
  /** By the keys of the kinds of risk events. */
  | { action: "reset-risk"; judged: Readonly<Record<string, RiskJudgement>> }
  | { action: "create-user"; email: string; name: string }
  | { action: "rename-user"; newName: string }
  | { action: "delete-user"; typedEmail: string };
export type WishFor<Name extends ActionName> = Extract<Wish, { action: Name }>;

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

/** Whether a word is a request's id, in either case. */
export function isRequestId(word: string): boolean {
  return /^ZT-[0-9A-HJKMNP-TV-Z]{7}$/i.test(word);
}
