import { blockIn, countDevices, onApps } from "../../lookup/facts.ts";
import type { Blocked, UserSummary } from "../../lookup/summary.ts";
import { list, plural } from "../../pluralize.ts";
import { isEnforced } from "../block/options.ts";
import { blockEffects, endText, listedThen, replacedText } from "../block/words.ts";
import type { PlanLine, PlanText } from "../define.ts";
import type { RevokeOptions, RevokePlan } from "./options.ts";

export function question(plan: RevokePlan, evidence: UserSummary | null): string {
  return othersOf(plan) > 0
    ? questionForMany(plan)
    : `All of ${plan.target.email}'s Access sessions end at once${plan.options.devices ? ", and all of their device registrations are revoked" : ""}.${blockQuestion(plan.options, evidence)}`;
}

function blockQuestion({ block, blockForMs }: RevokeOptions, evidence: UserSummary | null): string {
  if (block === undefined) return "";
  const listed = listedThen(evidence);
  return listed === null
    ? ` They go on the list “${block.name}”${endText(blockForMs, listed)}.`
    : ` They are on the list “${block.name}” already${replacedText(blockForMs, listed)}`;
}

export function describe(plan: RevokePlan, evidence: UserSummary | null): PlanText {
  const { devices, block } = plan.options;
  const isForMany = othersOf(plan) > 0;
  return {
    headline: `Revoke all sessions${devices ? " and devices" : ""} of ${isForMany ? plural(othersOf(plan) + 1, "user") : plan.target.email}${block === undefined ? "" : isEnforced(block) ? " and block them" : " and put them on a list"}${block === undefined ? "" : endText(plan.options.blockForMs, listedThen(evidence))}`,
    effects: isForMany ? describeManyEffects(plan, evidence) : describeEffects(plan, evidence),
    caution: cautionOf(plan, evidence),
    undo: [
      ...(devices
        ? ["Revoked devices can be restored with /zt restore-devices until they register again."]
        : []),
      ...(block === undefined ? [] : ["The list is undone with /zt unblock."]),
    ].join(" "),
  };
}

/** Nothing of this is a ban but the list, and that only where something uses it. */
function cautionOf(plan: RevokePlan, evidence: UserSummary | null): string {
  const { block, canBlock } = plan.options;
  if (block !== undefined ? isEnforced(block) : blockOf(evidence) !== null) return BLOCKED_CAUTION;
  const next =
    canBlock === true
      ? othersOf(plan) > 0
        ? "/zt block, for each of them."
        : `/zt block ${plan.target.email}`
      : "disable the account in your IdP.";
  return `They can sign in again in about a minute. To keep them out${canBlock === true ? ":" : ","} ${next}`;
}

/** What stays to be done where the block list keeps someone out. */
export const BLOCKED_CAUTION =
  "What the block list does not cover stays open to them: disable the account in your IdP as well.";

/** The block that keeps the one user out already, as far as was read when it was requested; null: none is known of. */
function blockOf(evidence: UserSummary | null): Blocked | null {
  return evidence === null ? null : blockIn(evidence, evidence.gatheredAt);
}

export function callText({ target, options }: RevokePlan): string {
  return `revoke_user for ${target.email} (${describeOptions(options)})`;
}

/** How many come after the first. */
function othersOf({ options }: RevokePlan): number {
  return options.others?.length ?? 0;
}

/** Fits the confirmation's 300 characters whatever the address. */
function questionForMany(plan: RevokePlan): string {
  const devices = plan.options.devices ? ", and all of their device registrations are revoked" : "";
  return `All Access sessions of ${plural(othersOf(plan) + 1, "user")} end${devices}. It starts with one user; the others follow once that is verified.`;
}

function describeManyEffects(plan: RevokePlan, evidence: UserSummary | null): string[] {
  const others = othersOf(plan);
  const { devices, warpReauth } = plan.options;
  return [
    `Ends all Access sessions of ${plural(othersOf(plan) + 1, "user")}`,
    `Starts with one user; the other ${others === 1 ? "one follows" : `${others} follow`} once that is verified`,
    ...(evidence?.sessions.ok === true && evidence.sessions.value.length === 0
      ? ["No open session was found, so the first revocation proves little"]
      : []),
    devices ? "Revokes all their device registrations" : "Their devices stay registered",
    ...(warpReauth ? [WARP_EFFECT] : []),
    "The requester and the approvers can stop it while it runs",
  ];
}

function describeEffects(plan: RevokePlan, evidence: UserSummary | null): PlanLine[] {
  if (evidence === null) return ["Ends all their sessions"];
  const { options } = plan;
  const effects: PlanLine[] = [describeSessions(evidence)];
  const blocked = blockOf(evidence);
  if (options.block === undefined && blocked !== null) effects.push(stayText(blocked));
  if (options.block !== undefined)
    effects.push(...blockEffects(options.block, options.blockForMs, listedThen(evidence)));
  const { registrations: part } = evidence;
  if (!part.ok)
    effects.push(
      options.devices
        ? "Revokes all their device registrations (number unknown)"
        : "Their devices stay registered (number unknown)",
    );
  else if (options.devices)
    effects.push(
      part.value.length === 0
        ? "No registered device now: revokes any added before it runs"
        : `Revokes ${countDevices(part, "device registration")}`,
    );
  else if (part.value.length > 0)
    effects.push(`${countDevices(part, "device")} ${part.value.length === 1 ? "stays" : "stay"} registered`);
  if (options.warpReauth) effects.push(WARP_EFFECT);
  return effects;
}

/** That they are blocked, and until when: the revocation changes nothing of that. */
function stayText({ until }: Blocked): PlanLine {
  return until === null
    ? "They stay blocked until someone unblocks them"
    : { text: "They stay blocked until", at: until };
}

const WARP_EFFECT =
  "Makes WARP re-authenticate where Gateway policies enforce it; open SSH and RDP connections stay open";

function describeSessions(evidence: UserSummary): string {
  if (!evidence.sessions.ok) return `Ends all their sessions (number unknown: ${evidence.sessions.reason})`;
  const sessions = evidence.sessions.value;
  if (sessions.length === 0) return "No active session now: ends any opened before it runs";
  return `Ends ${plural(sessions.length, "session")}${onApps(sessions)}`;
}

function describeOptions(options: RevokeOptions): string {
  const words = [
    ...(options.devices ? ["with device registrations"] : []),
    ...(options.warpReauth ? ["with WARP re-authentication"] : []),
    ...(options.block === undefined ? [] : [`with the list “${options.block.name}”`]),
  ];
  return words.length === 0 ? "sessions only" : list(words);
}
