import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { addUser } from "../../sandbox/cloudflare/happenings.ts";
import type { Config } from "../../src/config.ts";
import type { Db } from "../../src/store/open.ts";
import { LOOK_MS, lookAtWatches } from "../../src/watch/poll.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { createScaledClock, openReplica, startCounted, watchAll } from "./support.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WATCHED = 200;
/** Cloudflare takes 1,200 calls in five minutes. */
const TENTH = 120;

interface Told {
  user: string;
  at: number;
  told_at: number;
}

async function readTold(db: Db): Promise<Told[]> {
  const rows = await db
    .selectFrom("watch_events")
    .innerJoin("watches", "watches.id", "watch_events.watch_id")
    .select(["watches.email as user", "watch_events.at as at", "watch_events.told_at as told_at"])
    .where("watch_events.is_return", "=", 1)
    .orderBy("watch_events.at")
    .execute();
  return rows;
}

/**
 * An hour of 200 people being watched by so many replicas, of whom some come back: each is told once, and in time.
 * @returns the most calls in any five minutes.
 */
async function watchForAnHour(database: Config["database"], replicas: number): Promise<number> {
  const clock = createScaledClock(Date.UTC(2027, 0, 15, 12));
  const cloudflare = await startCounted(clock);
  const fleet = await Promise.all(
    Array.from({ length: replicas }, () => openReplica(database, cloudflare, clock)),
  );
  const [first] = fleet;
  if (first === undefined) throw new Error("no replica");
  const users = Array.from({ length: WATCHED }, (_, index) => {
    const email = `user-${index}@example.com`;
    const { id } = addUser(cloudflare.state, { email, name: `User ${index}` }, clock.now());
    return { id, email, name: `User ${index}` };
  });
  for (const { email } of users) cloudflare.registerDevice(email, { at: clock.now() - HOUR });
  const begin = clock.now();
  await watchAll(first.db, users, { at: begin, ms: HOUR });

  const came: { user: string; at: number }[] = [];
  const calls: number[] = [];
  let seen = cloudflare.requests.length;
  for (let step = 1; step <= HOUR / LOOK_MS + 4; step += 1) {
    clock.advance(LOOK_MS / 2);
    const [user] = users.slice((step * 10) % WATCHED, ((step * 10) % WATCHED) + 1);
    if (step % 6 === 0 && user !== undefined && !came.some((one) => one.user === user.email) && step < 120) {
      cloudflare.login(user.email, { ip: `203.0.113.${came.length}`, country: "BR", apps: ["Payroll"] });
      came.push({ user: user.email, at: clock.now() });
    }
    clock.advance(LOOK_MS / 2);
    await Promise.all(fleet.map((replica) => lookAtWatches(replica)));
    calls.push(cloudflare.requests.length - seen);
    seen = cloudflare.requests.length;
  }

  const windows = calls.map((_, index) =>
    calls.slice(index, index + (5 * MINUTE) / LOOK_MS).reduce((sum, count) => sum + count, 0),
  );
  expect(came.length).toBeGreaterThan(5);
  const told = await readTold(first.db);
  expect(told.map(({ user, at }) => ({ user, at }))).toEqual(came);
  for (const one of told)
    expect(one.told_at - one.at, `${one.user} is told in time`).toBeLessThanOrEqual(LOOK_MS);
  const open = await first.db.selectFrom("watches").select("id").where("state", "=", "active").execute();
  expect(open).toEqual([]);
  return Math.max(...windows);
}

it(
  "200 people watched for an hour take less than a tenth of the rate limit, and who comes back is told once",
  { tags: ["slow"], timeout: 240_000 },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "zt-watch-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const place = { kind: "sqlite", directory, file: join(directory, "zt.db") } as const;
    expect(await watchForAnHour(place, 1)).toBeLessThan(TENTH);
  },
);

describeWithPostgres("on three replicas", () => {
  it("the same holds: they share the looks", { tags: ["slow"], timeout: 240_000 }, async () => {
    const database = await createDatabase();
    onTestFinished(database.drop);
    expect(await watchForAnHour({ kind: "postgres", url: database.url }, 3)).toBeLessThan(TENTH);
  });
});

describe("a look", () => {
  it("is no other replica's as well whose clock is a little behind, and goes on after a clock was put back", async () => {
    const directory = mkdtempSync(join(tmpdir(), "zt-watch-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const clock = createScaledClock(Date.UTC(2027, 0, 15, 12));
    const place = { kind: "sqlite", directory, file: join(directory, "zt.db") } as const;
    const replica = await openReplica(place, await startCounted(clock), clock);
    const lookAt = (offset: number) => lookAtWatches({ ...replica, now: () => clock.now() + offset });
    expect(await lookAt(0)).not.toBeNull();
    expect(await lookAt(-50)).toBeNull();
    expect(await lookAt(LOOK_MS - 1)).toBeNull();
    expect(await lookAt(-HOUR)).not.toBeNull();
  });
});

describe("what one look costs", () => {
  it("does not grow when everyone comes back at once: whom there is no room to look at is told without the place", async () => {
    const directory = mkdtempSync(join(tmpdir(), "zt-watch-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const clock = createScaledClock(Date.UTC(2027, 0, 15, 12));
    const cloudflare = await startCounted(clock);
    const replica = await openReplica(
      { kind: "sqlite", directory, file: join(directory, "zt.db") },
      cloudflare,
      clock,
    );
    const users = Array.from({ length: 30 }, (_, index) => {
      const email = `user-${index}@example.com`;
      const { id } = addUser(cloudflare.state, { email, name: `User ${index}` }, clock.now());
      return { id, email, name: `User ${index}` };
    });
    await watchAll(replica.db, users, { at: clock.now(), ms: HOUR });
    clock.advance(LOOK_MS);
    for (const { email } of users) cloudflare.login(email);
    const before = cloudflare.requests.length;
    await lookAtWatches(replica);
    expect(cloudflare.requests.length - before).toBeLessThanOrEqual(10);
    expect(await readTold(replica.db)).toHaveLength(30);
  });
});
