import type { ActiveSession, Registration } from "../../api/cloudflare.ts";
import { onApps } from "../../lookup/facts.ts";
import { collectRegistrations, type Part, type UserSummary } from "../../lookup/summary.ts";
import { list, plural } from "../../words.ts";
import type { RevokeOptions } from "../plan.ts";
import { defineAction, type PlanOf, type Verification } from "./define.ts";

export interface RevokeBaseline {
  /** May be more than there are nonces: Cloudflare leaves one out now and then. */
  sessionCount: number;
  sessionNonces: string[];
  registrationIds: string[];
}

export const revoke = defineAction<"revoke", RevokeBaseline>({
  name: "revoke",
  label: "Revoke sessions",
  effect: "contains",
  prepare: ({ wish: { devices, warpReauth } }) => Promise.resolve({ devices, warpReauth }),
  question: (plan) =>
    `All of ${plan.target.email}'s Access sessions end at once${plan.options.devices ? ", and all of their device registrations are revoked" : ""}.`,
  describe: (plan, evidence) => ({
    headline: `Revoke all sessions of ${plan.target.email}`,
    effects: describeEffects(plan.options, evidence),
    caution:
      "This is not a ban: tokens stop working within 30 seconds, and after about a minute the user can log in again if your policies allow it. To keep them out, disable them at the identity provider or by policy.",
    undo: plan.options.devices
      ? "Ended sessions cannot be brought back: the user logs in again. Revoked registrations can be restored (unrevoke) until the device registers anew."
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
    const before = new Set(baseline.registrationIds);
    devicesLeft = registrations.filter((one) => before.has(one.id)).length;
    const registered = registrations.length - devicesLeft;
    parts.push(leftOf(devicesLeft, before.size, "device registration"));
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

function describeEffects(options: RevokeOptions, evidence: UserSummary | null): string[] {
  if (evidence === null) return ["Ends all of their sessions"];
  const effects = [describeSessions(evidence)];
  const devices = countRegistrations(evidence.registrations);
  if (options.devices) {
    effects.push(
      devices === null
        ? "Revokes all of their device registrations (how many could not be read)"
        : `Revokes ${plural(devices, "device registration")}`,
    );
  } else if (devices === null) {
    effects.push("Their devices stay registered (how many could not be read)");
  } else if (devices > 0) {
    effects.push(`${plural(devices, "device stays", "devices stay")} registered`);
  }
  if (options.warpReauth)
    effects.push(
      "Forces WARP to re-authenticate where Gateway policies enforce it; SSH and RDP connections already open outlive it",
    );
  return effects;
}

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
