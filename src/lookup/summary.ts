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
import type { Listed } from "./block-list.ts";
import { MAX_DAYS, readSignIns } from "./sign-ins/sign-ins.ts";
import { readIdpState, type IdpState } from "./idp-state.ts";
import { readOpenIdentities } from "./open-identities.ts";
import { readRegistrations, type Registrations } from "./registrations.ts";
import { digestSignIns, type SignInDigest } from "./sign-ins/digest.ts";

/**
 * One part of a summary: what Cloudflare said, or why it is unknown. `isComplete: false` is a list that was cut;
 * `isReading`: the answer is still on its way; `isNone`: Cloudflare has nothing there.
 */
export type Part<T> =
  | { ok: true; value: T; isComplete?: false }
  | { ok: false; reason: string; isReading?: true; isNone?: true };

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
  /** Whether they are active at the identity provider; absent as those are. `isNone`: none syncs its users. */
  idp?: Part<IdpState>;
  /** How they stand on the block list; absent where there is none, or it was not asked for. */
  blocked?: Part<Blocked>;
  /** Epoch milliseconds. */
  gatheredAt: number;
}

/** Where the newest of the open sessions are. `unread`: of so many it could not be read. */
export interface Places {
  seen: {
    country: string | null;
    ip: string | null;
    /** Of the session; absent from what was stored before it was kept. */
    nonce?: string;
  }[];
  unread: number;
}

/** `until`: when a block of zt-bot's ends by itself; null: none of them does. */
export interface Blocked extends Listed {
  until: number | null;
}

/** The parts of a summary that are read with it, by their names. */
export type Parts = Required<Omit<UserSummary, "user" | "gatheredAt" | "blocked">>;

/** One call each: more would cost a busy hour its rate limit. */
const MAX_PLACES = 4;

/**
 * A part that takes longer than this, retries included, is shown as unknown instead of holding the rest back: someone
 * is looking at an empty screen, and can ask again.
 */
const PART_TIMEOUT_MS = 2500;

/** A summary on its way: every part was asked for at once. */
export interface SummaryReading {
  /** What is known at this moment; the other parts say that they are still being read. */
  soFar(): UserSummary;
  /** Never rejects for Cloudflare's reasons: a part that fails says so in its place. */
  whole: Promise<UserSummary>;
}

const STILL_READING = { ok: false, reason: "still reading", isReading: true } as const;

const NOT_ASKED = { ok: false, reason: "not read" } as const;

/**
 * Asks for every part at once, or `only` for these: the others cost no call. `timeoutMs`: a part that takes longer,
 * retries included, is unknown.
 */
export function readSummary(
  cloudflare: Cloudflare,
  user: AccessUser,
  {
    now,
    timeoutMs = PART_TIMEOUT_MS,
    only,
  }: { now: number; timeoutMs?: number; only?: readonly (keyof Parts)[] },
): SummaryReading {
  const call: CallOptions = { timeoutMs, signal: AbortSignal.timeout(timeoutMs) };
  const open = cloudflare.accessUsers.activeSessions(user.id, call);
  const parts: Parts = {
    identity: STILL_READING,
    sessions: STILL_READING,
    places: STILL_READING,
    signIns: STILL_READING,
    failedLogins: STILL_READING,
    risk: STILL_READING,
    registrations: STILL_READING,
    idp: STILL_READING,
  };
  const fill = async <Name extends keyof Parts>(
    name: Name,
    read: () => Promise<Parts[Name]>,
  ): Promise<void> => {
    parts[name] = only?.includes(name) === false ? NOT_ASKED : await read();
  };
  const soFar = (): UserSummary => ({ user, ...parts, gatheredAt: now });
  const filled = Promise.all([
    fill("identity", () =>
      readPart(cloudflare.accessUsers.lastSeenIdentity(user.id, call), "no sign-in on record"),
    ),
    fill("sessions", () => readPart(open)),
    fill("places", () => readPlaces(cloudflare, user.id, { call, sessions: open, max: MAX_PLACES })),
    fill("signIns", () => readPart(digestOf(cloudflare, user, { now, call }))),
    fill("failedLogins", () => readPart(cloudflare.accessUsers.failedLogins(user.id, call))),
    fill("risk", () => readPart(findRisk(cloudflare, user, call))),
    fill("registrations", () =>
      readPart(readRegistrations(cloudflare, user.id, "active", call)).then(listed),
    ),
    fill("idp", () => readIdp(cloudflare, user.email, call)),
  ]);
  return { soFar, whole: filled.then(soFar) };
}

/** The whole summary. Never rejects for Cloudflare's reasons. */
export function gatherSummary(cloudflare: Cloudflare, user: AccessUser, now: number): Promise<UserSummary> {
  return readSummary(cloudflare, user, { now }).whole;
}

async function readIdp(cloudflare: Cloudflare, email: string, call: CallOptions): Promise<Part<IdpState>> {
  const read = await readPart(readIdpState(cloudflare, email, call));
  if (!read.ok) return read;
  return read.value === null
    ? { ok: false, reason: "no identity provider (IdP) syncs its users", isNone: true }
    : { ok: true, value: read.value };
}

async function readPlaces(...asked: Parameters<typeof readOpenIdentities>): Promise<Part<Places>> {
  const { identities, unread, reason } = await readOpenIdentities(...asked);
  if (identities.length === 0 && reason !== null) return { ok: false, reason };
  const seen = identities.map(({ nonce, identity: { country, ip } }) => ({ country, ip, nonce }));
  return { ok: true, value: { seen, unread } };
}

/** The log holds nothing of a user without an email address. */
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

/** What Cloudflare said, or why it is unknown. `whenAbsent`: what it means where Cloudflare has nothing under this user's id. */
export async function readPart<T>(promise: Promise<T>, whenAbsent?: string): Promise<Part<T>> {
  try {
    return { ok: true, value: await promise };
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    // The time limit of a part reaches the client as an abort; to a reader it is a late answer.
    if (error.kind === "aborted") return { ok: false, reason: "Cloudflare did not answer in time" };
    if (error.kind === "not-found" && whenAbsent !== undefined)
      return { ok: false, reason: whenAbsent, isNone: true };
    return { ok: false, reason: describeFailure(error).brief };
  }
}

/** What a risk score takes of the client. */
export interface RiskSource {
  accessUsers: Pick<Cloudflare["accessUsers"], "get">;
  riskScoring: Pick<Cloudflare["riskScoring"], "get" | "summary">;
}

/**
 * The risk score. Its user id is documented only as a UUID: where it is not the Access user's, the account's
 * risk summary is searched for the email address.
 * @throws NotFoundError when there is none.
 */
export async function findRisk(
  cloudflare: RiskSource,
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

/** Whether an id that risk scoring does not know is an error is not documented: it may be a blank score. */
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
