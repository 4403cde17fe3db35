import { describe, expect, it } from "vitest";

import { createLogger } from "../../../src/log/log.ts";
import { createClock } from "../../../src/store/clock.ts";
import { type GetStore, NOW } from "../fixture.ts";

const HOUR = 3_600_000;
/** The tests' database is on this machine. */
const NEAR_MS = 2000;

export function sqliteClockContract(store: GetStore): void {
  it("a process that is alone on its database goes by its own clock", async () => {
    const clock = await createClock(store().db, createLogger("silent"), () => NOW);
    await clock.sync();
    expect(clock.now()).toBe(NOW);
  });
}

export function postgresClockContract(store: GetStore): void {
  const db = () => store().db;

  /** What the clock of a process says whose own is that much ahead, how far that is off, and what was logged. */
  async function clockAhead(aheadMs: number) {
    const lines: string[] = [];
    const log = createLogger("warn", { write: (line) => void lines.push(line) });
    let ahead = aheadMs;
    const clock = await createClock(db(), log, () => Date.now() + ahead);
    return {
      sync: () => clock.sync(),
      /** Of the right time. */
      off: () => Math.abs(clock.now() - Date.now()),
      jump: (ms: number) => (ahead += ms),
      warnings: () => lines.length,
    };
  }

  describe("the time of replicas", () => {
    it.each([
      ["fast", HOUR],
      ["slow", -HOUR],
    ])(
      "is the database's, though a process's own clock is an hour %s, and that is logged",
      async (_how, ms) => {
        const clock = await clockAhead(ms);
        expect(clock.off()).toBeLessThan(NEAR_MS);
        expect(clock.warnings()).toBe(1);
        await clock.sync();
        expect(clock.warnings(), "once").toBe(1);
      },
    );

    it("is put right again at the next look where a clock is set meanwhile, there and back", async () => {
      const clock = await clockAhead(0);
      expect(clock.warnings()).toBe(0);
      for (const ms of [HOUR, -HOUR]) {
        clock.jump(ms);
        expect(clock.off()).toBeGreaterThan(HOUR - NEAR_MS);
        await clock.sync();
        expect(clock.off()).toBeLessThan(NEAR_MS);
      }
    });
  });
}
