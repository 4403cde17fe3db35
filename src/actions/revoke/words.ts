import { countDevices, onApps } from "../../lookup/facts.ts";
import type { UserSummary } from "../../lookup/summary.ts";
import { list, plural } from "../../pluralize.ts";
import type { PlanText } from "../define.ts";
import type { RevokeOptions, RevokePlan } from "./options.ts";

export function question(plan: RevokePlan): string {
  return othersOf(plan) > 0
    ? questionForMany(plan)
    : `All of ${plan.target.email}'s Access sessions end at once${plan.options.devices ? ", and all of their device registrations are revoked" : ""}.`;
}

export function describe(plan: RevokePlan, evidence: UserSummary | null): PlanText {
  const { devices } = plan.options;
  const isForMany = othersOf(plan) > 0;
  return {
    headline: `Revoke all sessions${devices ? " and devices" : ""} of ${isForMany ? plural(othersOf(plan) + 1, "user") : plan.target.email}`,
    effects: isForMany ? describeManyEffects(plan, evidence) : describeEffects(plan.options, evidence),
    caution:
      "This is not a ban: tokens stop working within 30 seconds, and after about a minute the user can log in again if your policies allow it. To keep them out, disable them at the identity provider or by policy.",
    undo: devices
      ? "Ended sessions cannot be brought back: the user logs in again. Revoked registrations can be restored (/zt restore-devices) until the device registers again."
      : "Cannot be undone, and need not be: the user logs in again.",
  };
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
  return `All Access sessions of ${plural(othersOf(plan) + 1, "user")} end${devices}. The first comes alone; the others follow when that is verified.`;
}

function describeManyEffects(plan: RevokePlan, evidence: UserSummary | null): string[] {
  const others = othersOf(plan);
  const { devices, warpReauth } = plan.options;
  return [
    `Ends all Access sessions of these ${plural(othersOf(plan) + 1, "user")}`,
    `The first one comes alone; the other ${others === 1 ? "one follows" : `${others} follow`} only when that is verified`,
    ...(evidence?.sessions.ok === true && evidence.sessions.value.length === 0
      ? [
          "No session of the first one is open now, so that step shows little: none of those looked at had one",
        ]
      : []),
    devices ? "Revokes all of their device registrations" : "Their devices stay registered",
    ...(warpReauth ? [WARP_EFFECT] : []),
    "While it runs, who asked and the approvers can stop it here; anyone not reached by then is not touched",
  ];
}

function describeEffects(options: RevokeOptions, evidence: UserSummary | null): string[] {
  if (evidence === null) return ["Ends all of their sessions"];
  const effects = [describeSessions(evidence)];
  const { registrations: part } = evidence;
  if (!part.ok)
    effects.push(
      options.devices
        ? "Revokes all of their device registrations (how many could not be read)"
        : "Their devices stay registered (how many could not be read)",
    );
  else if (options.devices)
    effects.push(
      part.value.length === 0
        ? "They have no device registration now: this revokes any that are added before it runs"
        : `Revokes ${countDevices(part, "device registration")}`,
    );
  else if (part.value.length > 0)
    effects.push(`${countDevices(part, "device")} ${part.value.length === 1 ? "stays" : "stay"} registered`);
  if (options.warpReauth) effects.push(WARP_EFFECT);
  return effects;
}

const WARP_EFFECT =
  "Forces WARP to re-authenticate where Gateway policies enforce it; SSH and RDP connections already open outlive it";

function describeSessions(evidence: UserSummary): string {
  if (!evidence.sessions.ok)
    return `Ends all of their sessions (how many could not be read: ${evidence.sessions.reason})`;
  const sessions = evidence.sessions.value;
  if (sessions.length === 0)
    return "They have no active session now: this ends any that is opened before it runs";
  return `Ends ${plural(sessions.length, "session")}${onApps(sessions)}`;
}

function describeOptions(options: RevokeOptions): string {
  const words = [
    ...(options.devices ? ["with device registrations"] : []),
    ...(options.warpReauth ? ["with WARP re-authentication"] : []),
  ];
  return words.length === 0 ? "sessions only" : list(words);
}
