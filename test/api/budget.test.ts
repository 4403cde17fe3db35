import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createBudget, readLimitNews, type Budget } from "../../src/api/rate/budget.ts";
import { BudgetSpentError, type Priority } from "../../src/api/rate/turn.ts";

const WINDOW = 300_000;
const forever = new AbortController().signal;

/** Takes turns and keeps the moments at which they came. */
function takeMany(budget: Budget, count: number, priority: Priority): number[] {
  const moments: number[] = [];
  for (let index = 0; index < count; index += 1) {
    void budget
      .take({ priority, signal: forever, maxWaitMs: Number.POSITIVE_INFINITY })
      .then(() => moments.push(Date.now()));
  }
  return moments;
}

/** The most moments in any window. */
function mostInWindow(moments: readonly number[]): number {
  return Math.max(...moments.map((at) => moments.filter((one) => one >= at && one < at + WINDOW).length));
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the budget of calls", () => {
  it("lets bulk calls out at once up to their share, and the rest as the window slides", async () => {
    const budget = createBudget({ requests: 110, windowMs: WINDOW, reserve: 20, urgent: 0 });
    const moments = takeMany(budget, 200, "bulk");
    await vi.advanceTimersByTimeAsync(1000);
    expect(moments).toHaveLength(90);
    await vi.advanceTimersByTimeAsync(WINDOW - 2000);
    expect(moments).toHaveLength(90);
    await vi.advanceTimersByTimeAsync(3 * WINDOW);
    expect(moments).toHaveLength(200);
    expect(mostInWindow(moments)).toBe(90);
  });

  it("keeps the reserve for people while bulk work has used up its share", async () => {
    const budget = createBudget({ requests: 110, windowMs: WINDOW, reserve: 20, urgent: 0 });
    takeMany(budget, 500, "bulk");
    await vi.advanceTimersByTimeAsync(1000);
    const people = takeMany(budget, 20, "interactive");
    await vi.advanceTimersByTimeAsync(10);
    expect(people).toHaveLength(20);
  });

  it("never lets more out than its whole in any window, whoever asks", async () => {
    const budget = createBudget({ requests: 110, windowMs: WINDOW, reserve: 20, urgent: 0 });
    const bulk = takeMany(budget, 300, "bulk");
    const people: number[][] = [];
    for (let minute = 0; minute < 20; minute += 1) {
      people.push(takeMany(budget, 15, "interactive"));
      await vi.advanceTimersByTimeAsync(60_000);
    }
    await vi.advanceTimersByTimeAsync(10 * WINDOW);
    expect(mostInWindow([...bulk, ...people.flat()])).toBeLessThanOrEqual(110);
    expect(bulk).toHaveLength(300);
    expect(people.flat()).toHaveLength(300);
  });

  it("lets a person go before bulk calls that wait for the same place", async () => {
    const budget = createBudget({ requests: 10, windowMs: WINDOW, reserve: 1, urgent: 0 });
    takeMany(budget, 10, "interactive");
    await vi.advanceTimersByTimeAsync(0);
    const order: string[] = [];
    const options = { signal: forever, maxWaitMs: Number.POSITIVE_INFINITY };
    const bulk = budget.take({ ...options, priority: "bulk" }).then(() => order.push("bulk"));
    const person = budget.take({ ...options, priority: "interactive" }).then(() => order.push("person"));
    await vi.advanceTimersByTimeAsync(WINDOW + 1000);
    await Promise.all([bulk, person]);
    expect(order).toEqual(["person", "bulk"]);
  });

  it("says at once, and when to come back, where a person's turn would come too late", async () => {
    const budget = createBudget({ requests: 10, windowMs: WINDOW, reserve: 1, urgent: 0 });
    takeMany(budget, 10, "interactive");
    await vi.advanceTimersByTimeAsync(60_000);
    const late = budget.take({ priority: "interactive", signal: forever, maxWaitMs: 10_000 });
    await expect(late).rejects.toThrow(BudgetSpentError);
    await expect(late).rejects.toMatchObject({ retryAt: WINDOW });
  });

  it("gives a place back that nobody waits for any more", async () => {
    const budget = createBudget({ requests: 10, windowMs: WINDOW, reserve: 5, urgent: 0 });
    takeMany(budget, 5, "bulk");
    await vi.advanceTimersByTimeAsync(0);
    const controller = new AbortController();
    const left = budget.take({
      priority: "bulk",
      signal: controller.signal,
      maxWaitMs: Number.POSITIVE_INFINITY,
    });
    controller.abort();
    await expect(left).rejects.toThrow(BudgetSpentError);
    const next = takeMany(budget, 5, "bulk");
    await vi.advanceTimersByTimeAsync(WINDOW + 1);
    expect(next).toHaveLength(5);
  });

  it.each([
    { calls: 10, ms: 0 },
    { calls: 90, ms: 0 },
    { calls: 91, ms: WINDOW },
    { calls: 180, ms: WINDOW },
    { calls: 181, ms: 2 * WINDOW },
  ])("estimates $ms ms for $calls bulk calls in a quiet time", ({ calls, ms }) => {
    const budget = createBudget({ requests: 110, windowMs: WINDOW, reserve: 20, urgent: 0 });
    expect(budget.estimateMs(calls)).toBe(ms);
  });

  it("knows how long it takes until there is room again", async () => {
    const budget = createBudget({ requests: 110, windowMs: WINDOW, reserve: 20, urgent: 0 });
    expect(budget.msUntilRoom(30)).toBe(0);
    takeMany(budget, 80, "bulk");
    await vi.advanceTimersByTimeAsync(100_000);
    expect(budget.msUntilRoom(10)).toBe(0);
    expect(budget.msUntilRoom(30)).toBe(200_000);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(budget.msUntilRoom(30)).toBe(0);
  });
});

describe("what Cloudflare says of its limit", () => {
  const headers =
    (values: Record<string, string>) =>
    (name: string): string | null =>
      values[name] ?? null;
  const policy = { "ratelimit-policy": `"default";q=1200;w=300` };

  it("stops bulk calls, and them alone, before the last ones are used up", async () => {
    const budget = createBudget({ requests: 1100, windowMs: WINDOW, reserve: 200, urgent: 0 });
    budget.learn(readLimitNews(headers({ ...policy, ratelimit: `"default";r=219;t=40` }), 200, null));
    expect(budget.msUntilRoom(1)).toBe(0);
    budget.learn(readLimitNews(headers({ ...policy, ratelimit: `"default";r=218;t=40` }), 200, null));
    expect(budget.msUntilRoom(1)).toBe(40_000);
    const bulk = takeMany(budget, 3, "bulk");
    const people = takeMany(budget, 3, "interactive");
    await vi.advanceTimersByTimeAsync(39_000);
    expect([bulk.length, people.length]).toEqual([0, 3]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(bulk).toHaveLength(3);
  });

  it("stops them for an hour at most: a month would overflow the timer and end at once", async () => {
    const budget = createBudget({ requests: 1100, windowMs: WINDOW, reserve: 200, urgent: 0 });
    budget.learn(readLimitNews(headers({ ...policy, ratelimit: `"default";r=0;t=2592000` }), 200, null));
    const bulk = takeMany(budget, 1, "bulk");
    await vi.advanceTimersByTimeAsync(3_599_000);
    expect(bulk).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(bulk).toHaveLength(1);
  });

  it("stops them for as long as a refusal says", () => {
    const budget = createBudget({ requests: 1100, windowMs: WINDOW, reserve: 200, urgent: 0 });
    budget.learn(readLimitNews(headers({}), 429, 120_000));
    expect(budget.msUntilRoom(1)).toBe(120_000);
    expect(budget.estimateMs(1)).toBe(120_000);
  });

  it("changes nothing where an answer says nothing, or only how much is left of a small quota", () => {
    const budget = createBudget({ requests: 1100, windowMs: WINDOW, reserve: 200, urgent: 0 });
    budget.learn(readLimitNews(headers({}), 200, null));
    budget.learn(readLimitNews(headers({ ratelimit: "nonsense" }), 200, null));
    budget.learn(
      readLimitNews(
        headers({ ratelimit: `"burst";r=50;t=30`, "ratelimit-policy": `"burst";q=100;w=60` }),
        200,
        null,
      ),
    );
    expect(budget.msUntilRoom(1)).toBe(0);
  });
});
