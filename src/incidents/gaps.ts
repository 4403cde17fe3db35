import type { Part, UserSummary } from "../lookup/summary.ts";
import type { Status } from "../requests/request.ts";
import type { TargetState } from "../requests/targets.ts";

/**
 * What is left to do until someone is contained, from what was read of them and what was done about them. Pure. What
 * could not be read is unknown, and never counts as closed.
 */

/** What Cloudflare said, or why it is unknown. */
export type Known<T> = { value: T } | { unknown: string };

/** What was read of someone, as far as gaps depend on it; small enough to be kept with the incident. */
export interface PersonSeen {
  /** Epoch milliseconds. */
  readAt: number;
  /** When each open session began, by Cloudflare's clock; null where it does not say. */
  sessions: Known<(number | null)[]>;
  devices: Known<number>;
  /** null: no level. */
  risk: Known<"low" | "medium" | "high" | null>;
}

/** A request about someone, as far as chips and gaps depend on it. */
export interface PersonRequest {
  id: string;
  action: string;
  /** The action takes access away. */
  takesAccess: boolean;
  status: Status;
  /** Theirs in a request about several. */
  state: TargetState;
  createdAt: number;
  /** When Cloudflare took the call, by its clock; null: not sent. */
  sentAt: number | null;
}

export const GAP_KINDS = ["sessions", "devices", "risk"] as const;
export type GapKind = (typeof GAP_KINDS)[number];

export type Gap =
  /** `backSince`: they signed in again after a verified revocation; null: sessions from before, or no revocation. */
  | { kind: "sessions"; is: "open"; count: number; backSince: number | null }
  | { kind: "devices"; is: "open"; count: number }
  | { kind: "risk"; is: "open"; level: "medium" | "high" }
  | { kind: GapKind; is: "unknown"; why: string };

/** Keeps what gaps depend on of a whole summary. */
export function seenOf(summary: UserSummary): PersonSeen {
  return {
    readAt: summary.gatheredAt,
    sessions: known(summary.sessions, (sessions) =>
      sessions.slice(0, MAX_SESSIONS).map((one) => one.issuedAt),
    ),
    devices: known(summary.registrations, (registrations) => registrations.length),
    risk: riskOf(summary.risk),
  };
}

/** More sessions of one person tell nothing more. */
const MAX_SESSIONS = 100;

function known<T, U>(part: Part<T>, read: (value: T) => U): Known<U> {
  return part.ok ? { value: read(part.value) } : { unknown: part.reason };
}

/** A level that is not documented is unknown, not low. */
function riskOf(part: UserSummary["risk"]): PersonSeen["risk"] {
  if (!part.ok) return { unknown: part.reason };
  const { level, rawLevel } = part.value;
  return level === null && rawLevel !== null ? { unknown: `risk level ${rawLevel}` } : { value: level };
}

/** What is left to do about one person, the most pressing first. Nothing was read yet: all of it is unknown. */
export function findGaps(seen: PersonSeen | null, requests: readonly PersonRequest[]): Gap[] {
  if (seen === null) return GAP_KINDS.map((kind) => ({ kind, is: "unknown", why: "not read yet" }));
  const gaps: Gap[] = [];
  if ("unknown" in seen.sessions) gaps.push({ kind: "sessions", is: "unknown", why: seen.sessions.unknown });
  else if (seen.sessions.value.length > 0)
    gaps.push({
      kind: "sessions",
      is: "open",
      count: seen.sessions.value.length,
      backSince: backSince(seen.sessions.value, revokedAt(requests)),
    });
  if ("unknown" in seen.devices) gaps.push({ kind: "devices", is: "unknown", why: seen.devices.unknown });
  else if (seen.devices.value > 0) gaps.push({ kind: "devices", is: "open", count: seen.devices.value });
  if ("unknown" in seen.risk) gaps.push({ kind: "risk", is: "unknown", why: seen.risk.unknown });
  else if (seen.risk.value === "high" || seen.risk.value === "medium")
    gaps.push({ kind: "risk", is: "open", level: seen.risk.value });
  return gaps;
}

/** Whether none of the gaps that the policy calls required is left; an unknown one is. */
export function isContained(gaps: readonly Gap[], required: readonly GapKind[]): boolean {
  return !gaps.some(({ kind }) => required.includes(kind));
}

/** When the newest revocation of all their sessions that was verified was sent; null: there is none. */
export function revokedAt(requests: readonly PersonRequest[]): number | null {
  const sent = requests.flatMap(({ action, state, sentAt }) =>
    action === "revoke" && state === "done" && sentAt !== null ? [sentAt] : [],
  );
  return sent.length === 0 ? null : Math.max(...sent);
}

/**
 * When the first of the open sessions began that is newer than the revocation. `iat` has whole seconds, so the second of
 * the call is new, as in the revocation's own verification.
 */
function backSince(sessions: readonly (number | null)[], revoked: number | null): number | null {
  if (revoked === null) return null;
  const from = Math.floor(revoked / 1000) * 1000;
  const fresh = sessions.filter((at): at is number => at !== null && at >= from);
  return fresh.length === 0 ? null : Math.min(...fresh);
}
