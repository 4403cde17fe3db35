import nock from "nock";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { RateLimitedError } from "../../src/api/errors.ts";
import { A, catchError, createTestClient, mockApi, succeed, USER_ID } from "./support.ts";

const PATH = `${A}/access/users/${USER_ID}/active_sessions`;
/** Nothing more than this goes out while a test runs. */
const ONE = { requests: 1, windowMs: 60_000, reserve: 0 };

beforeAll(() => nock.disableNetConnect());
afterEach(() => nock.cleanAll());
afterAll(() => nock.enableNetConnect());

describe("calls and their budget", () => {
  it("counts every attempt on the wire: a retry needs a turn of its own", async () => {
    const client = createTestClient({ budget: ONE });
    mockApi().get(PATH).reply(503, "busy");
    const error = await catchError(client.accessUsers.activeSessions(USER_ID));
    expect(error).toBeInstanceOf(RateLimitedError);
    expect(client.lines.filter((line) => line.msg === "cloudflare call is tried again")).toHaveLength(1);
  });

  it("refuses a write that has no turn in time without sending it, and says when there is one", async () => {
    const client = createTestClient({ budget: ONE });
    mockApi().get(PATH).reply(200, succeed([]));
    await client.accessUsers.activeSessions(USER_ID);
    const error = await catchError(client.organizations.revokeUser({ email: "mallory@example.com" }));
    expect(error).toBeInstanceOf(RateLimitedError);
    expect(error).toMatchObject({ applied: "no", retryAt: expect.any(Number) });
  });

  it("lets a bulk call wait for its turn for longer than a call may take", async () => {
    const client = createTestClient({ budget: { ...ONE, windowMs: 300 }, timeoutMs: 100 });
    mockApi().get(PATH).twice().reply(200, succeed([]));
    const startedAt = performance.now();
    const call = { priority: "bulk" } as const;
    await client.accessUsers.activeSessions(USER_ID, call);
    await client.accessUsers.activeSessions(USER_ID, call);
    expect(performance.now() - startedAt).toBeGreaterThan(250);
  });

  it("still gives up a bulk call that Cloudflare does not answer, and one that its caller gives up", async () => {
    const client = createTestClient({ budget: { ...ONE, windowMs: 200 }, timeoutMs: 100, retries: 0 });
    mockApi().get(PATH).delay(5000).reply(200, succeed([]));
    const unanswered = await catchError(client.accessUsers.activeSessions(USER_ID, { priority: "bulk" }));
    expect(unanswered).toMatchObject({ kind: "timeout" });
    const controller = new AbortController();
    const left = client.organizations.revokeUser(
      { email: "mallory@example.com" },
      { priority: "bulk", signal: controller.signal },
    );
    controller.abort();
    expect(await catchError(left)).toMatchObject({ kind: "aborted", applied: "no" });
    nock.abortPendingRequests();
  });

  it("hears from an answer that little is left, and lets bulk calls wait", async () => {
    const client = createTestClient();
    mockApi().get(PATH).reply(200, succeed([]), {
      ratelimit: `"default";r=100;t=120`,
      "ratelimit-policy": `"default";q=1200;w=300`,
    });
    await client.accessUsers.activeSessions(USER_ID);
    expect(client.budget.msUntilRoom(1)).toBeGreaterThan(119_000);
  });
});
