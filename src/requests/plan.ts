import { createHash, randomInt } from "node:crypto";

import { z } from "zod";

import { ACTION_NAMES, ACTIONS, type Plan } from "../actions/index.ts";
import { canonicalJson } from "../canonical-json.ts";
import { Target } from "./target.ts";

export { ACTION_NAMES };
export type { ActionName, Plan, Wish, WishFor } from "../actions/index.ts";
export type { Target };

/** The most users that one request may be about. */
export const MAX_TARGETS = 500;

const OPTIONS = new Map(ACTIONS.map(({ name, options }) => [name, options]));

const Stored = z
  .strictObject({ action: z.enum(ACTION_NAMES), accountId: z.string(), target: Target, options: z.unknown() })
  .transform((plan, context) => {
    const options = OPTIONS.get(plan.action)?.safeParse(plan.options);
    if (options?.success === true) return { ...plan, options: options.data } as Plan;
    for (const issue of options?.error.issues ?? [])
      context.addIssue({ code: "custom", message: issue.message, path: ["options", ...issue.path] });
    return z.NEVER;
  });

/** A plan as it was stored; an option that this version does not know is not passed over. @throws ZodError */
export function parsePlan(stored: unknown): Plan {
  return Stored.parse(stored);
}

/** All users a plan is about, in the order in which they come. */
export function targetsOf(plan: Plan): readonly Target[] {
  return [plan.target, ...othersOf(plan)];
}

/** Those who come after the first; none in most plans. */
export function othersOf(plan: Plan): readonly Target[] {
  return plan.action === "revoke" ? (plan.options.others ?? []) : [];
}

/**
 * Everyone whose access a plan changes: its users, and of a whole device also the others who use it. Protection, the rule
 * that no one decides about themselves, and the locks go by it.
 */
export function affectedBy(plan: Plan): readonly Target[] {
  const onDevice = plan.action === "revoke-devices" ? (plan.options.whole?.others ?? []) : [];
  return [...targetsOf(plan), ...onDevice];
}

/** Names that were typed and that the request goes on without, each with the reason. */
export function leftOutOf(plan: Plan): readonly { name: string; why: string }[] {
  return plan.action === "revoke" ? (plan.options.leftOut ?? []) : [];
}

/** The plan as if it were about this one of its users alone: nobody else's name stands in it. */
export function planFor(plan: Plan, target: Target): Plan {
  if (plan.action !== "revoke") return plan;
  const { devices, warpReauth, block } = plan.options;
  return { ...plan, target, options: { devices, warpReauth, ...(block === undefined ? {} : { block }) } };
}

/** SHA-256 of the canonical JSON, in hexadecimal. */
export function hashPlan(plan: unknown): string {
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
