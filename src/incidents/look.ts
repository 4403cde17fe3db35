import type { Transaction } from "kysely";

import type { AccessUser, Cloudflare } from "../api/cloudflare.ts";
import { BOT } from "../audit/append.ts";
import { readSummary, type UserSummary } from "../lookup/summary.ts";
import type { PolicySource } from "../policy-file.ts";
import { clockOf } from "../store/clock.ts";
import type { Db } from "../store/open.ts";
import type { Database } from "../store/schema.ts";
import { transact } from "../store/transact.ts";
import { changeReply, changeThread, readReply, type NewReply } from "../threads/thread.ts";
import { backIn, blockedSince, readPlaceOfReturn, tellReturn, type Place } from "./back.ts";
import { findGaps, isContained, newestRevocation, seenOf, type BlockSeen, type GapRules } from "./gaps.ts";
import { gapRulesOf } from "./rules.ts";
import { personOf, type IncidentPerson } from "./incident.ts";
import { changeIncident, lockIncidents } from "./change.ts";
import { readIncident, readPeople } from "./queries.ts";
import { readHistory } from "./requests.ts";

interface LookDeps {
  db: Db;
  policy: Pick<PolicySource, "current">;
  now(): number;
  /** All that is known of someone, or what gaps depend on; never rejects for Cloudflare's reasons. */
  read(user: AccessUser, how: HowMuch): Promise<UserSummary>;
  /** Whether an address is kept out by the block list, which is read once for several; null: there is no list. */
  readBlocked(): Promise<((email: string) => BlockSeen) | null>;
  /** From where someone signed in at this time; never rejects for Cloudflare's reasons. */
  readReturn(user: AccessUser, at: number): Promise<Place | null>;
}

/** The whole for the first look, which the thread shows; later ones leave the rate limit to people. */
export type HowMuch = "whole" | "gaps";

/** What `seenOf` keeps. */
const GAP_PARTS = ["sessions", "registrations", "risk", "idp"] as const;

/** Who reads someone has so long; one that died is followed by another. */
const LOOK_MS = 30_000;
/** No one waits at a screen: a part may take as long as Cloudflare needs. */
const PART_TIMEOUT_MS = 10_000;
/** People read at once. */
const AT_ONCE = 5;
/** Calls that reading so many of them takes. */
export const LOOK_CALLS = AT_ONCE * GAP_PARTS.length;

/** Reads someone from Cloudflare, with all the time that needs. */
export function readPerson(
  cloudflare: Cloudflare,
  user: AccessUser,
  { how, now }: { how: HowMuch; now: number },
): Promise<UserSummary> {
  const only = how === "gaps" ? { only: GAP_PARTS } : {};
  return readSummary(cloudflare, user, { now, timeoutMs: PART_TIMEOUT_MS, ...only }).whole;
}

/** Incidents with people who are to be read (again). */
export async function findLooks(db: Db, now: number): Promise<string[]> {
  const rows = await db
    .selectFrom("incident_people")
    // Of several people of one incident it comes several times: asked for once, SQLite would go through all there are.
    .select("incident_id as id")
    .where("look_due", "<=", now)
    .where((eb) => eb.or([eb("look_until", "is", null), eb("look_until", "<", clockOf(db, now))]))
    .execute();
  return [...new Set(rows.map(({ id }) => id))];
}

/**
 * Reads the people of an incident who are due, and writes what was seen with what follows from it: the first time a
 * snapshot for the thread, and whether everyone is contained by now.
 */
export async function lookAtPeople(deps: LookDeps, incidentId: string): Promise<void> {
  // Once for all of them.
  let blocked: ReturnType<LookDeps["readBlocked"]> | undefined;
  for (;;) {
    const claimed = await claimPeople(deps, incidentId);
    if (claimed.length === 0) return;
    blocked ??= deps.readBlocked();
    const reading = blocked;
    await Promise.all(claimed.map((one) => lookAt(deps, incidentId, one, reading)));
  }
}

interface Claimed {
  person: IncidentPerson;
  /** When they were to be read: to have them read again meanwhile is to write a later time. */
  due: number;
  until: number;
}

async function claimPeople({ db, now }: LookDeps, incidentId: string): Promise<Claimed[]> {
  const at = now();
  const isFree = (await db
    .selectFrom("incident_people")
    .select("target_id")
    .where("incident_id", "=", incidentId)
    .where("look_due", "<=", at)
    .where((eb) => eb.or([eb("look_until", "is", null), eb("look_until", "<", clockOf(db, at))]))
    .orderBy("position")
    .limit(AT_ONCE)
    .execute()) satisfies { target_id: string }[];
  if (isFree.length === 0) return [];
  const rows = await transact(db, async (trx) => {
    await lockIncidents(trx, [incidentId]);
    return trx
      .updateTable("incident_people")
      .set({ look_until: clockOf(db, at, LOOK_MS) })
      .where("incident_id", "=", incidentId)
      .where(
        "target_id",
        "in",
        isFree.map((row) => row.target_id),
      )
      .where("look_due", "<=", at)
      .where((eb) => eb.or([eb("look_until", "is", null), eb("look_until", "<", clockOf(db, at))]))
      .returningAll()
      .execute();
  });
  return rows.map((row) => ({ person: personOf(row), due: row.look_due ?? at, until: row.look_until ?? at }));
}

async function lookAt(
  deps: LookDeps,
  incidentId: string,
  { person, due, until }: Claimed,
  blocking: ReturnType<LookDeps["readBlocked"]>,
): Promise<void> {
  const { db, now, policy } = deps;
  const { id: targetId, email } = person.target;
  const [summary, blocked] = await Promise.all([
    deps.read(person.profile, person.seen === null ? "whole" : "gaps"),
    blocking,
  ]);
  const rules = gapRulesOf(policy.current());
  const seen = seenOf(summary, blocked?.(email));
  const incident = await readIncident(db, incidentId);
  const place =
    incident === null
      ? null
      : await readPlaceOfReturn(deps, incident, { ...person, seen }, { rules, summary });
  const at = now();
  await transact(db, async (trx) => {
    // One after another, so that the last to write sees all that was seen.
    await lockIncidents(trx, [incidentId]);
    const { numUpdatedRows } = await trx
      .updateTable("incident_people")
      .set((eb) => ({
        seen: JSON.stringify(seen),
        look_until: null,
        look_due: eb.case().when("look_due", ">", due).then(eb.ref("look_due")).else(null).end(),
      }))
      .where("incident_id", "=", incidentId)
      .where("target_id", "=", targetId)
      .where("look_until", "=", until)
      .where("removed_at", "is", null)
      .executeTakeFirst();
    // Somebody else took over, and writes what they see; or it is no longer about this person.
    if (numUpdatedRows === 0n) return;
    const isBlocked = blockedSince(blocked?.(email)) !== undefined;
    if (person.seen === null) await tellSnapshot(trx, incidentId, { summary, isBlocked }, at);
    else await changeThread(trx, incidentId, at);
    await judgeContainment(trx, incidentId, { looked: { id: targetId, place }, rules, at });
  });
}

/** A process that is alone on its database (SQLite) takes over at once what a dead one was reading. */
export async function releaseDeadLooks(db: Db): Promise<void> {
  await db
    .updateTable("incident_people")
    .set({ look_until: null })
    .where("look_until", "is not", null)
    .execute();
}

/** With more people than this, several share a message: Slack takes one a second, and the story has to go on. */
const ALONE = 5;
const TOGETHER = 10;

/** How someone stood when the incident heard of them first: verdict first, drawn from what was read then. */
async function tellSnapshot(
  trx: Transaction<Database>,
  id: string,
  { summary, isBlocked }: { summary: UserSummary; isBlocked: boolean },
  at: number,
): Promise<void> {
  const people = await readPeople(trx, id);
  const targetId = summary.user.id;
  if (people.length <= ALONE) {
    const data = { kind: "snapshot", summary, ...(isBlocked && { isBlocked }) };
    await changeThread(trx, id, at, [{ key: `snapshot:${targetId}`, data }]);
    return;
  }
  const place = people.findIndex(({ target }) => target.id === targetId);
  const key = `snapshots:${Math.floor(place / TOGETHER)}`;
  const known = await readReply(trx, id, key);
  const before = known === null ? [] : (known as { summaries: UserSummary[] }).summaries;
  const placeOf = ({ user }: UserSummary) => people.findIndex(({ target }) => target.id === user.id);
  const summaries = [...before, summary].toSorted((a, b) => placeOf(a) - placeOf(b));
  const reply: NewReply = { key, data: { kind: "snapshots", summaries } };
  await changeThread(trx, id, at, known === null ? [reply] : []);
  if (known !== null) await changeReply(trx, id, reply);
}

/** Contained, or no longer: told once each time, and recorded. `looked`: who was read just now, and from where they are back. */
async function judgeContainment(
  trx: Transaction<Database>,
  id: string,
  { looked, rules, at }: { looked: { id: string; place: Place | null }; rules: GapRules; at: number },
): Promise<void> {
  const incident = await readIncident(trx, id);
  if (incident === null) return;
  const people = await readPeople(trx, id);
  const history = await readHistory(
    trx,
    people.map(({ target }) => target.id),
    incident.openedAt,
  );
  const { required } = rules;
  const gaps = people.map((person) => findGaps({ ...person, ...history(person.target.id) }, rules));
  for (const [index, person] of people.entries()) {
    const since = backIn(gaps[index] ?? []);
    if (since === null) continue;
    const revokedBy = newestRevocation(history(person.target.id).requests)?.id ?? null;
    const place = person.target.id === looked.id ? looked.place : null;
    await tellReturn(trx, incident, { person, people, since, revokedBy, place, at });
  }
  const isOver = gaps.every((each) => isContained(each, required));
  if (people.length === 0 || isOver === (incident.containedAt !== null)) return;
  const event = isOver ? "incident.contained" : "incident.not-contained";
  const change = { id, at, actor: BOT, event, key: `${event}:${at}` } as const;
  await changeIncident(trx, { ...change, set: { contained_at: isOver ? at : null }, data: { required } });
}
