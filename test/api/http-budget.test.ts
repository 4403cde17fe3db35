import nock from "nock";
import { describe, expect, it } from "vitest";

import { RateLimitedError } from "../../src/api/errors.ts";
import type { CallOptions } from "../../src/api/cloudflare.ts";
import { useNock } from "../support/nock.ts";
import { A, catchError, createTestClient, mockApi, succeed, USER_ID } from "./support.ts";
import type { TestClient } from "./support.ts";

const PATH = `${A}/access/users/${USER_ID}/active_sessions`;
/** Nothing more than this goes out while a test runs. */
const ONE = { requests: 1, windowMs: 60_000, reserve: 0, urgent: 0 };

useNock();

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

  it("asks a write whether it is still wanted when it has its turn, and does not send one that is not", async () => {
    const client = createTestClient({ budget: { ...ONE, windowMs: 300 } });
    mockApi().get(PATH).reply(200, succeed([]));
    await client.accessUsers.activeSessions(USER_ID);
    const asked: number[] = [];
    const startedAt = performance.now();
    const isCurrent = () => {
      asked.push(performance.now() - startedAt);
      return false;
    };
    // Without a mock for the write: a request would be a NetworkError.
    const error = await catchError(
      client.organizations.revokeUser({ email: "mallory@example.com" }, { isCurrent }),
    );
    expect(error).toMatchObject({ kind: "aborted", applied: "no", call: "revoke user" });
    expect(asked).toEqual([expect.any(Number)]);
    expect(asked[0]).toBeGreaterThan(200);
  });

  it.each<[string, (client: TestClient, call: CallOptions) => Promise<unknown>]>([
    ["revoke user", (c, call) => c.organizations.revokeUser({ email: "a@example.com" }, call)],
    ["revoke registrations", (c, call) => c.devices.revokeRegistrations(["r"], call)],
    ["unrevoke registrations", (c, call) => c.devices.unrevokeRegistrations(["r"], call)],
    ["delete registrations", (c, call) => c.devices.deleteRegistrations(["r"], call)],
    ["revoke devices", (c, call) => c.devices.revokeDevices(["r"], call)],
    ["reset risk score", (c, call) => c.riskScoring.reset(USER_ID, call)],
    ["create user", (c, call) => c.accessUsers.create({ email: "a@example.com" }, call)],
    ["update user", (c, call) => c.accessUsers.update(USER_ID, { email: "a@b.c", name: "n" }, call)],
    ["delete user", (c, call) => c.accessUsers.remove(USER_ID, call)],
  ])("does not send %s once it is no longer wanted, in bulk or not", async (call, send) => {
    const client = createTestClient();
    for (const priority of ["interactive", "bulk"] as const) {
      const error = await catchError(send(client, { isCurrent: () => false, priority }));
      expect(error).toMatchObject({ kind: "aborted", applied: "no", call });
    }
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
