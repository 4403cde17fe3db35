import type { ActiveSession, CallOptions, Cloudflare, Identity, SessionIdentity } from "../api/cloudflare.ts";
import { isCloudflareFailure, type CloudflareErrorKind } from "../api/errors.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import { diffIdentity, type Difference } from "./identity-diff.ts";

/** One call each: with 1,000 sessions the rate limit would be gone. */
const MAX_COMPARED = 8;

/** The identity itself is what the reader wants: it does not wait longer than this for what to compare it with. */
const TIMEOUT_MS = 4000;

/** The sessions open now compared with the identity last seen. */
export interface Comparison {
  /** All that are open. */
  total: number;
  /** Those that were compared and are open, newest first. */
  compared: { issuedAt: number | null; differences: Difference[] }[];
  /** What is unknown in one of the identities, and so was not compared. */
  unsaid?: readonly string[];
  /** How many could not be read, and why the first of them. */
  unread: number;
  reason: string | null;
}

export type OpenIdentities = Omit<Comparison, "compared"> & {
  identities: { nonce: string; issuedAt: number | null; identity: SessionIdentity }[];
};

interface Reading {
  call?: CallOptions;
  /** Where they are being read already. */
  sessions?: Promise<ActiveSession[]>;
  /** At most so many identities. */
  max?: number;
}

/** The identities behind the newest sessions that are open, read at once. Never rejects for Cloudflare's reasons. */
export async function readOpenIdentities(
  cloudflare: Cloudflare,
  userId: string,
  {
    call = { timeoutMs: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) },
    sessions: asked = cloudflare.accessUsers.activeSessions(userId, call),
    max = MAX_COMPARED,
  }: Reading = {},
): Promise<OpenIdentities> {
  const listed = await attempt(asked);
  if ("reason" in listed) return { total: 0, identities: [], unread: 0, reason: listed.reason };
  const sessions = listed.value;
  const newest = sessions
    .toSorted((a, b) => (b.issuedAt ?? 0) - (a.issuedAt ?? 0))
    .flatMap(({ nonce, issuedAt }) => (nonce === null ? [] : [{ nonce, issuedAt }]))
    .slice(0, max);
  const read = await Promise.all(
    newest.map(async ({ nonce, issuedAt }) => ({
      nonce,
      issuedAt,
      answer: await attempt(cloudflare.accessUsers.activeSession(userId, nonce, call)),
    })),
  );
  const reasons = read.flatMap(({ answer }) =>
    "reason" in answer && answer.kind !== "not-found" ? [answer.reason] : [],
  );
  return {
    total: sessions.length,
    identities: read.flatMap(({ nonce, issuedAt, answer }) =>
      // The list may lag: a session that is over or gone says nothing about those that are open.
      "value" in answer && answer.value.isActive !== false
        ? [{ nonce, issuedAt, identity: answer.value }]
        : [],
    ),
    unread: reasons.length,
    reason: reasons[0] ?? null,
  };
}

/** Each session against the identity last seen. */
export function compare(seen: Identity, { identities, ...rest }: OpenIdentities): Comparison {
  const all = [seen, ...identities.map(({ identity }) => identity)];
  const unsaid = (["groups", "posture"] as const).filter((part) => all.some((one) => one[part] === null));
  return {
    ...rest,
    unsaid,
    compared: identities.map(({ issuedAt, identity }) => ({
      issuedAt: issuedAt ?? identity.issuedAt,
      differences: diffIdentity(seen, identity),
    })),
  };
}

async function attempt<T>(
  promise: Promise<T>,
): Promise<{ value: T } | { kind: CloudflareErrorKind; reason: string }> {
  try {
    return { value: await promise };
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    return {
      kind: error.kind,
      reason: error.kind === "aborted" ? "Cloudflare did not answer in time" : describeFailure(error).brief,
    };
  }
}
