import type {
  AccessUser,
  ActiveSession,
  CallOptions,
  Cloudflare,
  FailedLogin,
  Identity,
  Registration,
  RiskScore,
  RiskSummaryUser,
} from "../api/cloudflare.ts";
import { sameEmail } from "../api/cloudflare.ts";
import { isCloudflareFailure, orNull } from "../api/errors.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import { MAX_DAYS, readSignIns } from "./sign-ins.ts";
import { readOpenIdentities } from "./open-identities.ts";
import { readRegistrations, type Registrations } from "./registrations.ts";
import { digestSignIns, type SignInDigest } from "./sign-in-digest.ts";

/** One part of a summary: what Cloudflare said, or why it did not. `isComplete: false` is a list that was cut. */
export type Part<T> = { ok: true; value: T; isComplete?: false } | { ok: false; reason: string };

/** All that is known of a user, as plain data (it is stored with a request as its evidence). */
export interface UserSummary {
  user: AccessUser;
  identity: Part<Identity>;
  sessions: Part<ActiveSession[]>;
  failedLogins: Part<FailedLogin[]>;
  risk: Part<RiskScore & { userId: string }>;
  registrations: Part<Registration[]>;
  /** Absent, as `places` is, from what was stored before they were read. */
  signIns?: Part<SignInDigest>;
  places?: Part<Places>;
  /** Epoch milliseconds. */
  gatheredAt: number;
}

/** Where the newest of the open sessions are. `unread`: of so many it could not be read. */
export interface Places {
  seen: { country: string | null; ip: string | null }[];
  unread: number;
}

/** One call each: more would cost a busy hour its rate limit. */
const MAX_PLACES = 4;

/**
 * A part that takes longer than this, retries included, is shown as missing rather than holding the rest back:
 * somebody is looking at an empty screen, and can ask again.
 */
const PART_TIMEOUT_MS = 2500;

/** Asks for every part at once. Never rejects: a part that fails says so in its place. */
export async function gatherSummary(
  cloudflare: Cloudflare,
  user: AccessUser,
  now: number,
): Promise<UserSummary> {
  const call: CallOptions = { timeoutMs: PART_TIMEOUT_MS, signal: AbortSignal.timeout(PART_TIMEOUT_MS) };
  const open = cloudflare.accessUsers.activeSessions(user.id, call);
  const [identity, sessions, places, signIns, failedLogins, risk, registrations] = await Promise.all([
    part(cloudflare.accessUsers.lastSeenIdentity(user.id, call), "no log-in on record"),
    part(open),
    readPlaces(cloudflare, user.id, { call, sessions: open, max: MAX_PLACES }),
    part(digestOf(cloudflare, user, { now, call })),
    part(cloudflare.accessUsers.failedLogins(user.id, call)),
    part(findRisk(cloudflare, user, call)),
    part(readRegistrations(cloudflare, user.id, "active", call)),
  ]);
  const parts = {
    identity,
    sessions,
    places,
    signIns,
    failedLogins,
    risk,
    registrations: listed(registrations),
  };
  return { user, ...parts, gatheredAt: now };
}

async function readPlaces(...asked: Parameters<typeof readOpenIdentities>): Promise<Part<Places>> {
  const { identities, unread, reason } = await readOpenIdentities(...asked);
  if (identities.length === 0 && reason !== null) return { ok: false, reason };
  const seen = identities.map(({ identity: { country, ip } }) => ({ country, ip }));
  return { ok: true, value: { seen, unread } };
}

/** Nothing is in the log of somebody without an email address. */
async function digestOf(
  cloudflare: Cloudflare,
  { email }: AccessUser,
  { now, call }: { now: number; call: CallOptions },
): Promise<SignInDigest> {
  const requests =
    email === "" ? [] : (await readSignIns(cloudflare, email, { now, days: MAX_DAYS }, call)).items;
  return digestSignIns(requests, now);
}

function listed(part: Part<Registrations>): Part<Registration[]> {
  if (!part.ok) return part;
  const { items, isComplete } = part.value;
  return { ok: true, value: items, ...(isComplete ? {} : { isComplete }) };
}

/** `whenAbsent`: what it means where Cloudflare has nothing under this user's id. */
async function part<T>(promise: Promise<T>, whenAbsent?: string): Promise<Part<T>> {
  try {
    return { ok: true, value: await promise };
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    // The time limit of a part reaches the client as an abort: to a reader it is a late answer all the same.
    if (error.kind === "aborted") return { ok: false, reason: "Cloudflare did not answer in time" };
    if (error.kind === "not-found" && whenAbsent !== undefined) return { ok: false, reason: whenAbsent };
    return { ok: false, reason: describeFailure(error).brief };
  }
}

/**
 * The risk score. Its user id is documented only as a UUID: where it is not the Access user's, the account's
 * summary is searched for the email address.
 * @throws NotFoundError when there is none.
 */
export async function findRisk(
  cloudflare: Cloudflare,
  user: { id: string; email: string },
  call?: CallOptions,
): Promise<RiskScore & { userId: string }> {
  const asked = cloudflare.riskScoring.get(user.id, call);
  const own = await orNull(asked);
  if (own === null || isBlank(own)) {
    const row = matchRow(await cloudflare.riskScoring.summary(call), user);
    // Two users may differ only in the case of their address: a score under another Access user's id is theirs.
    if (row !== undefined && (await orNull(cloudflare.accessUsers.get(row.userId, call))) === null)
      return { ...(await cloudflare.riskScoring.get(row.userId, call)), userId: row.userId };
  }
  return { ...(await asked), userId: user.id };
}

/** Whether an id that risk scoring does not know is an error is not documented: it may be a score of nobody. */
function isBlank({ email, rawLevel, lastResetAt, events }: RiskScore): boolean {
  return email === null && rawLevel === null && lastResetAt === null && events.length === 0;
}

/** The row of this address: spelled the same, or else the only one that differs in case. */
function matchRow(
  rows: readonly RiskSummaryUser[],
  user: { id: string; email: string },
): RiskSummaryUser | undefined {
  const others = rows.filter(
    (row) => row.userId !== user.id && user.email !== "" && sameEmail(row.email ?? "", user.email),
  );
  return others.find((row) => row.email === user.email) ?? (others.length === 1 ? others[0] : undefined);
}
