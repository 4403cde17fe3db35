import type { AccessRequest, ActiveSession, FailedLogin, RiskScore } from "../../api/cloudflare.ts";

/** What happened to some people, merged from all that tells of it. Pure. */

interface Row {
  /** Epoch milliseconds. */
  at: number;
  /** Of two at the same moment, it says which comes first, each time alike. */
  key: string;
}

/** Someone at Cloudflare did something; `who` is their name. */
interface SignInRow extends Row {
  kind: "sign-in";
  who: string;
  /** null: Cloudflare does not say. */
  allowed: boolean | null;
  /** Cloudflare's word where it is not a sign-in. */
  action: string | null;
  app: string | null;
  ip: string | null;
}

/** Denied sign-ins of one person from one address, one soon after another. */
interface BurstRow extends Row {
  kind: "burst";
  who: string;
  count: number;
  /** Of the first; `at` is that of the last. */
  from: number;
  /** Each once. */
  apps: string[];
  ip: string | null;
}

interface RiskRow extends Row {
  kind: "risk";
  who: string;
  event: RiskScore["events"][number];
}

/** Something that zt-bot recorded of a request; `actor` as in the record. */
interface RequestRow extends Row {
  kind: "request";
  actor: string;
  requestId: string;
  /** What is requested, in words: "Revoke sessions". */
  label: string;
  /** The first whom the request is about, and how many they are. */
  target: string;
  targets: number;
  event: string;
  data: Record<string, unknown>;
}

interface NoteRow extends Row {
  kind: "note";
  actor: string;
  incidentId: string;
  note: string;
  /** Who wrote it, where someone else added it. */
  author: string | null;
  state: "edited" | "deleted" | "withdrawn" | null;
}

/** A change of an incident itself. */
interface IncidentRow extends Row {
  kind: "incident";
  actor: string;
  incidentId: string;
  event: string;
  data: Record<string, unknown>;
}

export type TimelineRow = SignInRow | BurstRow | RiskRow | RequestRow | NoteRow | IncidentRow;

/** Something that a timeline can't show, to be named before anything else. */
export interface Missing {
  what: "sign-ins" | "denials" | "risk events" | "requests" | "notes";
  /** Whose, by their names; null: everyone's. */
  who: readonly string[] | null;
  /** `before`: those before this moment were not read. `undated`: so many have no time. */
  is:
    | { kind: "unknown"; why: string }
    | { kind: "before"; before: number; why: "too-many" | "too-long-ago" }
    | { kind: "undated"; count: number }
    | { kind: "hidden" };
}

export interface Window {
  since: number;
  until: number;
}

/** What is missing of several people for the same reason is one thing; of all `people` of them, everyone's. */
export function groupMissing(missing: readonly Missing[], people: number): Missing[] {
  const groups = Map.groupBy(missing, ({ what, is }) => JSON.stringify([what, is]));
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const who = [first, ...others].flatMap((one) => one.who ?? []);
    return [{ ...first, who: people > 1 && who.length === people ? null : who }];
  });
}

/** The newest first; what is outside the window is left out. */
export function mergeRows(
  parts: readonly (readonly TimelineRow[])[],
  { since, until }: Window,
): TimelineRow[] {
  return parts
    .flat()
    .filter(({ at }) => at >= since && at <= until)
    .toSorted((a, b) => b.at - a.at || (a.key < b.key ? 1 : -1));
}

/**
 * What applications are called whose rows in the log have an id and no domain, by their ids: the domain that another row
 * has, else the name that a failed sign-in or an open session has.
 */
export function nameApps(
  requests: readonly AccessRequest[],
  failed: readonly FailedLogin[],
  sessions: readonly ActiveSession[] = [],
): Map<string, string> {
  const byRay = new Map(
    failed.flatMap(({ rayId, appName }): [string, string][] => (rayId && appName ? [[rayId, appName]] : [])),
  );
  const inSessions = sessions.flatMap(({ apps }) => apps ?? []);
  return new Map([
    ...inSessions.flatMap(({ uid, name, hostname }): [string, string][] => {
      const called = name || hostname;
      return uid && called ? [[uid, called]] : [];
    }),
    ...requests.flatMap(({ appUid, rayId }): [string, string][] => {
      const called = byRay.get(rayId ?? "");
      return appUid && called !== undefined ? [[appUid, called]] : [];
    }),
    ...requests.flatMap(({ appUid, appDomain }): [string, string][] =>
      appUid && appDomain ? [[appUid, appDomain]] : [],
    ),
  ]);
}

/**
 * Rows of the log of sign-ins, and of failed sign-ins that the log does not have. `apps`: what applications are called
 * of which the log has the id alone.
 */
export function signInRows(
  who: string,
  requests: readonly AccessRequest[],
  failed: readonly FailedLogin[] = [],
  apps: ReadonlyMap<string, string> = new Map(),
): SignInRow[] {
  const appOf = (uid: string | null) => (!uid ? null : (apps.get(uid) ?? `the app ${uid}`));
  const logged = requests.flatMap(({ at, rayId, allowed, action, appDomain, appUid, ip }) =>
    at === null
      ? []
      : [
          {
            kind: "sign-in" as const,
            at,
            key: `sign-in:${rayId ?? ""}:${appUid ?? ""}`,
            who,
            allowed,
            action: action === "login" ? null : action,
            app: appDomain || appOf(appUid),
            ip,
          },
        ],
  );
  const isLogged = matchLogged(requests, failed);
  const others = failed.flatMap((one) =>
    one.at === null || isLogged.has(one)
      ? []
      : [
          {
            kind: "sign-in" as const,
            at: one.at,
            key: `denied:${one.rayId ?? ""}`,
            who,
            allowed: false,
            action: null,
            app: one.appName,
            ip: null,
          },
        ],
  );
  return [...logged, ...others];
}

/**
 * Failed sign-ins that the log has as well: by their ray id, else each by a denied row of nearly the same moment that
 * stands for no other one.
 */
function matchLogged(
  requests: readonly AccessRequest[],
  failed: readonly FailedLogin[],
): ReadonlySet<FailedLogin> {
  const rays = new Set(requests.flatMap(({ rayId }) => rayId ?? []));
  const byRay = failed.filter(({ rayId }) => rayId !== null && rays.has(rayId));
  const matched = new Set(byRay);
  const taken = new Set(byRay.map(({ rayId }) => rayId));
  const free = requests.filter(({ allowed, rayId }) => allowed === false && !taken.has(rayId ?? ""));
  for (const one of failed) {
    if (matched.has(one)) continue;
    const index = free.findIndex(({ at }) => Math.abs((at ?? 0) - (one.at ?? 0)) < SAME_MS);
    if (index === -1) continue;
    free.splice(index, 1);
    matched.add(one);
  }
  return matched;
}

/** The two logs need not have the same millisecond. */
const SAME_MS = 2000;

/** So many denied sign-ins, each within so long of the one before, are told in one line. */
const BURST = { count: 3, ms: 5 * 60_000 };

/**
 * Folds bursts of denied sign-ins of one person from one address. A sign-in that was allowed ends a burst: what came
 * before it and what came after it are two things. Takes and gives the newest first.
 */
export function foldBursts(rows: readonly TimelineRow[]): TimelineRow[] {
  const folded = new Map<TimelineRow, BurstRow>();
  const hidden = new Set<TimelineRow>();
  const open = new Map<string, SignInRow[]>();
  const close = (key: string) => {
    const burst = open.get(key) ?? [];
    open.delete(key);
    const [newest] = burst;
    const oldest = burst.at(-1);
    if (newest === undefined || oldest === undefined || burst.length < BURST.count) return;
    for (const one of burst) hidden.add(one);
    folded.set(newest, {
      kind: "burst",
      at: newest.at,
      key: newest.key,
      who: newest.who,
      count: burst.length,
      from: oldest.at,
      apps: [...new Set(burst.flatMap(({ app }) => app ?? []))],
      ip: newest.ip,
    });
  };
  for (const row of rows) {
    if (row.kind !== "sign-in") continue;
    const prefix = `${row.who}\n`;
    if (row.allowed !== false) {
      for (const key of [...open.keys()].filter((one) => one.startsWith(prefix))) close(key);
      continue;
    }
    const key = `${prefix}${row.ip ?? ""}`;
    const before = open.get(key)?.at(-1);
    if (before !== undefined && before.at - row.at > BURST.ms) close(key);
    open.set(key, [...(open.get(key) ?? []), row]);
  }
  for (const key of open.keys()) close(key);
  return rows.flatMap((row) => folded.get(row) ?? (hidden.has(row) ? [] : [row]));
}

/** The page, counted from 1, whose rows hold this moment. */
export function pageAt(rows: readonly TimelineRow[], at: number, size: number): number {
  const index = rows.findIndex((row) => row.at <= at);
  return Math.floor(Math.max(0, index === -1 ? rows.length - 1 : index) / size) + 1;
}
