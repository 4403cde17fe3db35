import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createPermits, type PermitLease, type SharedBudget } from "../../src/api/rate/permits.ts";
import { BudgetSpentError, type Priority } from "../../src/api/rate/turn.ts";

const forever = new AbortController().signal;
const patient = { signal: forever, maxWaitMs: Number.POSITIVE_INFINITY };

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A shared budget that answers as it is told, in order; the last answer again and again. */
function share(...answers: Partial<PermitLease>[]) {
  const asked: { wanted: number; priority: Priority }[] = [];
  const settled: { id: string; used: number }[] = [];
  const budget: SharedBudget = {
    lease(wanted, priority) {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push({ wanted, priority });
      const id = `lease-${asked.length}`;
      return Promise.resolve({ id, granted: wanted, validMs: 5000, retryMs: 0, ...answer });
    },
    settle: (id, used) => void settled.push({ id, used }),
    pause: () => {},
    onPaused: () => {},
  };
  return { permits: createPermits(budget), asked, settled };
}

describe("permits of a budget that processes share", () => {
  it("are asked for many at a time, once for all who wait", async () => {
    const { permits, asked } = share({ granted: 20 });
    await Promise.all(
      Array.from({ length: 20 }, () => permits.take({ ...patient, priority: "interactive" })),
    );
    expect(asked.length).toBeLessThanOrEqual(2);
    const before = asked.length;
    await permits.take({ ...patient, priority: "interactive" });
    expect(asked.slice(before)).toEqual([{ wanted: 5, priority: "interactive" }]);
  });

  it("that were not used go back when the lease ends, and are asked for anew", async () => {
    const { permits, asked, settled } = share({ granted: 20 });
    await permits.take({ ...patient, priority: "interactive" });
    await vi.advanceTimersByTimeAsync(5000);
    expect(settled).toEqual([{ id: "lease-1", used: 1 }]);
    await permits.take({ ...patient, priority: "interactive" });
    expect(asked).toHaveLength(2);
  });

  it("that were all used are not given back", async () => {
    const { permits, settled } = share({ granted: 1 });
    await permits.take({ ...patient, priority: "bulk" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(settled).toEqual([]);
  });

  it("are waited for where none is left, and the wait is known", async () => {
    const { permits } = share({ granted: 0, retryMs: 40_000 }, { granted: 50 });
    const turn = permits.take({ ...patient, priority: "bulk" });
    await vi.advanceTimersByTimeAsync(39_000);
    expect(permits.shortUntil("bulk")).toBe(40_000);
    expect(permits.shortUntil("interactive")).toBe(0);
    await vi.advanceTimersByTimeAsync(1000);
    await turn;
    expect(permits.shortUntil("bulk")).toBe(0);
  });

  it("are refused at once where they would come too late, with the time at which to come back", async () => {
    const { permits } = share({ granted: 0, retryMs: 40_000 });
    const turn = permits.take({ signal: forever, maxWaitMs: 8000, priority: "interactive" });
    await expect(turn).rejects.toThrow(BudgetSpentError);
    await expect(turn).rejects.toMatchObject({ retryAt: 40_000 });
  });

  it("are given up by who no longer waits", async () => {
    const { permits } = share({ granted: 0, retryMs: 40_000 });
    const controller = new AbortController();
    const turn = permits.take({
      signal: controller.signal,
      maxWaitMs: Number.POSITIVE_INFINITY,
      priority: "bulk",
    });
    await vi.advanceTimersByTimeAsync(10);
    controller.abort();
    await expect(turn).rejects.toThrow(BudgetSpentError);
  });

  it("are not waited for where the others can't be asked in time", async () => {
    const permits = createPermits({
      lease: () => new Promise(() => {}),
      settle: () => {},
      pause: () => {},
      onPaused: () => {},
    });
    const turn = permits.take({ ...patient, priority: "urgent" });
    await vi.advanceTimersByTimeAsync(1000);
    await expect(turn).resolves.toBeUndefined();
  });
});
