import type { Cloudflare } from "../../api/cloudflare.ts";
import type { UserSummary } from "../../lookup/summary.ts";
import type { ActionName, Plan, Target, WishFor } from "../plan.ts";
import type { Receipt } from "./receipt.ts";

export type PlanOf<Name extends ActionName> = Extract<Plan, { action: Name }>;

/** What approvers and the requester read. Plain text: the views escape it. */
export interface PlanText {
  /** What and whom, in one line: "Revoke all sessions of mallory@example.com". */
  headline: string;
  /** What will happen, a sentence each. */
  effects: string[];
  /** What people wrongly believe it does. Of what restores: "This gives access back: …". */
  caution: string;
  /** Whether and how it can be undone. Of what is irreversible: "Cannot be undone: …". */
  undo: string;
}

/** What Cloudflare shows after the call. Plain text. */
export interface Verification {
  confirmed: boolean;
  /** "0 of 3 sessions remain" */
  summary: string;
  /** What else was seen: a new log-in, a part that could not be read. */
  notes: string[];
  /** Epoch milliseconds. */
  checkedAt: number;
}

/** `isUnread`: nobody could say, and that is not taken for a yes. */
export type TargetCheck = { ok: true } | { ok: false; why: string; next: string; isUnread?: boolean };

/** What a plan is made from: whom it is about, what stands now, and what was wished for. */
export interface PlanInput<Name extends ActionName> {
  cloudflare: Cloudflare;
  target: Target;
  /** Where several users are meant: all but `target`. */
  others?: readonly Target[];
  /** null for somebody who is only to be created. */
  evidence: UserSummary | null;
  wish: WishFor<Name>;
  /** policy.yml: revoke devices by the deprecated call. */
  legacyDeviceRevoke: boolean;
}

/**
 * An action that needs approval: its words, the call, and how to see that it is really so. `Baseline` is what
 * stands just before the call, as plain data; it is kept, so that a check after a restart compares with the same.
 */
export interface Action<Name extends ActionName, Baseline> {
  name: Name;
  /** "Revoke sessions" */
  label: string;
  /** Contains: takes access away. Restores: may give some back. Such requests are treated with more care. */
  effect: "contains" | "restores" | "changes";
  /** What is lost by it nobody can bring back: the card says so in its first lines, by the words of `undo`. */
  isIrreversible?: true;
  /** Freezes the options. @throws UserError for a wish that can't be fulfilled. */
  prepare(input: PlanInput<Name>): Promise<PlanOf<Name>["options"]>;
  /** The approve button's confirmation: one plain question. */
  question(plan: PlanOf<Name>): string;
  describe(plan: PlanOf<Name>, evidence: UserSummary | null): PlanText;
  /** The Cloudflare call, in words for the thread and the audit. */
  callText(plan: PlanOf<Name>): string;
  /** Just before the call: is the target still what was approved? By default: the same id with the same e-mail. */
  checkTarget?(cloudflare: Cloudflare, plan: PlanOf<Name>): Promise<TargetCheck>;
  readBaseline(cloudflare: Cloudflare, plan: PlanOf<Name>): Promise<Baseline>;
  /** One attempt. Must be safe to repeat. */
  execute(cloudflare: Cloudflare, plan: PlanOf<Name>): Promise<Receipt>;
  /** Reads the state again. `sentAt`: when the first attempt was sent, epoch milliseconds. */
  verify(
    cloudflare: Cloudflare,
    plan: PlanOf<Name>,
    baseline: Baseline,
    sentAt: number,
    now: number,
  ): Promise<Verification>;
}

/** Checks the shape; the types do the rest. */
export function defineAction<Name extends ActionName, Baseline>(
  action: Action<Name, Baseline>,
): Action<Name, Baseline> {
  return action;
}
