import type {
  AccessRequest,
  ActiveSession,
  Identity,
  Registration,
  RiskLevel,
  RiskSummaryUser,
} from "../api/cloudflare.ts";
import { digestOf } from "../lookup/session-ref.ts";
import type { Gap, WatchEvent } from "./news.ts";

/** What is known of someone who is watched after a look, as plain data. Times are by Cloudflare's clock. */
export interface Memory {
  /** Sign-ins are known up to here. */
  readTo: number;
  /** Rows of the log that were counted, and may come again. */
  rows: readonly { key: string; at: number }[];
  /** Ways in that were told: what else comes of the same one is not told again. */
  ways: readonly { at: number; ip: string | null }[];
  denials: readonly Denial[];
  /** When many denials were told last. */
  burstAt: number | null;
  /** Digests of sessions that were seen. */
  sessions: readonly string[];
  /** When sessions were read last, by our clock; 0: never. */
  sessionsAt: number;
  /** Ids of registrations; null: not read yet. */
  registrations: readonly string[] | null;
  /** null: not read yet. */
  risk: { level: RiskLevel | null; events: number | null; lastAt: number | null } | null;
  /** Since when sign-ins can't be read, by our clock; `isTold` once that has lasted. */
  blind: { since: number; why: string; isTold: boolean } | null;
  gaps: readonly Gap[];
}

interface Denial {
  at: number;
  ip: string | null;
  app: string | null;
}

/** The log of sign-ins of the whole account from one time to another, or why it could not be read. */
export type LogReading =
  | { ok: true; from: number; to: number; rows: readonly AccessRequest[] }
  | { ok: false; why: string };

/** What was read of one person; undefined: not asked for, or it could not be read. */
export interface Reading {
  log: LogReading;
  sessions?: readonly ActiveSession[] | undefined;
  identity?: Identity | undefined;
  registrations?: readonly Registration[] | undefined;
  /** null: Cloudflare's list of those with a risk does not have them. */
  risk?: RiskSummaryUser | null | undefined;
}

/** Something that was not told before. `isBlocked`: they got in though the block list keeps them out. */
export interface NewEvent {
  key: string;
  isReturn: boolean;
  event: WatchEvent;
  isBlocked?: true;
}

export interface Look {
  memory: Memory;
  /** Each with the key under which it is told once. */
  events: NewEvent[];
  /** Sign-ins can be read again since then, after it was told that they can't. */
  sees: { since: number; missed: readonly Gap[] } | null;
}

/** Rows of the log come late; so much of it is read again with each look. */
export const OVERLAP_MS = 180_000;
/** Rows are remembered for so long. */
const REMEMBERED_MS = 2 * OVERLAP_MS;
/** What comes from the same address within this time is one way in: one sign-in opens one application after another. */
export const SAME_WAY_MS = 600_000;
/** A session and the sign-in that began it have nearly the same time. */
export const SAME_SESSION_MS = 60_000;
/** So many denials within this time are told. */
export const BURST = { count: 5, ms: 600_000 };
/** A gap shorter than this is the end of a second. */
const NEGLIGIBLE_MS = 1000;
/** Names kept of a list. */
const MAX_NAMES = 5;

/** What is known at the beginning: nothing after `since`. */
export function emptyMemory(since: number): Memory {
  return {
    readTo: since,
    rows: [],
    ways: [],
    denials: [],
    burstAt: null,
    sessions: [],
    sessionsAt: 0,
    registrations: null,
    risk: null,
    blind: null,
    gaps: [],
  };
}

/**
 * What is new of one person, from what was known and what was read. Pure. The rows are those of this person.
 * `since`: what came before does not count, by Cloudflare's clock. `now`: ours.
 */
export function look(since: number, before: Memory, reading: Reading, now: number): Look {
  const from = Math.floor(since / 1000) * 1000;
  const log = reading.log.ok ? takeLog(from, before, reading.log, reading) : null;
  const blind = reading.log.ok
    ? null
    : (before.blind ?? { since: before.readTo, why: reading.log.why, isTold: false });
  const afterLog = log?.memory ?? before;
  const sessions =
    reading.sessions === undefined
      ? null
      : takeSessions(
          from,
          afterLog,
          { sessions: reading.sessions, logTo: reading.log.ok ? reading.log.to : null },
          now,
        );
  const registrations =
    reading.registrations === undefined
      ? null
      : takeRegistrations(from, before.registrations, reading.registrations);
  const risk = reading.risk === undefined ? null : takeRisk(from, before.risk, reading.risk);
  const memory: Memory = {
    ...(sessions?.memory ?? afterLog),
    registrations: registrations?.known ?? before.registrations,
    risk: risk?.known ?? before.risk,
    blind,
  };
  const sees =
    reading.log.ok && before.blind?.isTold === true
      ? { since: before.blind.since, missed: memory.gaps.slice(before.gaps.length) }
      : null;
  return {
    memory,
    events: [
      ...(log?.events ?? []),
      ...(sessions?.events ?? []),
      ...(registrations?.events ?? []),
      ...(risk?.events ?? []),
    ],
    sees,
  };
}

/** Rows of this person that count and were not seen before: who has some is read in detail. */
export function unseenRows(since: number, before: Memory, rows: readonly AccessRequest[]): AccessRequest[] {
  // What is older than what is remembered was seen.
  const from = Math.max(Math.floor(since / 1000) * 1000, before.readTo - REMEMBERED_MS);
  const seen = new Set(before.rows.map(({ key }) => key));
  return rows.filter((row) => row.at !== null && row.at >= from && !seen.has(keyOf(row)));
}

function keyOf({ rayId, at, ip, appUid, appDomain, allowed }: AccessRequest): string {
  return digestOf(JSON.stringify([rayId, at, ip, appUid ?? appDomain, allowed]));
}

function takeLog(
  since: number,
  before: Memory,
  log: Extract<LogReading, { ok: true }>,
  { sessions, identity }: Reading,
): Pick<Look, "memory" | "events"> {
  const fresh = unseenRows(since, before, log.rows)
    .map((row) => ({ ...row, at: row.at ?? 0 }))
    .toSorted((a, b) => a.at - b.at);
  const names = appNames(sessions ?? []);
  const nameOf = ({ appUid, appDomain }: AccessRequest): string | null =>
    (appUid === null ? undefined : names.get(appUid)) ?? appDomain;

  const ways = [...before.ways];
  const events: Look["events"] = [];
  const allowed = fresh.filter((row) => row.allowed === true);
  for (const [ip, rows] of Map.groupBy(allowed, (row) => row.ip)) {
    const untold = rows.filter(({ at }) => !isSameWay(ways, at, ip));
    const [first] = untold;
    ways.push(...rows.map(({ at }) => ({ at, ip })));
    if (first === undefined) continue;
    const country = identity?.ip != null && identity.ip === ip ? identity.country : null;
    events.push({
      key: `signed-in:${keyOf(first)}`,
      isReturn: true,
      event: {
        kind: "signed-in",
        at: first.at,
        ip,
        country,
        apps: distinct(untold.map(nameOf)),
        count: untold.length,
      },
    });
  }

  const newDenials = fresh
    .filter((row) => row.allowed === false)
    .map((row) => ({ at: row.at, ip: row.ip, app: nameOf(row) }));
  const denials = takeDenials(before, newDenials);
  const missed = log.from - before.readTo > NEGLIGIBLE_MS;
  const readTo = Math.max(before.readTo, log.to);
  return {
    memory: {
      ...before,
      readTo,
      rows: [...before.rows, ...fresh.map((row) => ({ key: keyOf(row), at: row.at }))].filter(
        ({ at }) => at >= readTo - REMEMBERED_MS,
      ),
      ways: ways.filter(({ at }) => at >= readTo - 2 * SAME_WAY_MS),
      denials: denials.recent,
      burstAt: denials.burstAt,
      gaps: missed
        ? [
            ...before.gaps,
            {
              from: before.readTo,
              to: log.from,
              why: before.blind?.why ?? "there were more sign-ins in the account than can be read at once",
            },
          ]
        : before.gaps,
    },
    events: [...events, ...denials.events],
  };
}

/** What was told, or a session that began without an address, and this are one way in. */
function isSameWay(ways: Memory["ways"], at: number, ip: string | null): boolean {
  return ways.some((way) =>
    way.ip === null
      ? Math.abs(way.at - at) <= SAME_SESSION_MS
      : way.ip === ip && Math.abs(at - way.at) <= SAME_WAY_MS,
  );
}

function takeDenials(
  before: Memory,
  fresh: readonly Denial[],
): { recent: Denial[]; burstAt: number | null; events: Look["events"] } {
  const all = [...before.denials, ...fresh].toSorted((a, b) => a.at - b.at);
  const newest = all.at(-1)?.at ?? 0;
  const recent = all.filter(({ at }) => at > newest - BURST.ms);
  const [first] = recent;
  const isBurst = fresh.length > 0 && recent.length >= BURST.count && first !== undefined;
  const wasTold = before.burstAt !== null && newest - before.burstAt < BURST.ms;
  // While it goes on it was told.
  if (!isBurst || wasTold) return { recent, burstAt: before.burstAt, events: [] };
  return {
    recent,
    burstAt: newest,
    events: [
      {
        key: `denials:${first.at}`,
        isReturn: false,
        event: {
          kind: "denials",
          at: first.at,
          to: newest,
          count: recent.length,
          ips: distinct(recent.map(({ ip }) => ip)),
          apps: distinct(recent.map(({ app }) => app)),
        },
      },
    ],
  };
}

/**
 * A session is new when it was issued after `since`; one that says no time is taken for an old one. The log says from
 * where someone signed in, and a session does not: one that is younger than what the log shows waits for it.
 */
function takeSessions(
  since: number,
  before: Memory,
  { sessions, logTo }: { sessions: readonly ActiveSession[]; logTo: number | null },
  now: number,
): Pick<Look, "memory" | "events"> {
  const seen = new Set(before.sessions);
  const ways = [...before.ways];
  const events: Look["events"] = [];
  const fresh = sessions.flatMap(({ nonce, issuedAt, apps }) => {
    const digest = digestOf(nonce ?? `at ${issuedAt}`);
    if (issuedAt === null || issuedAt < since || seen.has(digest)) return [];
    return { digest, at: issuedAt, apps: distinct((apps ?? []).map((app) => app.name ?? app.hostname)) };
  });
  const isEarly = ({ at }: { at: number }): boolean =>
    logTo !== null &&
    at > logTo - SAME_SESSION_MS &&
    !ways.some((way) => Math.abs(way.at - at) <= SAME_SESSION_MS);
  const { true: early = [], false: settled = [] } = Object.groupBy(
    fresh,
    (one) => String(isEarly(one)) as "true" | "false",
  );
  for (const { digest, at, apps } of settled.toSorted((a, b) => a.at - b.at)) {
    if (ways.some((way) => Math.abs(way.at - at) <= SAME_SESSION_MS)) continue;
    ways.push({ at, ip: null });
    events.push({ key: `session:${digest}`, isReturn: true, event: { kind: "session", at, apps } });
  }
  return {
    memory: {
      ...before,
      ways,
      sessions: [...before.sessions, ...settled.map(({ digest }) => digest)],
      // Read again with the next look.
      sessionsAt: early.length > 0 ? 0 : now,
    },
    events,
  };
}

function takeRegistrations(
  since: number,
  before: readonly string[] | null,
  registrations: readonly Registration[],
): { known: string[]; events: Look["events"] } {
  const known = new Set(before);
  const events = registrations
    .filter(({ id, createdAt }) =>
      createdAt === null ? before !== null && !known.has(id) : createdAt >= since && !known.has(id),
    )
    .map(({ id, createdAt, deviceName }) => ({
      key: `registration:${id}`,
      isReturn: false,
      event: { kind: "registration" as const, at: createdAt, name: deviceName },
    }));
  return { known: [...new Set([...known, ...registrations.map(({ id }) => id)])], events };
}

const RANKS = { low: 1, medium: 2, high: 3 };

/** Told when it rises, and when there is an event since; that it falls is no danger. */
function takeRisk(
  since: number,
  before: Memory["risk"],
  risk: RiskSummaryUser | null,
): { known: NonNullable<Memory["risk"]>; events: Look["events"] } {
  const { level = null, eventCount: events = null, lastEventAt: lastAt = null } = risk ?? {};
  const known = { level, events, lastAt };
  const rank = (one: RiskLevel | null): number => (one === null ? 0 : RANKS[one]);
  const isHigher = before !== null && rank(level) > rank(before.level);
  const isLater = lastAt !== null && lastAt >= Math.max(since, (before?.lastAt ?? 0) + 1);
  if (!isHigher && !isLater) return { known, events: [] };
  const event = { kind: "risk" as const, at: lastAt, level, before: before?.level ?? null, events };
  return { known, events: [{ key: `risk:${lastAt}:${level}`, isReturn: false, event }] };
}

function appNames(sessions: readonly ActiveSession[]): Map<string, string> {
  return new Map(
    sessions
      .flatMap(({ apps }) => apps ?? [])
      .flatMap(({ uid, name }) => (uid === null || name === null ? [] : [[uid, name] as const])),
  );
}

function distinct(names: readonly (string | null)[]): string[] {
  return [...new Set(names.filter((name) => name !== null))].slice(0, MAX_NAMES);
}
