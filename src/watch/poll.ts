import PQueue from "p-queue";

import type { AccessRequest, Cloudflare, Registration, RiskSummaryUser } from "../api/cloudflare.ts";
import { isCloudflareFailure } from "../api/errors.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import { findListed, readListing, type BlockPolicy, type Listing } from "../lookup/block-list.ts";
import { gotInThough, isKeptOut } from "../lookup/facts.ts";
import type { Log } from "../log/log.ts";
import type { Db } from "../store/open.ts";
import { look, OVERLAP_MS, unseenRows, type Look, type LogReading, type Reading } from "./look.ts";
import { endWatch, findActive, readWatch, writeLook, type Watch } from "./watch.ts";

export interface WatchDeps {
  db: Db;
  cloudflare: Cloudflare;
  log: Log;
  policy: { current(): { block: BlockPolicy | null } };
  now(): number;
  /** How often is looked: every 30 s by default. */
  watchMs?: number;
}

export const LOOK_MS = 30_000;

/**
 * Calls of one look, however many are watched: ten looks fit into the five minutes of Cloudflare's rate limit, or eleven
 * where the calls of one came late, and watching takes less than a tenth of the 1,200.
 */
const CALLS = 10;
/** Rows of the log that are read at once, and how many come with one call. */
const MAX_ROWS = 3000;
const ROWS_A_CALL = 1000;
/** Sessions, registrations and risk of those who did not move are read this often, in looks. */
const SLOW_LOOKS = 10;
/** Users whose registrations are asked for in one call: their ids travel in the address. */
const REGISTRATIONS_OF = 100;
const REGISTRATIONS_A_CALL = 1000;
/** Failures of reading sign-ins are told after so many looks: five minutes. */
const BLIND_LOOKS = 10;
/** Writes at the same time. */
const WRITES = 4;
/** A look that is not over by then is given up. */
const TIMEOUT_MS = 25_000;
const BLOCKS_TIMEOUT_MS = 5000;
/** For the block list and what enforces it, where someone is back. */
const BLOCKS_CALLS = 2;
/** Of the time between slow looks: some looks come a little late. */
const AT_LEAST = 0.9;

/**
 * Looks at everyone who is watched, if it is time to: one read of the account's sign-ins for all of them, then those
 * who moved in detail. Any replica may; what it found is written for each watch only where nobody else was first.
 * @returns the requests and threads with something new to post; null where it is not time, or another replica looks.
 */
export async function lookAtWatches(
  deps: WatchDeps,
): Promise<{ requests: string[]; threads: string[] } | null> {
  const { db } = deps;
  const turn = await claimLook(deps);
  if (turn === null) return null;
  const watches = await findActive(db);
  const readings = await readAll(deps, watches, turn);
  const queue = new PQueue({ concurrency: WRITES });
  // Once for all of them, and only where someone is back.
  let listing: Promise<Listing | null> | undefined;
  const readBlocks = () => (listing ??= readBlockListing(deps));
  const changed = await queue.addAll(
    watches.map((watch) => async () => {
      const reading = readings.get(watch.id);
      return reading !== undefined && (await settle(deps, watch, reading, readBlocks)) ? watch : null;
    }),
  );
  return toPublish(changed.filter((watch) => watch !== null));
}

/** Writes what was found of one. @returns whether there is something to post. */
async function settle(
  { db, now, watchMs = LOOK_MS }: WatchDeps,
  watch: Watch,
  reading: Reading,
  readBlocks: () => Promise<Listing | null>,
): Promise<boolean> {
  const seen = look(watch.since, watch.memory, reading, now());
  const isBack = seen.events.some(({ isReturn }) => isReturn);
  const found = isBack ? markBlocked(seen, watch, await readBlocks()) : seen;
  const at = now();
  if (!(await writeLook(db, watch, found, at, BLIND_LOOKS * watchMs))) return false;
  const hasNews = found.events.length > 0 || found.sees !== null || found.memory.blind !== null;
  // One more look after the end: what was still to come by then is there. Where it fails, it is tried for some time.
  const isOver = at >= watch.until + (reading.log.ok ? watchMs : BLIND_LOOKS * watchMs);
  const current = isOver ? await readWatch(db, watch.id) : null;
  if (current === null) return hasNews;
  return (await endWatch(db, current, { state: "ended", at, by: null, memory: current.memory })) || hasNews;
}

/** null: there is no block list, or it could not be read. Someone waits for what is told with it. */
async function readBlockListing({ cloudflare, policy, log }: WatchDeps): Promise<Listing | null> {
  const { block } = policy.current();
  if (block === null) return null;
  const call = { signal: AbortSignal.timeout(BLOCKS_TIMEOUT_MS) };
  try {
    return await readListing(cloudflare.bulk, block, call);
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    log.warn({ err: error }, "unknown whether someone who is back is blocked");
    return null;
  }
}

/** Says of each sign-in that it came though the block list keeps them out, where that is known. */
function markBlocked(found: Look, { who }: Watch, listing: Listing | null): Look {
  const listed = listing === null ? null : findListed(listing, who.email);
  if (listed === null || isKeptOut(listed) !== true) return found;
  const events = found.events.map((one) => ({
    ...one,
    ...(one.isReturn && gotInThough(listed.since, one.event.at ?? 0) && { isBlocked: true as const }),
  }));
  return { ...found, events };
}

function toPublish(changed: readonly Watch[]): { requests: string[]; threads: string[] } {
  return {
    requests: [...new Set(changed.flatMap(({ requestId }) => requestId ?? []))],
    threads: changed.filter(({ requestId }) => requestId === null).map(({ id }) => id),
  };
}

/** Of the replicas that ask within the time of one look, one is told yes. @returns how many looks there were. */
async function claimLook({ db, now, watchMs = LOOK_MS }: WatchDeps): Promise<number | null> {
  const at = now();
  const name = "watch-look";
  return db.transaction().execute(async (trx) => {
    await trx
      .insertInto("switches")
      .values({ name, data: "0", at: 0 })
      .onConflict((conflict) => conflict.column("name").doNothing())
      .execute();
    const row = await trx
      .updateTable("switches")
      .set({ at })
      .where("name", "=", name)
      // Much later than now: the clock was put back. A little later is another replica, which was first this time.
      .where((eb) => eb.or([eb("at", "<=", at - watchMs), eb("at", ">", at + watchMs)]))
      .returning("data")
      .executeTakeFirst();
    if (row === undefined) return null;
    const turn = (Number(row.data) || 0) + 1;
    await trx
      .updateTable("switches")
      .set({ data: String(turn) })
      .where("name", "=", name)
      .execute();
    return turn;
  });
}

/** What is read for each of them, within the calls of one look. */
async function readAll(
  deps: WatchDeps,
  watches: readonly Watch[],
  turn: number,
): Promise<Map<string, Reading>> {
  const cloudflare = deps.cloudflare.bulk;
  if (watches.length === 0) return new Map();
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const call = { signal };
  /** null: it could not be read. What else goes wrong is ours. */
  const attempt = async <T>(reading: Promise<T>): Promise<T | null> => {
    try {
      return await reading;
    } catch (error) {
      if (!isCloudflareFailure(error)) throw error;
      deps.log.warn({ err: error }, "someone who is watched could not be looked at");
      return null;
    }
  };
  const log = await readLog(deps, cloudflare, watches, signal);
  const kept = deps.policy.current().block === null ? 0 : BLOCKS_CALLS;
  let left = CALLS - kept - (log.ok ? Math.max(1, Math.ceil(log.rows.length / ROWS_A_CALL)) : 1);

  const byEmail = Map.groupBy(log.ok ? log.rows : [], (row) => row.email?.trim().toLowerCase() ?? "");
  const rowsOf = ({ who }: Watch): AccessRequest[] => byEmail.get(who.email.trim().toLowerCase()) ?? [];
  const readings = new Map<string, Reading>(
    watches.map((watch) => [watch.id, { log: log.ok ? { ...log, rows: rowsOf(watch) } : log }]),
  );

  // Who moved comes first, then those whose sessions were not read for the longest time.
  const movers = watches.filter((watch) =>
    unseenRows(watch.since, watch.memory, rowsOf(watch)).some(({ allowed }) => allowed === true),
  );
  const isSlow = turn % SLOW_LOOKS === 1 % SLOW_LOOKS;
  const slowBefore = deps.now() - Math.floor(AT_LEAST * SLOW_LOOKS * (deps.watchMs ?? LOOK_MS));
  const others = watches
    .filter(({ memory }) => memory.sessionsAt <= slowBefore)
    .toSorted((a, b) => a.memory.sessionsAt - b.memory.sessionsAt);
  const reads: Promise<void>[] = [];

  if (isSlow) {
    const ids = [...new Set(watches.map(({ who }) => who.id))];
    left -= 1 + Math.ceil(ids.length / REGISTRATIONS_OF);
    reads.push(
      attempt(readRisks(cloudflare, call)).then((risks) => {
        if (risks === null) return;
        for (const watch of watches) put(watch, { risk: riskOf(risks, watch) });
      }),
      attempt(readRegistrations(cloudflare, ids, call)).then((registrations) => {
        if (registrations === null) return;
        for (const watch of watches)
          put(watch, { registrations: registrations.filter(({ userId }) => userId === watch.who.id) });
      }),
    );
  }
  const detailed = new Set<string>();
  for (const watch of movers) {
    if (detailed.has(watch.who.id) || left < 2) continue;
    left -= 2;
    detailed.add(watch.who.id);
    reads.push(
      attempt(cloudflare.accessUsers.activeSessions(watch.who.id, call)).then((sessions) =>
        putForAll(watch.who.id, sessions === null ? {} : { sessions }),
      ),
      attempt(cloudflare.accessUsers.lastSeenIdentity(watch.who.id, call)).then((identity) =>
        putForAll(watch.who.id, identity === null ? {} : { identity }),
      ),
    );
  }
  for (const watch of others) {
    if (left < 1) break;
    if (detailed.has(watch.who.id)) continue;
    left -= 1;
    detailed.add(watch.who.id);
    reads.push(
      attempt(cloudflare.accessUsers.activeSessions(watch.who.id, call)).then((sessions) =>
        putForAll(watch.who.id, sessions === null ? {} : { sessions }),
      ),
    );
  }
  await Promise.all(reads);
  return readings;

  function put({ id }: Watch, more: Partial<Reading>): void {
    const reading = readings.get(id);
    if (reading !== undefined) readings.set(id, { ...reading, ...more });
  }
  function putForAll(userId: string, more: Partial<Reading>): void {
    for (const watch of watches) if (watch.who.id === userId) put(watch, more);
  }
}

/** The account's sign-ins since the last look that anyone who is watched had; what comes late is read again. */
async function readLog(
  { now }: WatchDeps,
  cloudflare: Cloudflare,
  watches: readonly Watch[],
  signal: AbortSignal,
): Promise<LogReading> {
  const since = Math.min(
    ...watches.map(({ since: begun, memory: { readTo } }) => Math.max(begun, readTo - OVERLAP_MS)),
  );
  // The whole second: a log whose times have no fraction must not lose the one it begins with.
  const from = Math.floor(since / 1000) * 1000;
  const to = cloudflare.serverTime(now());
  try {
    const { items, complete } = await cloudflare.accessLogs.requests(
      { since: from, max: MAX_ROWS },
      { signal },
    );
    if (complete) return { ok: true, from, to, rows: items };
    // Newest first: what is older than the last one was not read.
    const oldest = items.reduce((least, { at }) => Math.min(least, at ?? least), to);
    return { ok: true, from: oldest, to, rows: items };
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    return { ok: false, why: describeFailure(error).brief };
  }
}

function readRisks(cloudflare: Cloudflare, call: { signal: AbortSignal }): Promise<RiskSummaryUser[]> {
  return cloudflare.riskScoring.summary(call);
}

/** The risk API may have another id for the same user. */
function riskOf(risks: readonly RiskSummaryUser[], { who }: Watch): RiskSummaryUser | null {
  const email = who.email.trim().toLowerCase();
  return (
    risks.find(({ userId }) => userId === who.id) ??
    risks.find((one) => one.email?.trim().toLowerCase() === email && email !== "") ??
    null
  );
}

async function readRegistrations(
  cloudflare: Cloudflare,
  ids: readonly string[],
  call: { signal: AbortSignal },
): Promise<Registration[]> {
  const found: Registration[] = [];
  for (let from = 0; from < ids.length; from += REGISTRATIONS_OF) {
    const query = {
      userIds: ids.slice(from, from + REGISTRATIONS_OF),
      status: "active" as const,
      perPage: REGISTRATIONS_A_CALL,
    };
    const { items, cursor } = await cloudflare.devices.registrations(query, call);
    found.push(...items);
    // With more than a page, one call for each further page: rare, and never cut.
    if (cursor === null || items.length === 0) continue;
    for await (const one of cloudflare.devices.iterateRegistrations({ ...query, cursor }, call))
      found.push(one);
  }
  return found;
}
