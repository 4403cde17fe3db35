import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createServerClock } from "../../src/api/server-clock.ts";
import { useNock } from "../support/nock.ts";
import { A, createTestClient, mockApi, succeed, USER_ID } from "./support.ts";

useNock();

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 0, 1, 12);
const dateOf = (ms: number): string => new Date(ms).toUTCString();

describe("Cloudflare's clock", () => {
  it("is ours before any answer, and after one without a readable Date", () => {
    const clock = createServerClock();
    expect(clock.timeOf(NOON)).toBe(NOON);
    clock.learn(null, NOON, NOON);
    clock.learn("yesterday, roughly", NOON, NOON);
    expect(clock.timeOf(NOON)).toBe(NOON);
  });

  it("is ours when the difference is less than two seconds, or is only a slow answer", () => {
    const clock = createServerClock();
    clock.learn(dateOf(NOON - 1000), NOON, NOON + 100);
    expect(clock.timeOf(NOON)).toBe(NOON);
    clock.learn(dateOf(NOON + 9000), NOON, NOON + 10_000);
    expect(clock.timeOf(NOON)).toBe(NOON);
  });

  it("follows when a clock is set", () => {
    const clock = createServerClock();
    clock.learn(dateOf(NOON + HOUR), NOON, NOON + 50);
    expect(Math.abs(clock.timeOf(NOON) - (NOON + HOUR))).toBeLessThan(1000);
    clock.learn(dateOf(NOON), NOON, NOON + 50);
    expect(clock.timeOf(NOON)).toBe(NOON);
  });

  it("is known to a second from any answers, and better from many", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100 * HOUR, max: 100 * HOUR }),
        fc.array(fc.record({ at: fc.nat(600_000), took: fc.nat(900), when: fc.nat(900) }), { minLength: 1 }),
        (offset, answers) => {
          const clock = createServerClock();
          for (const { at, took, when } of answers) {
            const answeredAt = NOON + at + Math.min(took, when) + offset;
            clock.learn(dateOf(answeredAt), NOON + at, NOON + at + took);
          }
          const error = Math.abs(clock.timeOf(NOON) - (NOON + offset));
          expect(error).toBeLessThan(Math.abs(offset) < 4000 ? 4000 : 1900);
        },
      ),
    );
  });

  it("is learned from the answers of the client", async () => {
    const client = createTestClient({ now: () => NOON });
    expect(client.serverTime(NOON)).toBe(NOON);
    mockApi()
      .get(`${A}/access/users/${USER_ID}`)
      .reply(200, succeed({ id: USER_ID }), { date: dateOf(NOON + HOUR) });
    await client.accessUsers.get(USER_ID);
    expect(client.serverTime(NOON)).toBe(NOON + HOUR);
    expect(client.bulk.serverTime(NOON)).toBe(NOON + HOUR);
  });

  it("is learned from a refusal as well", async () => {
    const client = createTestClient({ now: () => NOON, retries: 0 });
    mockApi()
      .get(`${A}/access/users/${USER_ID}`)
      .reply(502, "<html>", { date: dateOf(NOON - HOUR) });
    await client.accessUsers.get(USER_ID).catch(() => null);
    expect(Math.abs(client.serverTime(NOON) - (NOON - HOUR))).toBeLessThan(1000);
  });
});
