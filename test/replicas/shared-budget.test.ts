import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from "vitest";

import { createBudget, type RateBudget } from "../../src/api/rate/budget.ts";
import type { Priority } from "../../src/api/rate/turn.ts";
import { createLogger } from "../../src/log/log.ts";
import { createNotices, type Notices } from "../../src/replicas/notices.ts";
import { createSharedBudget } from "../../src/replicas/shared-budget.ts";
import { openStore, type Store } from "../../src/store/open.ts";
import { createDatabase, describeWithPostgres, type TestDatabase } from "../support/postgres.ts";

const log = createLogger("silent");
const forever = new AbortController().signal;
const HOUR = 3_600_000;

describeWithPostgres("one budget of calls for all replicas", () => {
  let database: TestDatabase;
  let store: Store;
  beforeAll(async () => {
    database = await createDatabase();
    store = await openStore({ kind: "postgres", url: database.url });
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });
  beforeEach(async () => {
    await store.db.deleteFrom("rate_permits").execute();
    await store.db.deleteFrom("rate_limits").execute();
  });

  /** A process of its own, as far as the budget goes. */
  function startReplica(processId: string, rate: RateBudget) {
    const notices: Notices = createNotices(database.url, { db: store.db, log, processId });
    onTestFinished(() => notices.close());
    const shared = createSharedBudget(store.db, rate, { log, notices });
    return { notices, shared, budget: createBudget(rate, shared) };
  }

  /** Takes as many turns as come without waiting long. */
  async function takeAll(budgets: ReturnType<typeof createBudget>[], each: number, priority: Priority) {
    const turns = budgets.flatMap((budget) =>
      Array.from({ length: each }, () => budget.take({ priority, signal: forever, maxWaitMs: 1000 })),
    );
    const ended = await Promise.allSettled(turns);
    return ended.filter(({ status }) => status === "fulfilled").length;
  }

  it("never lets out more than the whole between them, and keeps a part for people and for urgent containment", async () => {
    const rate = { requests: 100, windowMs: HOUR, reserve: 40, urgent: 10 };
    const budgets = ["one", "two", "three"].map((name) => startReplica(name, rate).budget);
    expect(await takeAll(budgets, 60, "bulk")).toBe(60);
    expect(await takeAll(budgets, 60, "interactive")).toBe(30);
    expect(await takeAll(budgets, 60, "urgent")).toBe(10);
  });

  it("has room for all again when the window is over, and not before", async () => {
    const rate = { requests: 20, windowMs: 1000, reserve: 0, urgent: 0 };
    const [one, two] = ["one", "two"].map((name) => startReplica(name, rate));
    const started: number[] = [];
    await Promise.all(
      [one, two].flatMap((replica) =>
        Array.from({ length: 15 }, async () => {
          await replica?.budget.take({ priority: "bulk", signal: forever, maxWaitMs: 60_000 });
          started.push(Date.now());
        }),
      ),
    );
    const first = Math.min(...started);
    expect(started.filter((at) => at < first + 1000)).toHaveLength(20);
    expect(started).toHaveLength(30);
  });

  it("gets back what a process did not use", async () => {
    const rate = { requests: 30, windowMs: HOUR, reserve: 0, urgent: 0 };
    const [one, two] = ["one", "two"].map((name) => startReplica(name, rate).shared);
    const lease = await one?.lease(30, "interactive");
    expect(lease).toMatchObject({ granted: 30 });
    expect(await two?.lease(10, "interactive")).toMatchObject({ granted: 0 });
    one?.settle(lease?.id ?? "", 5);
    await vi.waitFor(async () => expect(await two?.lease(30, "interactive")).toMatchObject({ granted: 25 }));
  });

  it("stops the bulk work of all of them where Cloudflare refuses one", async () => {
    const rate = { requests: 100, windowMs: HOUR, reserve: 40, urgent: 10 };
    const [one, two] = ["one", "two"].map((name) => startReplica(name, rate));
    const refused = { remaining: null, quota: null, resetMs: 90_000, isRefused: true };
    await vi.waitFor(() => {
      one?.budget.learn(refused);
      expect(two?.budget.msUntilRoom(1)).toBeGreaterThan(60_000);
    });
    // One that was not connected at that moment learns it where it asks.
    expect(await two?.shared.lease(10, "bulk")).toMatchObject({ granted: 0 });
    expect(await two?.shared.lease(10, "urgent")).toMatchObject({ granted: 10 });
  });

  it("leaves each process to its own count while the database does not answer", async () => {
    const rate = { requests: 10, windowMs: HOUR, reserve: 0, urgent: 0 };
    const other = await openStore({ kind: "postgres", url: database.url });
    const { notices } = startReplica("one", rate);
    const budget = createBudget(rate, createSharedBudget(other.db, rate, { log, notices }));
    await other.close();
    expect(await takeAll([budget], 20, "urgent")).toBe(10);
  });
});
