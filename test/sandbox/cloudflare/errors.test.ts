import { expect, test } from "vitest";
import { ACCOUNT, ask, idOf, OTHER_ACCOUNT, start, TOKEN } from "./support.ts";

const json = { "content-type": "application/json" };
const revokePath = "/access/organizations/revoke_user";

const credentials: [string, Record<string, string>, number, unknown][] = [
  ["no credentials at all", {}, 401, { code: 10000 }],
  ["an unknown token", { authorization: "Bearer wrong" }, 401, { code: 10000 }],
  [
    "a header that is not a bearer token",
    { authorization: `Token ${TOKEN}` },
    400,
    { code: 6003, error_chain: [{ code: 6111 }] },
  ],
  ["a token with a space in it", { authorization: "Bearer a b" }, 400, { code: 6003 }],
  ["a wrong global key", { "x-auth-email": "admin@example.com", "x-auth-key": "nope" }, 401, { code: 10000 }],
];

test.each(credentials)("%s is refused", async (_name, headers, status, error) => {
  const cloudflare = await start({ seed: "empty" });
  const reply = await ask(cloudflare, "/access/users", { headers });
  expect(reply.status).toBe(status);
  expect(reply.body).toMatchObject({ success: false, errors: [error], messages: [], result: null });
});

test("an email and a global key may do everything", async () => {
  const cloudflare = await start({ keys: [{ email: "admin@example.com", key: "k" }] });
  const headers = { "x-auth-email": "admin@example.com", "x-auth-key": "k" };
  expect((await ask(cloudflare, "/access/users", { headers })).status).toBe(200);
});

test("a disabled token can be verified and nothing else", async () => {
  const cloudflare = await start({ tokens: [{ token: TOKEN, status: "disabled" }] });
  expect((await ask(cloudflare, "/tokens/verify")).body.result.status).toBe("disabled");
  expect((await ask(cloudflare, "/access/users")).status).toBe(401);
});

test("another account is out of the token's scope, and a malformed one is no route", async () => {
  const cloudflare = await start({ seed: "empty" });
  const other = await ask(cloudflare, `//accounts/${OTHER_ACCOUNT}/access/users`);
  expect([other.status, other.body.errors[0]?.code]).toEqual([403, 9109]);
  const malformed = await ask(cloudflare, "//accounts/nonsense/access/users");
  expect([malformed.status, malformed.body.errors[0]?.code]).toEqual([404, 7003]);
});

test("an unknown path answers 7003 and 7000", async () => {
  const cloudflare = await start({ seed: "empty" });
  const reply = await ask(cloudflare, "/access/nothing");
  expect(reply.body.errors.map((error) => error.code)).toEqual([7003, 7000]);
  expect(cloudflare.requests.at(-1)).toMatchObject({
    route: null,
    path: `/accounts/${ACCOUNT}/access/nothing`,
  });
});

test("a read token that tries a write gets a flat body", async () => {
  const cloudflare = await start({ tokens: [{ token: TOKEN, permissions: ["Access: Audit Logs Read"] }] });
  const reply = await ask(cloudflare, revokePath, { method: "POST", body: { email: "mallory@example.com" } });
  expect([reply.status, reply.body]).toEqual([403, { code: 1010, error: "auth.forbidden" }]);
});

test("a token that may write something else gets 10000 or, where so configured, 9109", async () => {
  const cloudflare = await start({ tokens: [{ token: TOKEN, permissions: ["Zero Trust Write"] }] });
  const attempt = () =>
    ask(cloudflare, revokePath, { method: "POST", body: { email: "mallory@example.com" } });
  expect((await attempt()).body.errors[0]?.code).toBe(10000);
  cloudflare.settings.unknowns.missingPermissionCode = 9109;
  expect((await attempt()).body.errors[0]?.code).toBe(9109);
});

test("either of two permissions is enough to revoke, and a write permission includes its read", async () => {
  const cloudflare = await start({
    tokens: [{ token: TOKEN, permissions: ["Access: Organizations Revoke", "Zero Trust Write"] }],
  });
  const reply = await ask(cloudflare, revokePath, { method: "POST", body: { email: "mallory@example.com" } });
  expect(reply.body).toEqual({ success: true, result: true });
  expect((await ask(cloudflare, "/devices/registrations")).status).toBe(200);
});

test("an Access list can be told to look empty to a token without permission", async () => {
  const cloudflare = await start({
    tokens: [{ token: TOKEN, permissions: ["Zero Trust Read"] }],
    unknowns: { missingPermissionOnLists: "empty" },
  });
  const reply = await ask(cloudflare, "/access/users");
  expect([reply.status, reply.body.result]).toEqual([200, []]);
});

test("risk scoring and Access say not_enabled where the account has none", async () => {
  const cloudflare = await start({ riskEnabled: false, accessEnabled: false });
  for (const path of ["/zt_risk_scoring/summary", "/access/users"]) {
    const reply = await ask(cloudflare, path);
    expect(reply.body.errors[0]).toMatchObject({
      code: 9999,
      message: expect.stringContaining("not_enabled"),
    });
  }
});

const invalid: [string, string, { method?: string; body?: unknown }, number][] = [
  ["a page size that Access does not know", "/access/users?per_page=30", {}, 12130],
  ["a page that is not a number", "/access/users?page=x", {}, 12130],
  ["a new user without an email", "/access/users", { method: "POST", body: { name: "X" } }, 12130],
  [
    "a new user who exists already",
    "/access/users",
    { method: "POST", body: { email: "bob@example.com" } },
    12130,
  ],
  ["a revocation without an email", revokePath, { method: "POST", body: {} }, 12130],
  ["a revocation of nobody", revokePath, { method: "POST", body: { email: "nobody@example.com" } }, 12135],
  ["a risk score of nobody", "/zt_risk_scoring/00000000-0000-4000-8000-000000000000", {}, 10404],
  ["registrations revoked without an id", "/devices/registrations/revoke", { method: "POST" }, 10400],
  ["an unknown registration", "/devices/registrations/revoke?id=x", { method: "POST" }, 10404],
  ["a cursor from nowhere", "/devices/registrations?cursor=x", {}, 10400],
  ["an unknown status", "/devices/registrations?status=gone", {}, 10400],
  [
    "201 devices in one call",
    "/devices/revoke",
    { method: "POST", body: Array.from({ length: 201 }, String) },
    10400,
  ],
];

test.each(invalid)("%s is refused", async (_name, path, input, code) => {
  const reply = await ask(await start(), path, input);
  expect(reply.body.errors[0]?.code).toBe(code);
  expect(reply.status).toBeGreaterThanOrEqual(400);
});

test("an email cannot be changed by an update", async () => {
  const cloudflare = await start();
  const path = `/access/users/${idOf(cloudflare, "bob@example.com")}`;
  const reply = await ask(cloudflare, path, {
    method: "PUT",
    body: { email: "rob@example.com", name: "Rob" },
  });
  expect(reply.body.errors[0]).toMatchObject({ code: 12130, source: { pointer: "/email" } });
});

test("a body that is not JSON is refused", async () => {
  const cloudflare = await start({ seed: "empty" });
  const response = await fetch(`${cloudflare.baseUrl}/accounts/${ACCOUNT}${revokePath}`, {
    method: "POST",
    headers: { ...json, authorization: `Bearer ${TOKEN}` },
    body: "{",
  });
  expect(response.status).toBe(400);
});

test("the audit log wants since and before, and its errors carry only a message", async () => {
  const reply = await ask(await start({ seed: "empty" }), "/logs/audit?since=2026-01-01");
  expect(reply.status).toBe(400);
  expect(reply.body.errors).toEqual([{ message: "since and before are required" }]);
});

test("past the rate limit every call is refused for a whole window, and then none is", async () => {
  let time = Date.UTC(2026, 0, 1);
  const cloudflare = await start({ rateLimit: { requests: 2, windowMs: 300_000 }, now: () => time });
  const first = await ask(cloudflare, "/access/users");
  expect(first.headers.get("ratelimit")).toBe('"default";r=1;t=300');
  expect(first.headers.get("ratelimit-policy")).toBe('"default";q=2;w=300');
  await ask(cloudflare, "/access/users");
  time += 100_000;
  const third = await ask(cloudflare, "/access/users");
  expect([third.status, third.headers.get("retry-after")]).toEqual([429, "300"]);
  time += 299_000;
  expect((await ask(cloudflare, "/access/users")).status).toBe(429);
  time += 1_000;
  expect((await ask(cloudflare, "/access/users")).status).toBe(200);
});
