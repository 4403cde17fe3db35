import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { sql } from "kysely";

import { capOf, type RateBudget } from "../api/rate/budget.ts";
import type { PermitLease, SharedBudget } from "../api/rate/permits.ts";
import { PRIORITIES, type Priority } from "../api/rate/turn.ts";
import type { Log } from "../log/log.ts";
import { clockOf } from "../store/clock.ts";
import type { Notices } from "./notices.ts";
import type { Db } from "../store/open.ts";

/** The rate limit's name, should there be another one day. */
const NAME = "cloudflare";
/** The longest that a lease may be used. Short: what is left of it is kept from the others meanwhile. */
const LONGEST_MS = 5000;
const SHORTEST_MS = 50;
/** Where nothing is left it is asked again no sooner. */
const RETRY_MS = 250;
/** Without the database each process goes by its own count for so long, then asks again. */
const ALONE_MS = 5000;
/** A network that swallows everything would else hold up each look-up for half a minute. */
const PATIENCE_MS = 5000;
const PAUSED = "cloudflare-paused";
/** As with what Cloudflare itself says: see api/retry.ts. */
const LONGEST_PAUSE_MS = 3_600_000;

/**
 * One budget of Cloudflare calls for all replicas, counted in PostgreSQL: a lease counts from when it is taken until a
 * window after its end, so that no window holds more than the budget. One short transaction for many calls.
 */
export function createSharedBudget(
  db: Db,
  rate: RateBudget,
  { log, notices }: { log: Log; notices: Notices },
): SharedBudget {
  const { windowMs } = rate;
  function settle(id: string, used: number): void {
    if (id === "") return;
    db.updateTable("rate_permits")
      .set({ calls: used, counts_until: clockOf(db, Date.now(), windowMs) })
      .where("id", "=", id)
      .execute()
      .catch((error: unknown) => log.warn({ err: error }, "unused calls were not given back"));
  }

  /** One that comes when nobody waits for it is given back. */
  async function leaseSoon(lease: Promise<PermitLease>): Promise<PermitLease> {
    const first = await Promise.race([lease, sleep(PATIENCE_MS, null, { ref: false })]);
    if (first !== null) return first;
    lease.then(
      ({ id, granted }) => settle(granted > 0 ? id : "", 0),
      () => {
        // Told of already.
      },
    );
    throw new Error(`the database did not answer within ${PATIENCE_MS / 1000} s`);
  }

  return {
    async lease(wanted, priority) {
      try {
        return await leaseSoon(takeLease(db, rate, wanted, priority));
      } catch (error) {
        // Containment must not wait for this: what Cloudflare says of its limit still counts.
        log.warn({ err: error }, "the shared budget can't be read: this process goes by its own count");
        return { id: "", granted: wanted, validMs: ALONE_MS, retryMs: 0 };
      }
    },
    settle,
    pause(ms) {
      notices.tell(PAUSED, { ms });
      const until = clockOf(db, Date.now(), ms);
      db.insertInto("rate_limits")
        .values({ name: NAME, paused_until: until })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ paused_until: until }))
        .execute()
        .catch((error: unknown) => log.warn({ err: error }, "a refusal by Cloudflare was not shared"));
    },
    onPaused(listener) {
      notices.on(PAUSED, (data) => {
        const ms = Number(data?.["ms"]);
        if (Number.isFinite(ms) && ms > 0) listener(Math.min(ms, LONGEST_PAUSE_MS));
      });
    },
  };
}

async function takeLease(db: Db, rate: RateBudget, wanted: number, priority: Priority): Promise<PermitLease> {
  const id = randomUUID();
  return db.transaction().execute(async (trx) => {
    // A call waits for this. What PostgreSQL forgets when it crashes is less than a second of counting.
    await sql`SET LOCAL synchronous_commit TO OFF`.execute(trx);
    // Those who count queue here, one after another.
    const { paused_until: pausedUntil } = await trx
      .insertInto("rate_limits")
      .values({ name: NAME, paused_until: 0 })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ name: NAME }))
      .returning("paused_until")
      .executeTakeFirstOrThrow();
    const at = await readClock(trx);
    await trx.deleteFrom("rate_permits").where("name", "=", NAME).where("counts_until", "<=", at).execute();
    const rows = await trx
      .selectFrom("rate_permits")
      .select(["priority", sql<number>`sum(calls)`.as("calls"), sql<number>`min(counts_until)`.as("free_at")])
      .where("name", "=", NAME)
      .groupBy("priority")
      .execute();
    const room = Math.min(...PRIORITIES.map((one) => roomIn(rate, rows, one, priority)));
    // Past its limit Cloudflare refuses everyone: work that can wait does.
    const isPaused = priority === "bulk" && pausedUntil > at;
    const granted = isPaused ? 0 : Math.max(0, Math.min(wanted, room));
    if (granted === 0) {
      const freeAt = isPaused ? pausedUntil : Math.min(...rows.map((row) => row.free_at));
      return { id, granted, validMs: 0, retryMs: Math.max(RETRY_MS, freeAt - at) };
    }
    const validMs = Math.min(Math.max(rate.windowMs / 60, SHORTEST_MS), LONGEST_MS);
    const until = Math.ceil(at + validMs + rate.windowMs);
    await trx
      .insertInto("rate_permits")
      .values({ id, name: NAME, priority, calls: granted, counts_until: until })
      .execute();
    return { id, granted, validMs, retryMs: 0 };
  });
}

/**
 * What is left of the window of one priority, which counts that priority and those behind it; a call of a priority that
 * is ahead of it takes no place there.
 */
function roomIn(
  rate: RateBudget,
  rows: readonly { priority: string; calls: number }[],
  window: Priority,
  asked: Priority,
): number {
  if (PRIORITIES.indexOf(asked) < PRIORITIES.indexOf(window)) return Number.POSITIVE_INFINITY;
  const counted: readonly string[] = PRIORITIES.slice(PRIORITIES.indexOf(window));
  const used = rows.filter((row) => counted.includes(row.priority));
  return capOf(rate, window) - used.reduce((sum, row) => sum + row.calls, 0);
}

async function readClock(db: Db): Promise<number> {
  const { rows } = await sql<{ at: number }>`SELECT ${clockOf(db, Date.now())} AS at`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error("the database told no time");
  return row.at;
}
