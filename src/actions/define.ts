import type { z } from "zod";

import type { CallName, CallOptions, Cloudflare } from "../api/cloudflare.ts";
import { isCloudflareFailure } from "../api/errors.ts";
import type { Args, ArgSpecs } from "../commands/args.ts";
import type { BlockPolicy } from "../lookup/block-list.ts";
import type { UserSummary } from "../lookup/summary.ts";
import type { Who } from "../lookup/who.ts";
import type { Target } from "../requests/target.ts";
import type { FormSpec } from "../views/forms/spec.ts";
import type { Receipt } from "./receipt.ts";

/** What will be done, frozen when it is asked for: approvers approve exactly this, and an edit is a new request. */
export interface PlanWith<Name extends string, Options> {
  action: Name;
  accountId: string;
  target: Target;
  options: Options;
}

/** What an action does to someone's access. */
export type Access = "takes" | "gives" | "keeps";

/** A sentence; with a moment it ends with that, which views write in the reader's own zone: "They stay blocked until". */
export type PlanLine = string | { text: string; at: number };

/** What approvers and the requester read. Plain text: the views escape it. */
export interface PlanText {
  /** What and whom, in one line: "Revoke all sessions of mallory@example.com". */
  headline: string;
  /** What will happen, a sentence each. */
  effects: PlanLine[];
  /** What people wrongly believe it does. Of what gives access: "This restores access: …". */
  caution: string;
  /** Whether and how it can be undone; empty where that is no question. Of what is irreversible: "Can't be undone: …". */
  undo: string;
}

/** What Cloudflare shows after the call. Plain text. */
export interface Verification {
  confirmed: boolean;
  /** A phrase of what was done, "Revoked 3 sessions", or of what is left: "1 of 3 sessions still open". */
  summary: string;
  /** What else was seen, or could not be: a new sign-in, a part that is unknown. */
  notes: string[];
  /** Epoch milliseconds. */
  checkedAt: number;
}

/** `provesCall`: what is seen can only have come from the call, which need not be sent again after an unclear answer. */
export type Look = Verification & { provesCall: boolean };

/** `isUnread`: Cloudflare could not say, and that is not taken for a yes. */
export type TargetCheck = { ok: true } | { ok: false; why: string; next: string; isUnread?: boolean };

/** What a plan is made from: whom it is about, what stands now, and what was wished for. */
export interface PlanInput<Wish> {
  cloudflare: Cloudflare;
  target: Target;
  /** Where several users are meant: all but `target`. */
  others?: readonly Target[];
  /** Of the names that were typed, those that the requester goes on without, each with the reason. */
  leftOut?: readonly { name: string; why: string }[];
  /** null for someone who is only to be created. */
  evidence: UserSummary | null;
  wish: Wish;
  /** policy.yml: revoke devices by the deprecated call. */
  legacyDeviceRevoke: boolean;
  /** policy.yml: the list that keeps people out; null: none is set up. */
  block: BlockPolicy | null;
}

/** What was typed after `/zt <action>`. */
export interface Asked<Wish> {
  who?: Who | null;
  wish: Wish;
  /** Something beside whom and why is missing that the form asks for. */
  isIncomplete?: boolean;
}

/** The subcommand that asks for an action. Its name is the action's, and `--reason` is every one's. */
export interface ActionCommand<Wish, Specs extends ArgSpecs = ArgSpecs> {
  aliases?: readonly string[];
  summary: string;
  details: string;
  examples: readonly string[];
  /** The Cloudflare calls it makes, by their names in src/api. */
  calls: readonly CallName[];
  args: Specs;
  read(args: Args<Specs>): Asked<Wish>;
}

export function defineActionCommand<Wish, const Specs extends ArgSpecs>(
  command: ActionCommand<Wish, Specs>,
): ActionCommand<Wish> {
  return command;
}

/**
 * An action that needs approval: how it is asked for, its words, the call, and how to see that it is really so.
 * `Baseline` is what stands just before the call, as plain data; it is kept, so that a check after a restart compares
 * with the same.
 */
export interface Action<
  Plan extends PlanWith<string, unknown>,
  Wish extends { action: Plan["action"] },
  Baseline = null,
> {
  name: Plan["action"];
  /** "Revoke sessions" */
  label: string;
  access: Access;
  /** Waiting helps an attacker: it goes on where Slack, a risk score or a look at the target fails. */
  isUrgent?: true;
  /** What is lost cannot be brought back: the card says so in its first lines, by the words of `undo`. */
  isIrreversible?: true;
  /** The call names the user by email and id: together with `isUrgent`, a failed look at the target does not hold it up. */
  namesTarget?: true;
  /** Void when this user's access was taken away after it was asked for. */
  voidsAfterContainment?: true;
  /** What a stored plan's options have to be. New fields are optional: stored plans keep their hash. */
  options: z.ZodType<Plan["options"]>;
  command: ActionCommand<Wish>;
  form: FormSpec<Wish>;
  /** Of an action for someone who is not there yet: whom it is about. */
  newTarget?(wish: Wish): Target;
  /** Freezes the options. @throws UserError for a wish that can't be fulfilled. */
  prepare(input: PlanInput<Wish>): Promise<Plan["options"]>;
  /** The approve button's confirmation: one plain question. */
  question(plan: Plan, evidence: UserSummary | null): string;
  describe(plan: Plan, evidence: UserSummary | null): PlanText;
  /** The Cloudflare call, in words for the thread and the audit. */
  callText(plan: Plan): string;
  /** Beside whether it is still the same user: is what the plan names still what was approved? */
  checkTarget?(cloudflare: Cloudflare, plan: Plan): Promise<TargetCheck>;
  /** Each part that could not be read is null. `evidence`: what was read when it was asked for. */
  readBaseline(cloudflare: Cloudflare, plan: Plan, evidence: UserSummary | null): Promise<Baseline | null>;
  /** One attempt. Must be safe to repeat. */
  execute(cloudflare: Cloudflare, plan: Plan, call?: CallOptions): Promise<Receipt>;
  /**
   * Reads the state again. `baseline` is null where nothing was read before. `sentAt`: when the first attempt was
   * sent, by Cloudflare's clock; `now` is ours. Epoch milliseconds.
   * @throws CloudflareError when the state cannot be read.
   */
  verify(
    cloudflare: Cloudflare,
    plan: Plan,
    baseline: Baseline | null,
    sentAt: number,
    now: number,
  ): Promise<Look>;
}

/** Checks the shape; the types do the rest. */
export function defineAction<
  Plan extends PlanWith<string, unknown>,
  Wish extends { action: Plan["action"] },
  Baseline = null,
>(action: Action<Plan, Wish, Baseline>): Action<Plan, Wish, Baseline> {
  return action;
}

/** null where Cloudflare could not say: what is unknown is not empty. */
export async function readOrNull<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    return null;
  }
}
