import type { ActiveSession, Cloudflare, Registration } from "../../api/cloudflare.ts";
import { allRegistrations } from "../../lookup/registrations.ts";
import { capitalize, list, plural } from "../../pluralize.ts";
import type { Look } from "../define.ts";
import type { RevokeBaseline } from "./call.ts";
import { seeListed } from "../block/call.ts";
import type { RevokePlan } from "./options.ts";

export async function verify(
  cloudflare: Cloudflare,
  plan: RevokePlan,
  baseline: RevokeBaseline | null,
  sentAt: number,
  now: number,
): Promise<Look> {
  const { block } = plan.options;
  const [sessions, registrations, listed] = await Promise.all([
    cloudflare.accessUsers.activeSessions(plan.target.id),
    plan.options.devices ? allRegistrations(cloudflare, plan.target.id, "active") : null,
    block === undefined ? null : seeListed(cloudflare, block, plan.target.email, baseline?.listed ?? null),
  ]);
  const judged = judge(plan, baseline, { sentAt, at: cloudflare.serverTime(now), sessions, registrations });
  return { ...(listed === null ? judged : joinLooks(judged, listed)), checkedAt: now };
}

type Seeing = Omit<Look, "checkedAt">;

/** Both, or it is not confirmed. */
function joinLooks(revoked: Seeing, listed: Seeing): Seeing {
  return {
    confirmed: revoked.confirmed && listed.confirmed,
    summary: `${revoked.summary}${listed.confirmed ? "," : ";"} ${listed.summary.charAt(0).toLowerCase()}${listed.summary.slice(1)}`,
    notes: [...revoked.notes, ...listed.notes],
    provesCall: revoked.provesCall && listed.provesCall,
  };
}

/** What Cloudflare shows after the call. Times are by its clock. */
export interface Seen {
  sentAt: number;
  at: number;
  sessions: readonly ActiveSession[];
  /** null: not asked for. */
  registrations: readonly Registration[] | null;
}

/** What was there before the call must be gone; what is new is the user signing in again. */
export function judge(
  { options }: RevokePlan,
  baseline: RevokeBaseline | null,
  seen: Seen,
): Omit<Look, "checkedAt"> {
  const parts = [judgeSessions(baseline, seen)];
  if (seen.registrations !== null)
    parts.push(judgeRegistrations(baseline?.registrationIds ?? null, seen.registrations, seen.sentAt));
  const notes = parts.flatMap((part) => part.notes);
  if (baseline?.sessionCount === null) notes.push("how many sessions were open before is unknown");
  if (baseline?.registrationIds === null) notes.push("how many devices were registered before is unknown");
  if (options.warpReauth) notes.push("WARP re-authentication can't be verified: Cloudflare does not show it");
  const confirmed = parts.every((part) => part.confirmed);
  return {
    confirmed,
    summary: summarize(parts),
    notes,
    provesCall: confirmed && !options.warpReauth && parts.some((part) => part.provesCall),
  };
}

interface Part extends Pick<Look, "confirmed" | "notes" | "provesCall"> {
  /** `is` says what is left, `revoked` names what is gone: "3 sessions". `none`: there was nothing to revoke. */
  is?: string;
  revoked?: string;
  none?: string;
}

/** `Revoked 3 sessions and 2 device registrations`, `Revoked 3 sessions, 1 of 2 device registrations still active` */
function summarize(parts: readonly Part[]): string {
  const revoked = parts.flatMap((part) => part.revoked ?? []);
  const said = revoked.length === 0 ? [] : [`revoked ${list(revoked)}`];
  // Beside what was revoked, that there was nothing else is only noise.
  const left = parts.flatMap(({ is, none }) => is ?? (revoked.length === 0 ? none : null) ?? []);
  return capitalize([...said, ...left].join(", "));
}

/**
 * A session is old when it stood in the baseline or was issued before the call was sent (`iat` has whole seconds, so
 * the second of the call is new).
 */
function judgeSessions(baseline: RevokeBaseline | null, { sentAt, at, sessions }: Seen): Part {
  const sentSecond = Math.floor(sentAt / 1000) * 1000;
  const known = new Set(baseline?.sessionNonces);
  const left = sessions.filter(
    ({ nonce, issuedAt }) =>
      (nonce !== null && known.has(nonce)) || issuedAt === null || issuedAt < sentSecond,
  ).length;
  const fresh = sessions.length - left;
  const notes = fresh > 0 ? [`${plural(fresh, "new sign-in")} since: the user can still get in`] : [];
  const before = baseline?.sessionCount ?? null;

  const unlisted = (baseline?.unlisted ?? []).filter((expiry) => expiry === null || expiry > sentAt).length;
  // An empty list that was empty before the call too, against what was seen when it was asked for, tells nothing.
  if (unlisted > 0 && sessions.length === 0) {
    const is = `Cloudflare lists no session and listed none before the call, but the request saw ${plural(unlisted, "open session")}`;
    return { confirmed: false, is, notes, provesCall: false };
  }
  return {
    confirmed: left === 0,
    ...(left > 0
      ? { is: leftOf(left, before, "session", "open") }
      : before === null || before === 0
        ? { is: `no ${fresh > 0 ? "earlier " : ""}session is open` }
        : { revoked: plural(before, "session") }),
    notes,
    // One of them would still be open.
    provesCall: left === 0 && before !== null && before > 0 && (baseline?.lastExpiry ?? 0) > at,
  };
}

/** A registration is old when it stood in the baseline or was created before the call was sent. */
function judgeRegistrations(
  before: readonly string[] | null,
  registrations: readonly Registration[],
  sentAt: number,
): Part {
  const known = new Set(before);
  const left = registrations.filter(({ id, createdAt }) =>
    createdAt === null ? before === null || known.has(id) : known.has(id) || createdAt < sentAt,
  ).length;
  const fresh = registrations.length - left;
  return {
    confirmed: left === 0,
    ...(left > 0
      ? { is: leftOf(left, before?.length ?? null, "device registration", "active") }
      : before === null
        ? { is: "no earlier device registration is active" }
        : before.length === 0
          ? { none: "no device was registered" }
          : { revoked: plural(before.length, "device registration") }),
    notes: fresh > 0 ? [`${plural(fresh, "new device registration")} since`] : [],
    provesCall: left === 0 && before !== null && before.length > 0,
  };
}

/** `1 of 3 sessions still open`; where it is unknown how many there were before, `2 earlier sessions still open`. */
function leftOf(left: number, before: number | null, one: string, state: string): string {
  return before === null
    ? `${plural(left, `earlier ${one}`)} still ${state}`
    : `${left} of ${plural(Math.max(before, left), one)} still ${state}`;
}
