import type { Transaction } from "kysely";

import type { AccessUser, ActiveSession, Cloudflare } from "../api/cloudflare.ts";
import { BOT } from "../audit/append.ts";
import { gotInThough } from "../lookup/facts.ts";
import { readSignIns } from "../lookup/sign-ins/sign-ins.ts";
import { readPart, type UserSummary } from "../lookup/summary.ts";
import type { Db } from "../store/open.ts";
import type { Database } from "../store/schema.ts";
import { tellApart } from "../views/incident/words.ts";
import { SAME_SESSION_MS, type Memory } from "../watch/look.ts";
import type { WatchEvent } from "../watch/news.ts";
import { findGaps, type BlockSeen, type Gap, type GapRules } from "./gaps.ts";
import type { Incident, IncidentPerson } from "./incident.ts";
import { changeIncident } from "./change.ts";
import { readHistory } from "./requests.ts";

type Trx = Transaction<Database>;

/** From where someone signed in, and to which applications, as far as that is known. */
export interface Place {
  ip: string | null;
  country: string | null;
  apps: string[];
}

/** Someone who signed in again after a verified revocation. */
interface Return {
  person: IncidentPerson;
  since: number;
}

/** Since when someone is blocked, null where Cloudflare does not say; undefined: they are not, or it is unknown. */
export function blockedSince(blocked: BlockSeen | undefined): number | null | undefined {
  return blocked !== undefined && "value" in blocked && blocked.value ? (blocked.since ?? null) : undefined;
}

/** Since when someone is back, by their gaps; null: they are not. */
export function backIn(gaps: readonly Gap[]): number | null {
  const back = gaps.find((gap) => gap.kind === "back" && gap.is === "open");
  return back?.kind === "back" && back.is === "open" ? back.since : null;
}

/**
 * From where someone is back that the incident has not told of and no watch saw, as Access's log has it; null: they are
 * not back, or it is unknown. `summary`: what was read of them just now.
 */
export async function readPlaceOfReturn(
  deps: { db: Db; readReturn(user: AccessUser, at: number): Promise<Place | null> },
  { id, openedAt }: Pick<Incident, "id" | "openedAt">,
  person: IncidentPerson,
  { rules, summary }: { rules: GapRules; summary: UserSummary },
): Promise<Place | null> {
  const { db } = deps;
  const history = await readHistory(db, [person.target.id], openedAt);
  const since = backIn(findGaps({ ...person, ...history(person.target.id) }, rules));
  if (since === null) return null;
  const seen = { person, since };
  if ((await isTold(db, id, seen)) || (await findWatched(db, seen)).events.length > 0) return null;
  const place = await deps.readReturn(person.profile, since);
  const apps = summary.sessions.ok ? appsSince(summary.sessions.value, since) : [];
  if (place === null) return apps.length === 0 ? null : { ip: null, country: null, apps };
  return { ...place, apps: apps.length === 0 ? place.apps : apps };
}

/** The applications of the session that began then, by their names. */
function appsSince(sessions: readonly ActiveSession[], since: number): string[] {
  const session = sessions.find(({ issuedAt }) => issuedAt === since);
  return (session?.apps ?? []).flatMap(({ name, hostname }) => name ?? hostname ?? []).slice(0, MAX_APPS);
}

const MAX_APPS = 5;
const TIMEOUT_MS = 10_000;

/** The one sign-in that Access's log has at this time. @returns null where there is none, several, or it can't be read */
export async function readReturn(
  cloudflare: Cloudflare,
  { id, email }: AccessUser,
  at: number,
): Promise<Place | null> {
  if (email === "") return null;
  const call = { timeoutMs: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const [log, identity] = await Promise.all([
    readPart(readSignIns(cloudflare, email, { now: at + SAME_SESSION_MS, days: 1 }, call)),
    readPart(cloudflare.accessUsers.lastSeenIdentity(id, call)),
  ]);
  if (!log.ok) return null;
  const near = log.value.items.filter(
    (row) => row.allowed === true && row.at !== null && Math.abs(row.at - at) <= SAME_SESSION_MS,
  );
  const [ip = null, ...others] = new Set(near.map((row) => row.ip));
  if (ip === null || others.length > 0) return null;
  const country = identity.ok && identity.value.ip === ip ? identity.value.country : null;
  const apps = [...new Set(near.flatMap(({ appDomain }) => appDomain ?? []))].slice(0, MAX_APPS);
  return { ip, country, apps };
}

/** Someone signed in again after a verified revocation: told once for each time. `place`: as the log has it. */
export async function tellReturn(
  trx: Trx,
  { id, owner }: Pick<Incident, "id" | "owner">,
  {
    person,
    people,
    since,
    revokedBy,
    place,
    at,
  }: Return & {
    people: readonly IncidentPerson[];
    /** The request after which they are back. */
    revokedBy: string | null;
    place: Place | null;
    at: number;
  },
): Promise<void> {
  const { target, seen } = person;
  if (await isTold(trx, id, { person, since })) return;
  const watched = await findWatched(trx, { person, since });
  const emails = [target.email === "" ? target.id : target.email];
  const isBlocked = gotInThough(blockedSince(seen?.blocked) ?? null, since);
  const from = placeOf(watched.events) ?? place;
  const requester = revokedBy === null ? null : await readRequester(trx, revokedBy);
  const concerned = [owner, requester].filter((one) => one !== null);
  const ask = [...new Set(concerned)].filter((one) => !watched.asks(one, owner));
  await changeIncident(trx, {
    id,
    at,
    actor: BOT,
    event: "incident.back",
    key: `${prefixOf(person)}${since}`,
    data: { emails, targets: [target.id], since },
    entry: {
      people: emails,
      named: tellApart(
        [target],
        people.map((one) => one.target),
      ),
      back: {
        ...target,
        since,
        ...(isBlocked && { isBlocked }),
        ...(from !== null && { from }),
        ...(ask.length > 0 && { ask }),
      },
    },
  });
}

function prefixOf({ target }: IncidentPerson): string {
  return `back:${target.id}:`;
}

async function isTold(db: Db | Trx, id: string, { person, since }: Return): Promise<boolean> {
  const prefix = prefixOf(person);
  const told = await db
    .selectFrom("incident_entries")
    .select("key")
    .where("incident_id", "=", id)
    .where("actor", "=", BOT)
    .execute();
  // Compared here: how a database orders ":" and digits depends on its collation.
  return told.some(
    ({ key }) =>
      key.startsWith(prefix) && Math.abs(Number(key.slice(prefix.length)) - since) < SAME_SESSION_MS,
  );
}

/**
 * What watches told of this sign-in. `asks`: whether one mentions this person for it, or will with its next look: then
 * the incident does not. A watch mentions its own people and the owners of the person's incidents.
 */
async function findWatched(
  db: Db | Trx,
  { person: { target }, since }: Return,
): Promise<{ events: WatchEvent[]; asks(person: string, owner: string | null): boolean }> {
  const watches = await db
    .selectFrom("watches")
    .select(["id", "state", "since", "tells", "memory"])
    .where("user_id", "=", target.id)
    .execute();
  const rows =
    watches.length === 0
      ? []
      : await db
          .selectFrom("watch_events")
          .select(["watch_id", "data"])
          .where(
            "watch_id",
            "in",
            watches.map(({ id }) => id),
          )
          .where("is_return", "=", 1)
          .where("at", ">=", since - SAME_SESSION_MS)
          .where("at", "<=", since + SAME_SESSION_MS)
          .execute();
  const telling = watches.filter(
    (watch) =>
      rows.some((row) => row.watch_id === watch.id) ||
      // One that can't see sign-ins may not tell for long.
      (watch.state === "active" &&
        watch.since <= since &&
        (JSON.parse(watch.memory) as Memory).blind === null),
  );
  const told = new Set(telling.flatMap(({ tells }) => JSON.parse(tells) as string[]));
  return {
    events: rows.map(({ data }) => JSON.parse(data) as WatchEvent),
    asks: (person, owner) => telling.length > 0 && (person === owner || told.has(person)),
  };
}

/** A sign-in says from where, a session only to which applications. */
function placeOf(events: readonly WatchEvent[]): Place | null {
  const signIn = events.find((event) => event.kind === "signed-in");
  if (signIn !== undefined) return { ip: signIn.ip, country: signIn.country, apps: signIn.apps };
  const session = events.find((event) => event.kind === "session");
  return session === undefined ? null : { ip: null, country: null, apps: session.apps };
}

async function readRequester(trx: Trx, requestId: string): Promise<string | null> {
  const row = await trx
    .selectFrom("requests")
    .select("requester_id")
    .where("id", "=", requestId)
    .executeTakeFirst();
  return row?.requester_id ?? null;
}
