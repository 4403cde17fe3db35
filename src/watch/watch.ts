import { randomBytes } from "node:crypto";

import type { Kysely, Selectable, Transaction } from "kysely";

import { appendAudit, BOT } from "../audit/append.ts";
import { lookAgainAt } from "../incidents/people.ts";
import { changeRequest, lockRequests } from "../requests/change.ts";
import type { Back, Request } from "../requests/request.ts";
import type { Db } from "../store/open.ts";
import type { Database, WatchesTable, WatchEventsTable } from "../store/schema.ts";
import { transact } from "../store/transact.ts";
import { changeReply, changeThread, createThread } from "../threads/thread.ts";
import { emptyMemory, type Look, type Memory, type NewEvent } from "./look.ts";
import type { Expected, WatchEnded, Watched, WatchEvent, WatchNews } from "./news.ts";

/** Somebody who is watched for a time: in the thread of the request that revoked them, or in one of its own. */
export interface Watch {
  id: string;
  teamId: string;
  requestId: string | null;
  who: Watched;
  askedBy: string;
  /** Who is mentioned: Slack user ids. */
  tells: readonly string[];
  /** By Cloudflare's clock: what came before does not count. */
  since: number;
  startedAt: number;
  until: number;
  state: WatchState;
  endedAt: number | null;
  endedBy: string | null;
  looks: number;
  memory: Memory;
}

export type WatchState = "active" | "ended" | "stopped" | "replaced";

/** What was seen and told. */
export interface ToldEvent {
  id: string;
  watchId: string;
  isReturn: boolean;
  event: WatchEvent;
  expected: Expected | null;
}

export interface NewWatch {
  teamId: string;
  who: Watched;
  askedBy: string;
  tells: readonly string[];
  since: number;
  at: number;
  /** How long, milliseconds. */
  ms: number;
}

type Writer = Kysely<Database> | Transaction<Database>;
type Trx = Transaction<Database>;

/** The longest that someone is watched, and how long where nothing else is said. */
export const MAX_WATCH_MS = 24 * 3_600_000;
export const DEFAULT_WATCH_MS = 3_600_000;

/**
 * Watches those whom a request has revoked, in the transaction that says that it is done. What was watched in the
 * thread of an earlier request goes on in this one.
 */
export async function watchRevoked(trx: Trx, request: Request, revoked: readonly NewWatch[]): Promise<void> {
  for (const one of revoked) {
    const earlier = await findActive(trx, { userId: one.who.id });
    for (const watch of earlier)
      if (watch.requestId !== null)
        await endWatch(trx, watch, { state: "replaced", by: request.id, at: one.at, memory: watch.memory });
    await insertWatch(trx, one, request.id);
  }
}

/**
 * Takes the locks of a request that is to end and of the earlier ones whose watches watchRevoked ends with it, before
 * anything of incidents is written: writeLook holds a watch's request, and then wants the person's incidents.
 */
export async function lockWatching(trx: Trx, id: string, revoked: readonly NewWatch[]): Promise<void> {
  if (revoked.length === 0) return;
  const people = revoked.map(({ who }) => who.id);
  const earlier = await trx
    .selectFrom("watches")
    .select("request_id")
    .distinct()
    .where("state", "=", "active")
    .where("user_id", "in", people)
    .execute();
  await lockRequests(trx, [id, ...earlier.flatMap((row) => row.request_id ?? [])]);
}

/** Watches someone in a thread of its own. @returns the watch, and whether it is one that was there and goes on longer. */
export function startWatch(
  db: Db,
  input: NewWatch & { channel: string; auditContext: Record<string, unknown> },
): Promise<{ watch: Watch; isExtended: boolean }> {
  return transact(db, async (trx) => {
    const { who, at, ms, askedBy, teamId, channel } = input;
    const until = at + ms;
    const open = await trx
      .selectFrom("watches")
      .innerJoin("threads", "threads.id", "watches.id")
      .selectAll("watches")
      .where("watches.state", "=", "active")
      .where("watches.user_id", "=", who.id)
      .where("threads.channel", "=", channel)
      .executeTakeFirst();
    const row =
      open === undefined
        ? undefined
        : await trx
            .updateTable("watches")
            .set({ until })
            .where("id", "=", open.id)
            .where("state", "=", "active")
            .returningAll()
            .executeTakeFirst();
    const watch = row === undefined ? await insertWatch(trx, input, null) : watchOf(row);
    if (row === undefined) await createThread(trx, { id: watch.id, kind: "watch", channel, at });
    else await changeThread(trx, watch.id, at);
    await appendAudit(trx, {
      at,
      teamId,
      actor: askedBy,
      event: "watch.started",
      data: { target: who.email, target_id: who.id, watch: watch.id, until, ...input.auditContext, channel },
    });
    return { watch, isExtended: row !== undefined };
  });
}

async function insertWatch(trx: Trx, input: NewWatch, requestId: string | null): Promise<Watch> {
  const { who, at, ms } = input;
  const row = await trx
    .insertInto("watches")
    .values({
      id: createId("W"),
      team_id: input.teamId,
      request_id: requestId,
      user_id: who.id,
      email: who.email,
      name: who.name,
      asked_by: input.askedBy,
      tells: JSON.stringify(input.tells),
      since: input.since,
      started_at: at,
      until: at + ms,
      state: "active",
      ended_at: null,
      ended_by: null,
      memory: JSON.stringify(emptyMemory(input.since)),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return watchOf(row);
}

/**
 * Writes what a look has found, with the messages that tell of it, in one transaction.
 * @returns whether it was written: false where another replica was first, or the watch is over.
 */
export function writeLook(
  db: Db,
  watch: Watch,
  found: Look,
  at: number,
  blindAfterMs: number,
): Promise<boolean> {
  const { blind } = found.memory;
  const tellsBlind = blind !== null && !blind.isTold && at - blind.since > blindAfterMs;
  const memory: Memory =
    blind === null || !tellsBlind ? found.memory : { ...found.memory, blind: { ...blind, isTold: true } };
  if (!tellsBlind && found.events.length === 0 && found.sees === null) return writeMemory(db, watch, memory);
  return transact(db, async (trx) => {
    // The request first, as where a watch ends or its event was expected: no two wait for each other.
    if (watch.requestId !== null) await changeRequest(trx, { id: watch.requestId, at, isShown: false });
    if (!(await writeMemory(trx, watch, memory))) return false;
    const told = await addEvents(trx, watch, found.events, at);
    const ask = told.length === 0 ? watch.tells : await whoIsTold(trx, watch);
    if (told.length > 0) await lookAgainAt(trx, watch.who.id, at);
    const news: { key: string; news: WatchNews }[] = told.map(({ id, event, isBlocked }) => ({
      key: id,
      news: { kind: "returned", id, who: watch.who, event, ask, ...(isBlocked === true && { isBlocked }) },
    }));
    // Of many in one thread, the first one tells it for all: the key is the same.
    if (tellsBlind)
      news.push({
        key: `blind-${blind.since}`,
        news: { kind: "watch-blind", since: blind.since, why: blind.why },
      });
    if (found.sees !== null)
      news.push({ key: `sees-${found.sees.since}`, news: { kind: "watch-sees", ...found.sees } });
    if (news.length > 0)
      await tell(trx, watch, news, at, told.length === 0 ? null : { events: told.map(({ event }) => event) });
    return true;
  });
}

/** Also the owners of open incidents that they belong to; each once. */
async function whoIsTold(trx: Trx, { who, tells }: Watch): Promise<string[]> {
  const rows = await trx
    .selectFrom("incidents")
    .innerJoin("incident_people", "incident_people.incident_id", "incidents.id")
    .select("incidents.owner")
    .distinct()
    .where("incident_people.target_id", "=", who.id)
    .where("incident_people.removed_at", "is", null)
    .where("incidents.status", "=", "open")
    .execute();
  return [...new Set([...tells, ...rows.flatMap(({ owner }) => owner ?? [])])];
}

/** @returns false where another replica wrote since the watch was read, or it is over. */
async function writeMemory(db: Writer, watch: Watch, memory: Memory): Promise<boolean> {
  const row = await db
    .updateTable("watches")
    .set((eb) => ({ memory: JSON.stringify(memory), looks: eb("looks", "+", 1) }))
    .where("id", "=", watch.id)
    .where("looks", "=", watch.looks)
    .where("state", "=", "active")
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

/** Those that were not told before. */
async function addEvents(
  trx: Trx,
  watch: Watch,
  events: Look["events"],
  at: number,
): Promise<(ToldEvent & Pick<NewEvent, "isBlocked">)[]> {
  const told: (ToldEvent & Pick<NewEvent, "isBlocked">)[] = [];
  for (const { key, isReturn, event, isBlocked } of events) {
    const row = await trx
      .insertInto("watch_events")
      .values({
        id: createId("E"),
        watch_id: watch.id,
        key,
        at: event.at ?? at,
        is_return: isReturn ? 1 : 0,
        data: JSON.stringify(event),
        told_at: at,
        expected_by: null,
        expected_at: null,
      })
      .onConflict((conflict) => conflict.columns(["watch_id", "key"]).doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row !== undefined) told.push({ ...eventOf(row), ...(isBlocked === true && { isBlocked }) });
  }
  return told;
}

/** Messages in the thread of the request, or in the watch's own; the card or the head shows how it stands. */
async function tell(
  trx: Trx,
  { id, requestId, who, teamId }: Watch,
  news: readonly { key: string; news: WatchNews }[],
  at: number,
  seen: Record<string, unknown> | null,
): Promise<void> {
  const about = { target: who.email, target_id: who.id, watch: id };
  if (requestId === null) {
    await changeThread(
      trx,
      id,
      at,
      news.map(({ key, news: data }) => ({ key, data })),
    );
    if (seen !== null)
      await appendAudit(trx, { at, teamId, actor: BOT, event: "watch.seen", data: { ...about, ...seen } });
    return;
  }
  const back = await findBack(trx, requestId);
  await changeRequest(trx, {
    id: requestId,
    at,
    set: { back: back === null ? null : JSON.stringify(back) },
    ...(seen !== null && { event: "watch.seen", actor: BOT, data: { ...about, ...seen } }),
    posts: news.map(({ key, news: data }) => ({ key: `watch-${key}`, surface: "thread", data })),
  });
}

/** Who is back of those whom a request revoked, and was not expected to be. */
async function findBack(trx: Trx, requestId: string): Promise<Back | null> {
  const rows = await trx
    .selectFrom("watch_events")
    .innerJoin("watches", "watches.id", "watch_events.watch_id")
    .select(["watches.user_id as user", "watch_events.at as at"])
    .where("watches.request_id", "=", requestId)
    .where("watch_events.is_return", "=", 1)
    .where("watch_events.expected_by", "is", null)
    .execute();
  if (rows.length === 0) return null;
  return { since: Math.min(...rows.map(({ at }) => at)), people: new Set(rows.map(({ user }) => user)).size };
}

interface End {
  state: Exclude<WatchState, "active">;
  at: number;
  /** Who stopped it; the request that goes on with it. */
  by: string | null;
  memory: Memory;
  /** Of who stopped it, for the record. */
  auditContext?: Record<string, unknown>;
}

/** Ends a watch. Of several in the thread of one request, the last one tells how it was. @returns false: it was over. */
export async function endWatch(db: Writer, watch: Watch, end: End): Promise<boolean> {
  if (!db.isTransaction) return transact(db, (trx) => endWatch(trx, watch, end));
  const trx = db as Trx;
  const { state, at, by, memory } = end;
  // Those who end two of one request at the same time take their turn: one of them is the last.
  if (watch.requestId !== null) await changeRequest(trx, { id: watch.requestId, at, isShown: false });
  const ended = await trx
    .updateTable("watches")
    .set({ state, ended_at: at, ended_by: by, memory: JSON.stringify(memory) })
    .where("id", "=", watch.id)
    .where("state", "=", "active")
    .returningAll()
    .executeTakeFirst();
  if (ended === undefined) return false;
  const all =
    watch.requestId === null ? [watchOf(ended)] : await findWatches(trx, { requestId: watch.requestId });
  const isLast = all.every((one) => one.state !== "active");
  if (isLast)
    await tell(
      trx,
      watch,
      [{ key: `ended-${watch.id}`, news: await summarize(trx, all, watch, end) }],
      at,
      null,
    );
  if (state === "stopped")
    await appendAudit(trx, {
      at,
      teamId: watch.teamId,
      requestId: watch.requestId,
      actor: by ?? BOT,
      event: "watch.stopped",
      data: { target: watch.who.email, target_id: watch.who.id, watch: watch.id, ...end.auditContext },
    });
  return true;
}

async function summarize(
  trx: Trx,
  all: readonly Watch[],
  { startedAt }: Watch,
  { state, at, by }: End,
): Promise<WatchEnded> {
  const rows = await trx
    .selectFrom("watch_events")
    .select("watch_id")
    .distinct()
    .where(
      "watch_id",
      "in",
      all.map(({ id }) => id),
    )
    .where("is_return", "=", 1)
    .execute();
  const missed = all.flatMap(({ memory: { gaps, blind, readTo } }) => [
    ...gaps,
    ...(blind === null ? [] : [{ from: readTo, to: at, why: blind.why }]),
  ]);
  return {
    kind: "watch-ended",
    lasted: at - startedAt,
    people: all.length,
    back: rows.length,
    missed: missed.filter(
      (gap, index) => missed.findIndex((other) => other.from === gap.from && other.to === gap.to) === index,
    ),
    ...(state === "stopped" && by !== null && { stoppedBy: by }),
    ...(state === "replaced" && by !== null && { replacedBy: by }),
  };
}

/** Keeps that an event was to be expected, once, and shows it. @returns null when it was said before. */
export function expectEvent(
  db: Db,
  told: ToldEvent,
  watch: Watch,
  { by, at, auditContext }: Expected & { auditContext: Record<string, unknown> },
): Promise<ToldEvent | null> {
  return transact(db, async (trx) => {
    if (watch.requestId !== null) await lockRequests(trx, [watch.requestId]);
    const row = await trx
      .updateTable("watch_events")
      .set({ expected_by: by, expected_at: at })
      .where("id", "=", told.id)
      .where("expected_by", "is", null)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return null;
    const { event } = told;
    const { who, requestId, teamId } = watch;
    await lookAgainAt(trx, who.id, at);
    const expected = { by, at };
    const data = { target: who.email, target_id: who.id, watch: watch.id, seen: event, ...auditContext };
    if (requestId === null) {
      await changeReply(trx, watch.id, {
        key: told.id,
        data: { kind: "returned", id: told.id, who, event, ask: watch.tells, expected } satisfies WatchNews,
      });
      await changeThread(trx, watch.id, at);
      await appendAudit(trx, { at, teamId, actor: by, event: "watch.expected", data });
      return eventOf(row);
    }
    const back = await findBack(trx, requestId);
    await changeRequest(trx, {
      id: requestId,
      at,
      set: { back: back === null ? null : JSON.stringify(back) },
      event: "watch.expected",
      actor: by,
      data,
      posts: [
        {
          key: `watch-expected-${told.id}`,
          surface: "thread",
          data: { kind: "expected", who, event, expected },
        },
      ],
    });
    return eventOf(row);
  });
}

/** Watches that are going on, the oldest first. */
export async function findActive(db: Writer, of: { userId?: string } = {}): Promise<Watch[]> {
  const { userId } = of;
  const rows = await db
    .selectFrom("watches")
    .selectAll()
    .where("state", "=", "active")
    .$if(userId !== undefined, (query) => query.where("user_id", "=", userId ?? ""))
    .orderBy("started_at")
    .orderBy("id")
    .execute();
  return rows.map(watchOf);
}

async function findWatches(db: Writer, { requestId }: { requestId: string }): Promise<Watch[]> {
  const rows = await db.selectFrom("watches").selectAll().where("request_id", "=", requestId).execute();
  return rows.map(watchOf);
}

/** Whether someone is watched who was not looked at within the last `ms`. */
export async function isLookDue(db: Db, now: number, ms: number): Promise<boolean> {
  const row = await db
    .selectFrom("watches")
    .select("id")
    .where("state", "=", "active")
    .where("started_at", "<=", now - ms)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export async function readWatch(db: Writer, id: string): Promise<Watch | null> {
  const row = await db.selectFrom("watches").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : watchOf(row);
}

export async function readEvent(db: Writer, id: string): Promise<ToldEvent | null> {
  const row = await db.selectFrom("watch_events").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : eventOf(row);
}

/** What was seen in one watch, oldest first. */
export async function readEvents(db: Writer, watchId: string): Promise<ToldEvent[]> {
  const rows = await db
    .selectFrom("watch_events")
    .selectAll()
    .where("watch_id", "=", watchId)
    .orderBy("at")
    .orderBy("id")
    .execute();
  return rows.map(eventOf);
}

function createId(kind: "W" | "E"): string {
  return `${kind}-${randomBytes(8).toString("hex")}`;
}

function watchOf(row: Selectable<WatchesTable>): Watch {
  return {
    id: row.id,
    teamId: row.team_id,
    requestId: row.request_id,
    who: { id: row.user_id, email: row.email, name: row.name },
    askedBy: row.asked_by,
    tells: JSON.parse(row.tells) as string[],
    since: row.since,
    startedAt: row.started_at,
    until: row.until,
    state: row.state as WatchState,
    endedAt: row.ended_at,
    endedBy: row.ended_by,
    looks: row.looks,
    memory: JSON.parse(row.memory) as Memory,
  };
}

function eventOf(row: Selectable<WatchEventsTable>): ToldEvent {
  const { expected_by: by, expected_at: at } = row;
  return {
    id: row.id,
    watchId: row.watch_id,
    isReturn: row.is_return === 1,
    event: JSON.parse(row.data) as WatchEvent,
    expected: by === null || at === null ? null : { by, at },
  };
}
