import type { Part, UserSummary } from "../lookup/summary.ts";
import type { Status } from "../requests/request.ts";
import type { TargetState } from "../requests/targets.ts";
import { SAME_SESSION_MS, SAME_WAY_MS } from "../watch/look.ts";

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
  /** Whether the block list keeps them out; absent where the policy named none when they were read. */
  blocked?: BlockSeen;
  /** What the identity provider says by SCIM; absent from what was stored before it was read. */
  idp?: Known<"active" | "disabled">;
}

/** `since`: when they were put on the list, where Cloudflare says. `isUnenforced`: they are on it, and no rule uses it. */
export type BlockSeen = { value: boolean; since?: number; isUnenforced?: boolean } | { unknown: string };

/** All that gaps of one person are made of. */
export interface PersonFacts {
  /** null: not read yet. */
  seen: PersonSeen | null;
  /** About this person, in any order. */
  requests: readonly PersonRequest[];
  /** Their sign-ins that a watch told of, in any order. */
  returns: readonly PersonReturn[];
  /** Someone says that their account is disabled at the identity provider; null: no one does. */
  idpDisabled: Said | null;
}

/** Who said something, a Slack user id, and when. */
export interface Said {
  by: string;
  at: number;
}

/** A sign-in that a watch saw, by Cloudflare's clock, and whether someone said that it was expected. */
export interface PersonReturn {
  at: number;
  isExpected: boolean;
}

/** What the policy says of gaps. */
export interface GapRules {
  /** Those that have to be closed before someone counts as contained. */
  required: readonly GapKind[];
  /** Without a list no one can be blocked, and that is no gap. */
  hasBlockList: boolean;
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

/** The most pressing first. */
export const GAP_KINDS = ["back", "sessions", "block", "idp", "devices", "risk"] as const;
export type GapKind = (typeof GAP_KINDS)[number];

export type Gap =
  /** They signed in again after a verified revocation, and no one said that it was expected. */
  | { kind: "back"; is: "open"; since: number }
  | { kind: "sessions"; is: "open"; count: number }
  /** Not on the block list, or on one that nothing enforces. */
  | { kind: "block"; is: "open"; isUnenforced?: boolean }
  /** Active at the identity provider, as that says. */
  | { kind: "idp"; is: "open" }
  | { kind: "devices"; is: "open"; count: number }
  | { kind: "risk"; is: "open"; level: "medium" | "high" }
  | { kind: GapKind; is: "unknown"; why: string };

/** Keeps what gaps depend on of a whole summary. */
export function seenOf(summary: UserSummary, blocked?: BlockSeen): PersonSeen {
  return {
    readAt: summary.gatheredAt,
    sessions: known(summary.sessions, (sessions) =>
      sessions.slice(0, MAX_SESSIONS).map((one) => one.issuedAt),
    ),
    devices: known(summary.registrations, (registrations) => registrations.length),
    risk: riskOf(summary.risk),
    ...(blocked !== undefined && { blocked }),
    idp: idpOf(summary.idp),
  };
}

/** More sessions of one person tell nothing more. */
const MAX_SESSIONS = 100;

function known<T, U>(part: Part<T>, read: (value: T) => U): Known<U> {
  return part.ok ? { value: read(part.value) } : { unknown: part.reason };
}

/** Where the provider does not know them, it has said nothing. */
function idpOf(part: UserSummary["idp"]): Known<"active" | "disabled"> {
  if (part === undefined) return NOT_READ;
  if (!part.ok) return { unknown: part.reason };
  const { active } = part.value;
  if (active === null) return { unknown: "the IdP does not say" };
  return { value: active ? "active" : "disabled" };
}

const NOT_READ = { unknown: "not read yet" };

/** A level that is not documented is unknown, not low. */
function riskOf(part: UserSummary["risk"]): PersonSeen["risk"] {
  if (!part.ok) return { unknown: part.reason };
  const { level, rawLevel } = part.value;
  return level === null && rawLevel !== null ? { unknown: `risk level ${rawLevel}` } : { value: level };
}

/** What is left to do about one person, the most pressing first. Nothing was read yet: all of it is unknown. */
export function findGaps(person: PersonFacts, { hasBlockList }: Pick<GapRules, "hasBlockList">): Gap[] {
  const { seen, requests, idpDisabled } = person;
  const sessions = seen?.sessions ?? NOT_READ;
  const revoked = revokedAt(requests);
  const returns = mergeReturns(person.returns);
  const unexpected =
    "unknown" in sessions ? sessions : { value: sessions.value.filter((at) => !wasExpected(at, returns)) };
  const since = revoked === null ? null : backSince(revoked, unexpected, returns);
  const find: Record<GapKind, () => Gap | null> = {
    back: () => {
      if (since !== null) return { kind: "back", is: "open", since };
      return revoked !== null && "unknown" in sessions ? unknown("back", sessions) : null;
    },
    sessions: () =>
      judge("sessions", unexpected, ({ length: count }) =>
        count > 0 ? { kind: "sessions", is: "open", count } : null,
      ),
    block: () => {
      if (!hasBlockList) return null;
      const blocked = seen?.blocked ?? NOT_READ;
      if ("unknown" in blocked) return unknown("block", blocked);
      if (blocked.value) return null;
      return { kind: "block", is: "open", ...(blocked.isUnenforced === true && { isUnenforced: true }) };
    },
    idp: () => {
      const idp = seen?.idp ?? NOT_READ;
      // What a person says counts for as long as the provider does not say otherwise.
      if ("unknown" in idp && idpDisabled !== null) return null;
      return judge("idp", idp, (state) => (state === "active" ? { kind: "idp", is: "open" } : null));
    },
    devices: () =>
      judge("devices", seen?.devices ?? NOT_READ, (count) =>
        count > 0 ? { kind: "devices", is: "open", count } : null,
      ),
    risk: () =>
      judge("risk", seen?.risk ?? NOT_READ, (level) =>
        level === "high" || level === "medium" ? { kind: "risk", is: "open", level } : null,
      ),
  };
  return GAP_KINDS.flatMap((kind) => find[kind]() ?? []);
}

function judge<T>(kind: GapKind, known: Known<T>, open: (value: T) => Gap | null): Gap | null {
  return "unknown" in known ? unknown(kind, known) : open(known.value);
}

function unknown(kind: GapKind, { unknown: why }: { unknown: string }): Gap {
  return { kind, is: "unknown", why };
}

/** Whether none of the gaps that the policy calls required is left; an unknown one is. */
export function isContained(gaps: readonly Gap[], required: readonly GapKind[]): boolean {
  return !gaps.some(({ kind }) => required.includes(kind));
}

/** When the newest revocation of all their sessions that was verified was sent; null: there is none. */
export function revokedAt(requests: readonly PersonRequest[]): number | null {
  return newestRevocation(requests)?.sentAt ?? null;
}

/** The newest revocation of all their sessions that was verified. */
export function newestRevocation(requests: readonly PersonRequest[]): PersonRequest | null {
  const sent = requests.filter(
    ({ action, state, sentAt }) => action === "revoke" && state === "done" && sentAt !== null,
  );
  return sent.toSorted((a, b) => (b.sentAt ?? 0) - (a.sentAt ?? 0))[0] ?? null;
}

/**
 * When they first signed in after the revocation: by a session that is open, or by a sign-in that a watch saw. `iat` has
 * whole seconds, so the second of the call is new, as in the revocation's own verification.
 */
function backSince(
  revoked: number,
  sessions: Known<(number | null)[]>,
  returns: readonly PersonReturn[],
): number | null {
  const from = Math.floor(revoked / 1000) * 1000;
  const times = [
    ...("value" in sessions ? sessions.value : []),
    ...returns.filter(({ isExpected }) => !isExpected).map(({ at }) => at),
  ];
  const fresh = times.filter((at): at is number => at !== null && at >= from);
  return fresh.length === 0 ? null : Math.min(...fresh);
}

/** Two watches may tell of the same sign-in, of which one was answered. */
function mergeReturns(returns: readonly PersonReturn[]): PersonReturn[] {
  return [...Map.groupBy(returns, ({ at }) => at)].map(([at, same]) => ({
    at,
    isExpected: same.some(({ isExpected }) => isExpected),
  }));
}

/** Whether the sign-in that a session came of was expected: the nearest one that a watch saw, not long before it. */
function wasExpected(began: number | null, returns: readonly PersonReturn[]): boolean {
  if (began === null) return false;
  const near = returns.filter(({ at }) => at <= began + SAME_SESSION_MS && began - at <= SAME_WAY_MS);
  const distance = ({ at }: PersonReturn) => Math.abs(at - began);
  return near.toSorted((a, b) => distance(a) - distance(b))[0]?.isExpected === true;
}
