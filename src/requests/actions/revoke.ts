import type { ActiveSession, Registration } from "../../api/cloudflare.ts";
import { onApps } from "../../lookup/facts.ts";
import { collectRegistrations, type Part, type UserSummary } from "../../lookup/summary.ts";
import { list, plural } from "../../words.ts";
import { othersOf, targetsOf, type RevokeOptions } from "../plan.ts";
import { defineAction, type PlanOf, type Verification } from "./define.ts";

export interface RevokeBaseline {
  /** May be more than there are nonces: Cloudflare leaves one out now and then. */
  sessionCount: number;
  sessionNonces: string[];
  /** null: not read before, so the age of a registration tells. */
  registrationIds: string[] | null;
}

/** Where nothing was read before the call: what is old is told by its age alone. */
export const NO_BASELINE: RevokeBaseline = { sessionCount: 0, sessionNonces: [], registrationIds: null };

export const revoke = defineAction<"revoke", RevokeBaseline>({
  name: "revoke",
  label: "Revoke sessions",
  effect: "contains",
  prepare: ({ wish: { devices, warpReauth }, others = [] }) =>
    Promise.resolve({ devices, warpReauth, ...(others.length === 0 ? {} : { others: [...others] }) }),
  question: (plan) =>
    othersOf(plan).length > 0
      ? questionForMany(plan)
      : `All of ${plan.target.email}'s Access sessions end at once${plan.options.devices ? ", and all of their device registrations are revoked" : ""}.`,
  describe: (plan, evidence) => ({
    headline: `Revoke all sessions${plan.options.devices ? " and devices" : ""} of ${
      othersOf(plan).length > 0 ? plural(targetsOf(plan).length, "user") : plan.target.email
    }`,
    effects: othersOf(plan).length > 0 ? describeManyEffects(plan) : describeEffects(plan.options, evidence),
    caution:
      "This is not a ban: tokens stop working within 30 seconds, and after about a minute the user can log in again if your policies allow it. To keep them out, disable them at the identity provider or by policy.",
    undo: plan.options.devices
      ? "Ended sessions cannot be brought back: the user logs in again. Revoked registrations can be restored (/zt restore-devices) until the device registers anew."
      : "Cannot be undone, and need not be: the user logs in again.",
  }),
  callText: (plan) => `revoke_user for ${plan.target.email} (${describeOptions(plan.options)})`,

  async readBaseline(cloudflare, plan) {
    // Both are for telling old from new afterwards: a part that can't be read must not hold up a containment.
    const [sessions, registrations] = await Promise.all([
      cloudflare.accessUsers.activeSessions(plan.target.id).catch(() => []),
      plan.options.devices ? collectRegistrations(cloudflare, plan.target.id).catch(() => []) : [],
    ]);
    const sessionNonces = sessions.flatMap((session) => session.nonce ?? []);
    return {
      sessionCount: sessions.length,
      sessionNonces,
      registrationIds: registrations.map((one) => one.id),
    };
  },

  execute: (cloudflare, plan) =>
    cloudflare.organizations.revokeUser({
      email: plan.target.email,
      userUid: plan.target.id,
      devices: plan.options.devices,
      warpSessionReauth: plan.options.warpReauth,
    }),

  async verify(cloudflare, plan, baseline, sentAt, now) {
    const [sessions, registrations] = await Promise.all([
      cloudflare.accessUsers.activeSessions(plan.target.id),
      plan.options.devices ? collectRegistrations(cloudflare, plan.target.id) : null,
    ]);
    return judge(plan, baseline, sentAt, now, sessions, registrations);
  },
});

/**
 * Old sessions must be gone; new ones are somebody logging in again. A session is old when it stood in the
 * baseline or was issued before the call was sent (`iat` has whole seconds, so the second of the call is new).
 */
export function judge(
  plan: PlanOf<"revoke">,
  baseline: RevokeBaseline,
  sentAt: number,
  now: number,
  sessions: readonly ActiveSession[],
  registrations: readonly Registration[] | null,
): Verification {
  const sentSecond = Math.floor(sentAt / 1000) * 1000;
  const known = new Set(baseline.sessionNonces);
  const isOld = (session: ActiveSession): boolean =>
    (session.nonce !== null && known.has(session.nonce)) ||
    session.issuedAt === null ||
    session.issuedAt < sentSecond;
  const remaining = sessions.filter(isOld).length;
  const fresh = sessions.length - remaining;
  const total = Math.max(baseline.sessionCount, remaining);
  const parts = [total === 0 ? "no session is open" : leftOf(remaining, total, "session")];
  const notes: string[] = [];
  if (fresh > 0) notes.push(`${plural(fresh, "new log-in")} since: the user can still get in`);

  let devicesLeft = 0;
  if (registrations !== null) {
    const before = baseline.registrationIds === null ? null : new Set(baseline.registrationIds);
    const isEarlier = (one: Registration): boolean =>
      before === null ? (one.createdAt ?? 0) < sentAt : before.has(one.id);
    devicesLeft = registrations.filter(isEarlier).length;
    const registered = registrations.length - devicesLeft;
    parts.push(leftOf(devicesLeft, before?.size ?? devicesLeft, "device registration"));
    if (registered > 0) notes.push(`${plural(registered, "new device registration")} since`);
  }
  return {
    confirmed: remaining === 0 && devicesLeft === 0,
    summary: parts.join(", "),
    notes,
    checkedAt: now,
  };
}

/** `0 of 3 sessions remain` */
function leftOf(left: number, total: number, one: string): string {
  return `${left} of ${plural(total, one)} ${left === 1 || total === 1 ? "remains" : "remain"}`;
}

/** Fits the confirmation's 300 characters whatever the address. */
function questionForMany(plan: PlanOf<"revoke">): string {
  const devices = plan.options.devices ? ", and all of their device registrations are revoked" : "";
  return `All Access sessions of ${plural(targetsOf(plan).length, "user")} end${devices}. The first comes alone; the others follow when that is verified.`;
}

function describeManyEffects(plan: PlanOf<"revoke">): string[] {
  const others = othersOf(plan).length;
  const { devices, warpReauth } = plan.options;
  return [
    `Ends all Access sessions of these ${plural(targetsOf(plan).length, "user")}`,
    `The first one comes alone; the other ${others === 1 ? "one follows" : `${others} follow`} only when that is verified`,
    devices ? "Revokes all of their device registrations" : "Their devices stay registered",
    ...(warpReauth ? [WARP_EFFECT] : []),
    "While it runs, who asked and the approvers can stop it here; whoever was not reached by then is not touched",
  ];
}

function describeEffects(options: RevokeOptions, evidence: UserSummary | null): string[] {
  if (evidence === null) return ["Ends all of their sessions"];
  const effects = [describeSessions(evidence)];
  const devices = countRegistrations(evidence.registrations);
  if (options.devices) {
    effects.push(
      devices === null
        ? "Revokes all of their device registrations (how many could not be read)"
        : devices === 0
          ? "They have no device registration now: this revokes whatever may have been registered since"
          : `Revokes ${plural(devices, "device registration")}`,
    );
  } else if (devices === null) {
    effects.push("Their devices stay registered (how many could not be read)");
  } else if (devices > 0) {
    effects.push(`${plural(devices, "device stays", "devices stay")} registered`);
  }
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
    return "They have no active session now: this ends whatever may have been opened since";
  return `Ends ${plural(sessions.length, "session")}${onApps(sessions)}`;
}

function countRegistrations(part: Part<Registration[]>): number | null {
  return part.ok ? part.value.length : null;
}

function describeOptions(options: RevokeOptions): string {
  const words = [
    ...(options.devices ? ["with device registrations"] : []),
    ...(options.warpReauth ? ["with WARP re-authentication"] : []),
  ];
  return words.length === 0 ? "sessions only" : list(words);
}
