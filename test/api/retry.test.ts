import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { isTransientStatus, readRetryAfter, timeRetry } from "../../src/api/retry.ts";
import { useNock } from "../support/nock.ts";
import { A, catchError, createTestClient, mockApi, RAY, refuse, succeed, USER_ID } from "./support.ts";

useNock();

const PATH = `${A}/access/users/${USER_ID}`;
const USER = { id: USER_ID };

describe("the wait before the next try", () => {
  const failed = { attempt: 1, status: 503, retryAfterMs: null, remainingMs: 10_000 };

  it.each([
    ["doubles from 200 ms", { attempt: 1 }, 200],
    ["doubles to 400 ms", { attempt: 2 }, 400],
    ["doubles to 800 ms", { attempt: 3 }, 800],
    ["stops growing at 3 s", { attempt: 30 }, 3_000],
    ["is the same when no answer came", { status: null }, 200],
    ["is what retry-after says and a little more", { status: 429, retryAfterMs: 2_000 }, 2_250],
    ["can be next to nothing when retry-after says 0", { status: 429, retryAfterMs: 0 }, 250],
  ])("%s", (_name, change, longest) => {
    expect(timeRetry({ ...failed, ...change }, 1)).toBe(longest);
  });

  it.each([
    ["a 4xx", { status: 400 }],
    ["501, which will not change", { status: 501 }],
    ["a retry-after that nobody wants to wait for", { status: 429, retryAfterMs: 5_001 }],
    ["a wait that would outlive the call", { status: 429, retryAfterMs: 3_000, remainingMs: 3_000 }],
  ])("is none, for good, after %s", (_name, change) => {
    expect(timeRetry({ ...failed, ...change }, 0)).toBeNull();
  });

  it("is spread over the upper half of the back-off", () => {
    expect(timeRetry(failed, 0)).toBe(100);
    expect(timeRetry(failed, 0.5)).toBe(150);
  });

  it("is never negative, never past what is left, and worth it whatever the dice say", () => {
    fc.assert(
      fc.property(
        fc.record({
          attempt: fc.integer({ min: 1, max: 100 }),
          status: fc.option(fc.integer({ min: 400, max: 599 })),
          retryAfterMs: fc.option(fc.integer({ min: 0, max: 1e12 })),
          remainingMs: fc.integer({ min: -10, max: 60_000 }),
        }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failedTry, random) => {
          const delay = timeRetry(failedTry, random) ?? 0;
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(Math.max(0, failedTry.remainingMs));
          expect(delay).toBeLessThanOrEqual(5_250);
          const [shortest, drawn, longest] = [0, random, 1].map(
            (dice) => timeRetry(failedTry, dice) !== null,
          );
          // What is worth the longest wait is worth any.
          expect(longest && !(drawn && shortest)).toBe(false);
        },
      ),
    );
  });

  it.each([429, 500, 502, 503, 504, 520, 524])("exists for %i", (status) => {
    expect(isTransientStatus(status)).toBe(true);
  });
});

describe("retry-after", () => {
  const NOW = Date.parse("2025-02-14T13:17:00Z");
  const read = (headers: Record<string, string>) => readRetryAfter((name) => headers[name] ?? null, NOW);

  it.each<[string, Record<string, string>, number | null]>([
    ["seconds", { "retry-after": "3" }, 3_000],
    ["fractions of a second", { "retry-after": "0.5" }, 500],
    ["an HTTP date", { "retry-after": "Fri, 14 Feb 2025 13:17:07 GMT" }, 7_000],
    ["a date gone by", { "retry-after": "Fri, 14 Feb 2025 13:00:00 GMT" }, 0],
    ["a month, which is cut to an hour", { "retry-after": "2592000" }, 3_600_000],
    ["more digits than any wait has", { "retry-after": "9".repeat(40) }, 3_600_000],
    ["a date far away", { "retry-after": "Fri, 14 Feb 2099 13:17:07 GMT" }, 3_600_000],
    ["a used-up ratelimit of a month", { ratelimit: '"default";r=0;t=2592000' }, 3_600_000],
    ["nonsense", { "retry-after": "soon" }, null],
    ["a negative number", { "retry-after": "-1" }, null],
    ["nothing", {}, null],
    ["a used-up ratelimit", { ratelimit: '"default";r=0;t=30' }, 30_000],
    ["a ratelimit with some left", { ratelimit: '"default";r=50;t=30' }, null],
    ["both, and is believed first", { "retry-after": "2", ratelimit: '"default";r=0;t=30' }, 2_000],
  ])("is read from %s", (_name, headers, wait) => {
    expect(read(headers)).toBe(wait);
  });
});

describe("a read", () => {
  it.each([500, 502, 503, 504, 520])("is tried again after %i", async (status) => {
    mockApi().get(PATH).reply(status, "<html>");
    mockApi().get(PATH).reply(200, succeed(USER));
    const client = createTestClient();
    expect(await client.accessUsers.get(USER_ID)).toMatchObject(USER);
    expect(client.lines).toMatchObject([
      { msg: "cloudflare call is tried again", call: "get user", attempt: 1, status, cfRay: RAY },
      { msg: "cloudflare call", call: "get user", status: 200, cfRay: RAY },
    ]);
  });

  it.each(["ECONNRESET", "ECONNREFUSED", "ETIMEDOUT", "EPIPE", "EAI_AGAIN"])(
    "is tried again after %s",
    async (code) => {
      mockApi()
        .get(PATH)
        .replyWithError(Object.assign(new Error("socket"), { code }));
      mockApi().get(PATH).reply(200, succeed(USER));
      expect(await createTestClient().accessUsers.get(USER_ID)).toMatchObject(USER);
    },
  );

  it("waits as long as retry-after says", async () => {
    mockApi().get(PATH).reply(429, refuse(), { "retry-after": "0.4" });
    mockApi().get(PATH).reply(200, succeed(USER));
    const startedAt = performance.now();
    await createTestClient().accessUsers.get(USER_ID);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(395);
  });

  it("fails at once, saying when to try, rather than wait five minutes", async () => {
    mockApi().get(PATH).reply(429, refuse(), { "retry-after": "300" });
    const error = await catchError(createTestClient().accessUsers.get(USER_ID));
    expect(error).toMatchObject({ kind: "rate-limited", retryAt: expect.any(Number) });
  });

  it("fails at once when the wait would outlive the call", async () => {
    mockApi().get(PATH).reply(429, refuse(), { "retry-after": "2" });
    const error = await catchError(createTestClient().accessUsers.get(USER_ID, { timeoutMs: 1_000 }));
    expect(error).toMatchObject({ kind: "rate-limited" });
  });

  it("is tried four times in all, and the last answer is the one told", async () => {
    mockApi().get(PATH).times(3).reply(502, "<html>");
    mockApi().get(PATH).reply(503, "<html>");
    const client = createTestClient();
    expect(await catchError(client.accessUsers.get(USER_ID))).toMatchObject({ kind: "http", status: 503 });
    expect(client.lines.map(({ attempt }) => attempt)).toEqual([1, 2, 3, undefined]);
  });

  it("is tried as often as the options say", async () => {
    mockApi().get(PATH).times(2).reply(502, "<html>");
    const error = await catchError(createTestClient({ retries: 1 }).accessUsers.get(USER_ID));
    expect(error).toMatchObject({ status: 502 });
  });

  it.each([
    ["a 4xx", 400, refuse({ code: 12130 })],
    ["a missing permission", 403, refuse({ code: 10000 })],
    ["a refusal with 200", 200, refuse()],
    ["an answer that cannot be read", 200, "<html>"],
    ["501", 501, ""],
  ])("is tried once after %s", async (_name, status, body) => {
    mockApi().get(PATH).reply(status, body);
    expect(await catchError(createTestClient().accessUsers.get(USER_ID))).toMatchObject({ status });
  });

  it("keeps its query when tried again", async () => {
    const path = `${A}/devices/registrations?user.id=u1&user.id=u2&cursor=a%2Bb%40example.com`;
    mockApi().get(path).reply(502, "");
    mockApi().get(path).reply(200, succeed([]));
    const query = { userIds: ["u1", "u2"], cursor: "a+b@example.com" };
    expect((await createTestClient().devices.registrations(query)).items).toEqual([]);
  });
});

describe("a write", () => {
  const REVOKE = `${A}/access/organizations/revoke_user`;
  const revoke = () => catchError(createTestClient().organizations.revokeUser({ email: "a@example.com" }));

  it.each([429, 500, 502, 503, 504])("is sent once, whatever comes: %i", async (status) => {
    mockApi().post(REVOKE).reply(status, "", { "retry-after": "0" });
    expect(await revoke()).toMatchObject({ status, applied: status === 429 ? "no" : "maybe" });
  });

  it.each([
    ["ECONNRESET", "maybe"],
    ["EPIPE", "maybe"],
    ["ETIMEDOUT", "maybe"],
    ["ECONNREFUSED", "no"],
    ["ENOTFOUND", "no"],
    ["EAI_AGAIN", "no"],
    ["CERT_HAS_EXPIRED", "no"],
  ])("is sent once after %s, and applied is %s", async (code, applied) => {
    mockApi()
      .post(REVOKE)
      .replyWithError(Object.assign(new Error("socket"), { code }));
    expect(await revoke()).toMatchObject({ kind: "network", code, applied, status: null, cfRay: null });
  });

  it("that never got a connection was not applied, whatever the code", async () => {
    const failure = Object.assign(new Error("connect"), { code: "ETIMEDOUT", syscall: "connect" });
    mockApi().post(REVOKE).replyWithError(failure);
    expect(await revoke()).toMatchObject({ kind: "network", applied: "no" });
  });

  it.each<[string, "PUT" | "DELETE", string, () => Promise<unknown>]>([
    [
      "update",
      "PUT",
      PATH,
      () => createTestClient().accessUsers.update(USER_ID, { email: "a@b.c", name: "n" }),
    ],
    ["delete", "DELETE", PATH, () => createTestClient().accessUsers.remove(USER_ID)],
  ])("of the idempotent kind is sent once too: %s", async (_name, method, path, ask) => {
    mockApi().intercept(path, method).reply(503, "");
    expect(await catchError(ask())).toMatchObject({ status: 503, applied: "maybe" });
  });
});
