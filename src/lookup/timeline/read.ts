import { milliseconds } from "date-fns/milliseconds";
import PQueue from "p-queue";

import {
  sameEmail,
  type AccessRequest,
  type AccessUser,
  type Cloudflare,
  type FailedLogin,
} from "../../api/cloudflare.ts";
import { orNull } from "../../api/errors.ts";
import { MAX_DAYS } from "../sign-ins/sign-ins.ts";
import { findRisk, readPart, type Part } from "../summary.ts";
import {
  groupMissing,
  mergeRows,
  nameApps,
  signInRows,
  type Missing,
  type TimelineRow,
  type Window,
} from "./merge.ts";

/** Someone a timeline is about; `called` is how its lines name them. */
export interface Subject {
  user: Pick<AccessUser, "id" | "email">;
  called: string;
}

/** What Cloudflare tells of some people, and what it could not. */
export interface CloudflareRows {
  rows: TimelineRow[];
  missing: Missing[];
}

/** Sign-ins read of one person, or of the whole account where these are several. */
const MAX_SIGN_INS = 3000;
/** From so many people on, one read of the account's log is fewer calls than one read of each. */
const ACCOUNT_FROM = 4;
const MAX_ACCOUNT_SIGN_INS = 10_000;
/** People read at once. */
const AT_ONCE = 5;
/** Someone waits, but a part that is late is shown as unknown. */
const TIMEOUT_MS = 10_000;

/** Sign-ins, denials and risk events of these people within a window. Never rejects for Cloudflare's reasons. */
export async function readCloudflareRows(
  cloudflare: Cloudflare,
  subjects: readonly Subject[],
  window: Window,
  now: number,
): Promise<CloudflareRows> {
  const queue = new PQueue({ concurrency: AT_ONCE });
  const areMany = subjects.length >= ACCOUNT_FROM;
  const [log, scored] = await Promise.all([
    areMany ? readAccountLog(cloudflare, window, now) : null,
    areMany ? readScored(cloudflare, window) : null,
  ]);
  const each = await queue.addAll(
    subjects.flatMap((subject) => [
      () => readSignIns(cloudflare, subject, { window, now, log }),
      () => readRisk(cloudflare, subject, scored),
    ]),
  );
  return {
    rows: mergeRows(
      each.map(({ rows }) => rows),
      window,
    ),
    missing: groupMissing(
      each.flatMap(({ missing }) => missing),
      subjects.length,
    ),
  };
}

type Log = Part<{ items: AccessRequest[]; complete: boolean }>;

function options() {
  return { timeoutMs: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) };
}

/** No further back than the look-up of sign-ins goes. */
function sinceOf({ since }: Window, now: number): number {
  return Math.max(since, now - milliseconds({ days: MAX_DAYS }));
}

/** null: it has too many rows, or it failed; then each person is asked for. */
async function readAccountLog(
  cloudflare: Cloudflare,
  window: Window,
  now: number,
): Promise<AccessRequest[] | null> {
  const query = { since: sinceOf(window, now), until: window.until, max: MAX_ACCOUNT_SIGN_INS };
  const read = await readPart(cloudflare.accessLogs.requests(query, options()));
  return read.ok && read.value.complete ? read.value.items : null;
}

async function readLogOf(cloudflare: Cloudflare, email: string, since: number, until: number): Promise<Log> {
  const ask = (spelled: string) =>
    cloudflare.accessLogs.requests({ email: spelled, since, until, max: MAX_SIGN_INS }, options());
  const found = await readPart(ask(email));
  const folded = email.toLowerCase();
  // Whether the filter folds case is not documented.
  return found.ok && found.value.items.length === 0 && folded !== email ? readPart(ask(folded)) : found;
}

async function readSignIns(
  cloudflare: Cloudflare,
  { user, called }: Subject,
  { window, now, log }: { window: Window; now: number; log: AccessRequest[] | null },
): Promise<CloudflareRows> {
  const who = [called];
  const since = sinceOf(window, now);
  const missing: Missing[] = [];
  if (since > window.since)
    missing.push({ what: "sign-ins", who, is: { kind: "before", before: since, why: "too-long-ago" } });
  const logOf = (): Log | Promise<Log> => {
    // Cloudflare's log knows addresses only.
    if (user.email === "") return { ok: false, reason: "they have no email address" };
    if (log !== null) return { ok: true, value: { items: log, complete: true } };
    return readLogOf(cloudflare, user.email, since, window.until);
  };
  const [read, failed] = await Promise.all([
    logOf(),
    readPart(cloudflare.accessUsers.failedLogins(user.id, options())),
  ]);
  const own = read.ok
    ? read.value.items.filter(({ email }) => email !== null && sameEmail(email, user.email))
    : [];
  if (!read.ok) missing.push({ what: "sign-ins", who, is: { kind: "unknown", why: read.reason } });
  else if (!read.value.complete) {
    const before = Math.min(...read.value.items.flatMap(({ at }) => at ?? []), now);
    missing.push({ what: "sign-ins", who, is: { kind: "before", before, why: "too-many" } });
  }
  if (!failed.ok) missing.push({ what: "denials", who, is: { kind: "unknown", why: failed.reason } });
  const denied = failed.ok ? failed.value : [];
  const undated = [...own, ...denied].filter(({ at }) => at === null).length;
  if (undated > 0) missing.push({ what: "sign-ins", who, is: { kind: "undated", count: undated } });
  return { rows: signInRows(called, own, denied, await readApps(cloudflare, user, own, denied)), missing };
}

/** What applications without a domain are called; their open sessions are asked where nothing else says. */
async function readApps(
  cloudflare: Cloudflare,
  { id }: Subject["user"],
  requests: readonly AccessRequest[],
  failed: readonly FailedLogin[],
): Promise<Map<string, string>> {
  const known = nameApps(requests, failed);
  if (requests.every(({ appUid, appDomain }) => !!appDomain || !appUid || known.has(appUid))) return known;
  const open = await readPart(cloudflare.accessUsers.activeSessions(id, options()));
  return open.ok ? nameApps(requests, failed, open.value) : known;
}

/** Those who had a risk event within the window, by their addresses; null: everyone has to be asked for. */
async function readScored(cloudflare: Cloudflare, { since }: Window): Promise<ReadonlySet<string> | null> {
  const summary = await readPart(cloudflare.riskScoring.summary(options()));
  if (!summary.ok) return null;
  const recent = summary.value.filter(({ lastEventAt }) => lastEventAt === null || lastEventAt >= since);
  return new Set(
    recent.flatMap(({ userId, email }) => [userId, ...(email === null ? [] : [email.toLowerCase()])]),
  );
}

async function readRisk(
  cloudflare: Cloudflare,
  { user, called }: Subject,
  scored: ReadonlySet<string> | null,
): Promise<CloudflareRows> {
  if (scored !== null && !scored.has(user.id) && !scored.has(user.email.toLowerCase()))
    return { rows: [], missing: [] };
  const who = [called];
  const read = await readPart(orNull(findRisk(cloudflare, user, options())));
  if (!read.ok)
    return { rows: [], missing: [{ what: "risk events", who, is: { kind: "unknown", why: read.reason } }] };
  const events = read.value?.events ?? [];
  const undated = events.filter(({ at }) => at === null).length;
  return {
    rows: events.flatMap((event) =>
      event.at === null
        ? []
        : [
            {
              kind: "risk" as const,
              at: event.at,
              key: `risk:${event.id ?? event.name ?? ""}`,
              who: called,
              event,
            },
          ],
    ),
    missing: undated === 0 ? [] : [{ what: "risk events", who, is: { kind: "undated", count: undated } }],
  };
}
