import { describe, expect, it } from "vitest";

import type { Cloudflare } from "../../src/api/cloudflare.ts";
import { CALLS } from "../../src/api/cloudflare.ts";
import { CloudflareError, isCloudflareFailure } from "../../src/api/errors.ts";
import type { CloudflareFailure } from "../../src/api/errors.ts";
import { useNock } from "../support/nock.ts";
import { A, catchError, createTestClient, mockApi, RAY, refuse, TOKEN, USER_ID } from "./support.ts";

useNock();

const HTML = "<html><body>Bad gateway for jdoe@example.com</body></html>";

interface ErrorRow {
  answer: string;
  status: number;
  body: string | Record<string, unknown>;
  kind: CloudflareFailure["kind"];
  /** Whether a write may have taken effect. */
  applied: "no" | "maybe";
  fields?: Record<string, unknown>;
}

const ROWS: ErrorRow[] = [
  {
    answer: "400 6003 with 6111 in its chain",
    status: 400,
    body: refuse({
      code: 6003,
      message: "Invalid request headers",
      error_chain: [{ code: 6111, message: "Invalid format for Authorization header" }],
    }),
    kind: "auth",
    applied: "no",
    fields: { codes: [6003, 6111] },
  },
  {
    answer: "400 with 6111 alone",
    status: 400,
    body: refuse({ code: 6111, message: "x" }),
    kind: "auth",
    applied: "no",
  },
  {
    answer: "401 10000",
    status: 401,
    body: refuse({ code: 10000, message: "Authentication error" }),
    kind: "permission",
    applied: "no",
    fields: { codes: [10000] },
  },
  {
    answer: "403 10000",
    status: 403,
    body: refuse({ code: 10000, message: "Authentication error" }),
    kind: "permission",
    applied: "no",
  },
  {
    answer: "400 10000",
    status: 400,
    body: refuse({ code: 10000, message: "Authentication error" }),
    kind: "permission",
    applied: "no",
  },
  {
    answer: "403 9109",
    status: 403,
    body: refuse({ code: 9109, message: "Unauthorized to access requested resource" }),
    kind: "permission",
    applied: "no",
    fields: { codes: [9109] },
  },
  {
    answer: "403 9109 of a token that was revoked",
    status: 403,
    body: refuse({ code: 9109, message: "Invalid access token" }),
    kind: "auth",
    applied: "no",
    fields: { codes: [9109] },
  },
  {
    answer: "the flat 403 of a read token that tried a write",
    status: 403,
    body: { code: 1010, error: "auth.forbidden" },
    kind: "permission",
    applied: "no",
    fields: { codes: [1010] },
  },
  {
    answer: "403 in HTML: a firewall's page, not a missing permission",
    status: 403,
    body: HTML,
    kind: "unexpected",
    applied: "no",
  },
  {
    answer: "403 in JSON that is not Cloudflare's envelope",
    status: 403,
    body: { title: "Error 1020: Access denied", status: 403, error_code: 1020 },
    kind: "unexpected",
    applied: "no",
  },
  {
    answer: "403 in the envelope with a code of its own",
    status: 403,
    body: refuse({ code: 1000, message: "no" }),
    kind: "permission",
    applied: "no",
  },
  { answer: "401 without a body", status: 401, body: "", kind: "permission", applied: "no" },
  {
    answer: "404 7003: a route that is not there, which says nothing of the object",
    status: 404,
    body: refuse({ code: 7003, message: "Could not route to /x" }),
    kind: "http",
    applied: "no",
    fields: { codes: [7003] },
  },
  {
    answer: "400 7000",
    status: 400,
    body: refuse({ code: 7000, message: "No route for that URI" }),
    kind: "http",
    applied: "no",
    fields: { codes: [7000] },
  },
  {
    answer: "404 10404",
    status: 404,
    body: refuse({ code: 10404, message: "x" }),
    kind: "not-found",
    applied: "no",
  },
  {
    answer: "404 12135",
    status: 404,
    body: refuse({ code: 12135, message: "access.api.error.not_found" }),
    kind: "not-found",
    applied: "no",
    fields: { codes: [12135] },
  },
  { answer: "404 in HTML", status: 404, body: HTML, kind: "unexpected", applied: "no" },
  { answer: "404 without a body", status: 404, body: "", kind: "unexpected", applied: "no" },
  { answer: "408 in HTML", status: 408, body: HTML, kind: "unexpected", applied: "maybe" },
  {
    answer: "400 12130",
    status: 400,
    body: refuse({ code: 12130, message: "access.api.error.invalid_request" }),
    kind: "http",
    applied: "no",
    fields: { codes: [12130], messages: ["access.api.error.invalid_request"] },
  },
  {
    answer: "400 9999",
    status: 400,
    body: refuse({ code: 9999, message: "access.api.error.not_enabled" }),
    kind: "not-enabled",
    applied: "no",
    fields: { codes: [9999] },
  },
  {
    answer: "403 9999",
    status: 403,
    body: refuse({ code: "9999", message: "access.api.error.not_enabled" }),
    kind: "not-enabled",
    applied: "no",
  },
  {
    answer: "200 with success false",
    status: 200,
    body: refuse({ code: 12100, message: "refused for jdoe@example.com" }),
    kind: "rejected",
    applied: "no",
    fields: { codes: [12100], messages: ["refused for [email]"] },
  },
  {
    answer: "200 with success false and nothing else",
    status: 200,
    body: { success: false },
    kind: "rejected",
    applied: "no",
    fields: { codes: [], messages: [] },
  },
  {
    answer: "200 with success false and a result of true",
    status: 200,
    body: { success: false, result: true },
    kind: "rejected",
    applied: "no",
  },
  {
    answer: "200 with success false and 9999",
    status: 200,
    body: refuse({ code: 9999, message: "access.api.error.not_enabled" }),
    kind: "not-enabled",
    applied: "no",
  },
  { answer: "200 in HTML", status: 200, body: HTML, kind: "shape", applied: "maybe" },
  { answer: "200 without a body", status: 200, body: "", kind: "shape", applied: "maybe" },
  { answer: "200 without an envelope", status: 200, body: "[1]", kind: "shape", applied: "maybe" },
  { answer: "200 cut short", status: 200, body: '{"success":tr', kind: "shape", applied: "maybe" },
  { answer: "204", status: 204, body: "", kind: "shape", applied: "maybe" },
  {
    answer: "502 in HTML",
    status: 502,
    body: HTML,
    kind: "http",
    applied: "maybe",
    fields: { codes: [], messages: [] },
  },
  { answer: "503 in HTML", status: 503, body: HTML, kind: "http", applied: "maybe" },
  { answer: "504 in HTML", status: 504, body: HTML, kind: "http", applied: "maybe" },
  {
    answer: "500 that says it is an authentication error",
    status: 500,
    body: refuse({ code: 10000, message: "Authentication error" }),
    kind: "http",
    applied: "maybe",
  },
  {
    answer: "errors with a message only",
    status: 400,
    body: refuse({ message: "since is required" }),
    kind: "http",
    applied: "no",
    fields: { codes: [], messages: ["since is required"] },
  },
  {
    answer: "errors that are no objects",
    status: 422,
    body: { success: false, errors: ["plain", null, 7, [], { code: null, message: {} }] },
    kind: "http",
    applied: "no",
    fields: { codes: [], messages: ["plain"] },
  },
  {
    answer: "errors that are no list",
    status: 400,
    body: { errors: { code: 5 } },
    kind: "unexpected",
    applied: "no",
  },
  { answer: "418 without a body", status: 418, body: "", kind: "unexpected", applied: "no" },
  { answer: "a redirect", status: 302, body: "", kind: "http", applied: "maybe" },
];

type Ask = (client: Cloudflare) => Promise<unknown>;
const readUser: Ask = ({ accessUsers }) => accessUsers.get(USER_ID);
const resetRisk: Ask = ({ riskScoring }) => riskScoring.reset(USER_ID);

describe.each(ROWS)("the answer $answer", ({ status, body, kind, applied, fields = {} }) => {
  it("is told as what it is when reading", async () => {
    mockApi()
      .get(`${A}/access/users/${USER_ID}`)
      .reply(status, body, { location: "https://elsewhere.example" });
    const error = await catchError(readUser(createTestClient({ retries: 0 })));
    expect(error).toBeInstanceOf(CloudflareError);
    expect(error).toMatchObject({ kind, call: "get user", status, cfRay: RAY, applied: "no", ...fields });
  });

  it("is told as what it is, and tried once, when writing", async () => {
    mockApi().post(`${A}/zt_risk_scoring/${USER_ID}/reset`).reply(status, body, { location: "/client/v4" });
    const client = createTestClient();
    const error = await catchError(resetRisk(client));
    expect(error).toMatchObject({ kind, call: "reset risk score", status, cfRay: RAY, applied, ...fields });
    const said = JSON.stringify([client.lines, error, String(error)]);
    expect(said).not.toMatch(/jdoe|html/i);
    expect(said).not.toContain(TOKEN);
  });
});

describe("a missing permission", () => {
  const call = (name: string): { name: string; permission: string | null } => {
    const found = CALLS.find((entry) => entry.name === name);
    if (found === undefined) throw new Error(`no call ${name}`);
    return found;
  };
  const asks: [name: string, method: string, path: string, ask: Ask][] = [
    ["list users", "GET", "/access/users?page=1&per_page=25", (c) => c.accessUsers.list()],
    ["create user", "POST", "/access/users", (c) => c.accessUsers.create({ email: "a@example.com" })],
    ["get user", "GET", "/access/users/u", (c) => c.accessUsers.get("u")],
    [
      "update user",
      "PUT",
      "/access/users/u",
      (c) => c.accessUsers.update("u", { email: "a@b.c", name: "n" }),
    ],
    ["delete user", "DELETE", "/access/users/u", (c) => c.accessUsers.remove("u")],
    [
      "list active sessions",
      "GET",
      "/access/users/u/active_sessions",
      (c) => c.accessUsers.activeSessions("u"),
    ],
    [
      "get active session",
      "GET",
      "/access/users/u/active_sessions/n",
      (c) => c.accessUsers.activeSession("u", "n"),
    ],
    [
      "get last seen identity",
      "GET",
      "/access/users/u/last_seen_identity",
      (c) => c.accessUsers.lastSeenIdentity("u"),
    ],
    ["list failed logins", "GET", "/access/users/u/failed_logins", (c) => c.accessUsers.failedLogins("u")],
    [
      "revoke user",
      "POST",
      "/access/organizations/revoke_user",
      (c) => c.organizations.revokeUser({ email: "a@example.com" }),
    ],
    ["list registrations", "GET", "/devices/registrations", (c) => c.devices.registrations()],
    [
      "revoke registrations",
      "POST",
      "/devices/registrations/revoke?id=r",
      (c) => c.devices.revokeRegistrations(["r"]),
    ],
    [
      "unrevoke registrations",
      "POST",
      "/devices/registrations/unrevoke?id=r",
      (c) => c.devices.unrevokeRegistrations(["r"]),
    ],
    [
      "delete registrations",
      "DELETE",
      "/devices/registrations?id=r",
      (c) => c.devices.deleteRegistrations(["r"]),
    ],
    ["revoke devices", "POST", "/devices/revoke", (c) => c.devices.revokeDevices(["r"])],
    ["get risk summary", "GET", "/zt_risk_scoring/summary", (c) => c.riskScoring.summary()],
    ["get risk score", "GET", "/zt_risk_scoring/u", (c) => c.riskScoring.get("u")],
    ["reset risk score", "POST", "/zt_risk_scoring/u/reset", (c) => c.riskScoring.reset("u")],
    [
      "list access requests",
      "GET",
      "/access/logs/access_requests?limit=1000&per_page=1000&page=1&direction=desc",
      (c) => c.accessLogs.requests(),
    ],
    [
      "list audit log",
      "GET",
      "/logs/audit?since=1970-01-01T00%3A00%3A00.000Z&before=1970-01-01T00%3A00%3A00.001Z",
      (c) => c.auditLogs.list({ since: 0, before: 1 }),
    ],
  ];

  it.each(asks)("is named by the call %s", async (name, method, path, ask) => {
    mockApi()
      .intercept(`${A}${path}`, method)
      .reply(403, refuse({ code: 10000, message: "Authentication error" }));
    const error = await catchError(ask(createTestClient()));
    const permission = call(name).permission ?? "not listed by Cloudflare";
    expect(error).toMatchObject({ kind: "permission", call: name, permission });
    expect(String(error)).toContain(permission);
  });
});

describe("a rate limit", () => {
  it.each([
    ["the seconds in retry-after", { "retry-after": "120" }, 120_000],
    ["the reset of a used-up ratelimit", { ratelimit: '"default";r=0;t=30' }, 30_000],
  ])("says when to try again, from %s", async (_name, headers, wait) => {
    const before = Date.now();
    mockApi()
      .post(`${A}/zt_risk_scoring/${USER_ID}/reset`)
      .reply(429, refuse({ code: 971 }), headers);
    const error = await catchError(resetRisk(createTestClient()));
    expect(error).toMatchObject({ kind: "rate-limited", applied: "no", status: 429, cfRay: RAY });
    const retryAt = isCloudflareFailure(error) && error.kind === "rate-limited" ? (error.retryAt ?? 0) : 0;
    expect(retryAt).toBeGreaterThanOrEqual(before + wait);
    expect(retryAt).toBeLessThanOrEqual(Date.now() + wait);
  });

  it("does not guess when Cloudflare does not say", async () => {
    mockApi()
      .post(`${A}/zt_risk_scoring/${USER_ID}/reset`)
      .reply(429, HTML, { ratelimit: '"default";r=7;t=30' });
    const error = await catchError(resetRisk(createTestClient()));
    expect(error).toMatchObject({ kind: "rate-limited", retryAt: null });
  });
});

describe("what Cloudflare said", () => {
  it("is kept without tokens, addresses and line breaks, and is cut", async () => {
    const message = `bad\nBearer abc.def for jdoe+x@example.com (jdoe%40example.com) with ${TOKEN}; ${"y".repeat(500)}`;
    mockApi()
      .get(`${A}/access/users/${USER_ID}`)
      .reply(400, refuse({ code: 1, message }));
    const error = await catchError(readUser(createTestClient()));
    expect(isCloudflareFailure(error) && error.kind === "http" ? error.messages : []).toEqual([
      expect.stringMatching(/^bad Bearer \[secret\] for \[email\] \(\[email\]\) with \[secret\]; y+$/),
    ]);
    expect(String(error).length).toBeLessThan(400);
  });
});

describe("the list of calls", () => {
  it("names every call once and by a method and path of its own", () => {
    expect(new Set(CALLS.map(({ name }) => name)).size).toBe(CALLS.length);
    expect(new Set(CALLS.map(({ method, path }) => `${method} ${path}`)).size).toBe(CALLS.length);
    expect(CALLS).toHaveLength(31);
  });

  it("takes GET for a read and everything else for a write", () => {
    for (const { method, mode } of CALLS) expect(mode).toBe(method === "GET" ? "read" : "write");
  });
});
