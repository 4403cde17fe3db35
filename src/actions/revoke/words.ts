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
    caution: "They can sign in again in about a minute. To keep them out, disable the account in your IdP.",
    undo: devices
      ? "Revoked devices can be restored with /zt restore-devices until they register again."
      : "",
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

function describeEffects(options: RevokeOptions, evidence: UserSummary | null): string[] {
  if (evidence === null) return ["Ends all their sessions"];
  const effects = [describeSessions(evidence)];
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
  ];
  return words.length === 0 ? "sessions only" : list(words);
}
