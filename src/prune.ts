import { setTimeout as sleep } from "node:timers/promises";

import type { Log } from "./log/log.ts";
import { isFinal, STATUSES } from "./requests/request.ts";
import type { Db } from "./store/open.ts";
import { takeTurn } from "./store/turn.ts";

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

/** Messages and watches of what has been over for so long are removed. */
export const KEPT_MS = 30 * DAY_MS;
/** What Slack sent, and what waits for a second word, is of no use after a few minutes or hours. */
const SHORT_KEPT_MS = DAY_MS;
/** How often a replica asks whether it is its turn. */
export const PRUNE_MS = HOUR_MS;

/** Rows of one statement: a few milliseconds, as with SQLite it runs on the event loop. */
const BATCH = 200;
/** Between two statements, for others who write. */
const PAUSE_MS = 50;
/** After a first start with years of messages the next turn goes on. */
const TURN_MS = 10 * 60_000;

const FINAL = STATUSES.filter(isFinal);

export interface PruneDeps {
  db: Db;
  log: Log;
  /** Epoch milliseconds. */
  now(): number;
}

/** Removes the rows of one batch. @returns how many, and whether there may be more; `after`: where to go on. */
type Remove = (db: Db, now: number, after: number) => Promise<{ removed: number; after: number | null }>;

/**
 * What is removed, and nothing else ever is: docs/adr/0042 says why the rest stays. Each is a few rows at a time, found by
 * an index.
 */
const REMOVALS: Record<string, Remove> = {
  posts: removePosts,
  watches: removeWatches,
  deliveries: removeDeliveries,
  drafts: removeDrafts,
};

/**
 * Removes rows that nothing needs any longer, if it is this replica's turn: once an hour, a few at a time. What is not
 * removed when it ends, or `isStopping` says so, is found again at the next turn.
 */
export async function prune({ db, log, now }: PruneDeps, isStopping: () => boolean): Promise<void> {
  if (!(await takeTurn(db, "pruning", now(), PRUNE_MS))) return;
  const end = performance.now() + TURN_MS;
  const removed: Record<string, number> = {};
  for (const [table, remove] of Object.entries(REMOVALS)) {
    let after: number | null = 0;
    while (after !== null && !isStopping() && performance.now() < end) {
      const batch = await remove(db, now(), after);
      if (batch.removed > 0) removed[table] = (removed[table] ?? 0) + batch.removed;
      after = batch.after;
      if (after !== null) await sleep(PAUSE_MS);
    }
  }
  if (Object.keys(removed).length > 0) log.info({ removed }, "rows that are no longer needed were removed");
}

/**
 * Messages of requests that have been over for 30 days, of which none is younger and none is still to be posted. All of a
 * request's go together: a key names a message once, and what comes late (a review, the end of a block) looks at the
 * others. They are walked in order, which is that of their age.
 */
async function removePosts(db: Db, now: number, after: number) {
  const before = now - KEPT_MS;
  const walked = await db
    .selectFrom("posts")
    .select(["seq", "created_at"])
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(BATCH)
    .execute();
  const last = walked.at(-1);
  if (last === undefined) return { removed: 0, after: null };
  const { numDeletedRows } = await db
    .deleteFrom("posts")
    .where("seq", ">", after)
    .where("seq", "<=", last.seq)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("requests")
          .select("requests.id")
          .whereRef("requests.id", "=", "posts.request_id")
          .where("requests.status", "in", FINAL)
          .where("requests.review_due", "is", null)
          .where(({ fn }) => fn.coalesce("finished_at", "decided_at", "requests.created_at"), "<", before),
      ),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("posts as other")
            .select("other.seq")
            .whereRef("other.request_id", "=", "posts.request_id")
            .where((inner) =>
              inner.or([inner("other.posted_at", "is", null), inner("other.posted_at", ">=", before)]),
            ),
        ),
      ),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("block_ends")
            .select("block_ends.request_id")
            .whereRef("block_ends.request_id", "=", "posts.request_id")
            .where("block_ends.state", "=", "open"),
        ),
      ),
    )
    .executeTakeFirst();
  const isEnd = walked.length < BATCH || last.created_at >= before;
  return { removed: Number(numDeletedRows), after: isEnd ? null : last.seq };
}

/**
 * Watches of a request's thread that ended 30 days ago and saw nothing: that is one for each person who was revoked. Those
 * that saw something belong to what incidents tell, and those of a thread of their own are drawn there.
 */
async function removeWatches(db: Db, now: number) {
  const { numDeletedRows } = await db
    .deleteFrom("watches")
    .where("id", "in", (eb) =>
      eb
        .selectFrom("watches as old")
        .select("old.id")
        .where("old.ended_at", "<", now - KEPT_MS)
        .where("old.request_id", "is not", null)
        .where((inner) =>
          inner.not(
            inner.exists(
              inner
                .selectFrom("watch_events")
                .select("watch_events.id")
                .whereRef("watch_events.watch_id", "=", "old.id"),
            ),
          ),
        )
        .limit(BATCH),
    )
    .executeTakeFirst();
  return nextOf(Number(numDeletedRows));
}

async function removeDeliveries(db: Db, now: number) {
  const { numDeletedRows } = await db
    .deleteFrom("deliveries")
    .where("id", "in", (eb) =>
      eb
        .selectFrom("deliveries")
        .select("id")
        .where("at", "<", now - SHORT_KEPT_MS)
        .limit(BATCH),
    )
    .executeTakeFirst();
  return nextOf(Number(numDeletedRows));
}

async function removeDrafts(db: Db, now: number) {
  const { numDeletedRows } = await db
    .deleteFrom("drafts")
    .where("id", "in", (eb) =>
      eb
        .selectFrom("drafts")
        .select("id")
        .where("created_at", "<", now - SHORT_KEPT_MS)
        .limit(BATCH),
    )
    .executeTakeFirst();
  return nextOf(Number(numDeletedRows));
}

/** What was removed is gone: the next batch begins where this one did. */
function nextOf(removed: number): { removed: number; after: number | null } {
  return { removed, after: removed < BATCH ? null : 0 };
}
