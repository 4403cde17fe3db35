import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import nock from "nock";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import type { CloudflareOptions } from "../../src/api/cloudflare.ts";
import { catchError, createTestClient, refuse, succeed, TOKEN } from "./support.ts";
import type { TestClient } from "./support.ts";

/*
 * Against a real server on loopback: what a mock of the HTTP layer cannot show (sockets, hanging, half answers,
 * headers and bytes as they really go out).
 */

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
  socket: IncomingMessage["socket"];
}

type Handler = (response: ServerResponse, request: IncomingMessage, body: string) => void;

const answer =
  (result: unknown, status = 200): Handler =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", "cf-ray": "abc-FRA" });
    response.end(JSON.stringify(succeed(result)));
  };
const hang: Handler = () => {};

let handler: Handler = hang;
let seen: Seen[] = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => {
    body += chunk.toString();
  });
  request.on("end", () => {
    const { method = "", url = "", headers, socket } = request;
    seen.push({ method, url, headers, body, socket });
    handler(response, request, body);
  });
});

function connect(overrides: Partial<CloudflareOptions> = {}): TestClient {
  // A real port was bound, so the address is not a pipe's name.
  const { port } = server.address() as AddressInfo;
  return createTestClient({ baseUrl: `http://127.0.0.1:${port}/client/v4`, ...overrides });
}

beforeAll(async () => {
  nock.restore();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
beforeEach(() => {
  seen = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
});
afterAll(() => {
  server.close();
});

describe("on the wire", () => {
  it("carries a bearer token and asks for JSON", async () => {
    handler = answer({ id: "u" });
    await connect().accessUsers.get("u");
    expect(seen[0]).toMatchObject({
      method: "GET",
      body: "",
      headers: { authorization: `Bearer ${TOKEN}`, accept: "application/json", "user-agent": "zt-bot" },
    });
    expect(seen[0]?.headers).not.toHaveProperty("content-type");
  });

  it("carries email and key instead where those are configured", async () => {
    handler = answer({ id: "u" });
    await connect({ auth: { kind: "key", email: "ops@example.com", key: "k3y" } }).accessUsers.get("u");
    expect(seen[0]?.headers).toMatchObject({ "x-auth-email": "ops@example.com", "x-auth-key": "k3y" });
    expect(seen[0]?.headers).not.toHaveProperty("authorization");
  });

  it("writes the query byte for byte as Cloudflare reads it", async () => {
    handler = answer([]);
    await connect().devices.registrations({ userIds: ["u1", "u2"], cursor: "a+b@c.d, e[f]:$&=" });
    expect(seen[0]?.url).toMatch(/\?user\.id=u1&user\.id=u2&cursor=a%2Bb%40c\.d%2C\+e%5Bf%5D%3A%24%26%3D$/);
  });

  it("sends a write without a body with length 0 and no content type", async () => {
    handler = answer(null);
    await connect().devices.revokeRegistrations(["r1", "r2"]);
    expect(seen[0]).toMatchObject({ method: "POST", body: "", headers: { "content-length": "0" } });
    expect(seen[0]?.url).toMatch(/\/devices\/registrations\/revoke\?id=r1&id=r2$/);
    expect(seen[0]?.headers).not.toHaveProperty("content-type");
  });

  it("sends a body as JSON", async () => {
    handler = answer(null);
    await connect().devices.revokeDevices(["r1", "r2"]);
    expect(seen[0]).toMatchObject({ body: '["r1","r2"]', headers: { "content-type": "application/json" } });
  });

  it("uses one connection for calls one after the other", async () => {
    handler = answer({ id: "u" });
    const { accessUsers } = connect();
    await accessUsers.get("u");
    await accessUsers.get("v");
    expect(seen).toHaveLength(2);
    expect(seen[1]?.socket).toBe(seen[0]?.socket);
  });

  it("goes straight to Cloudflare, whatever proxy the environment names", async () => {
    vi.stubEnv("HTTP_PROXY", "http://127.0.0.1:1");
    vi.stubEnv("http_proxy", "http://127.0.0.1:1");
    handler = answer({ id: "u" });
    expect(await connect().accessUsers.get("u")).toMatchObject({ id: "u" });
  });

  it("does not follow a redirect, which would carry the token elsewhere", async () => {
    handler = (response) => response.writeHead(307, { location: "/elsewhere" }).end();
    expect(await catchError(connect().accessUsers.get("u"))).toMatchObject({ kind: "http", status: 307 });
    expect(seen).toHaveLength(1);
  });
});

describe("a call without an answer", () => {
  it("ends after the client's time, as a timeout, and is not tried again", async () => {
    handler = hang;
    const error = await catchError(connect({ timeoutMs: 50 }).accessUsers.get("u"));
    expect(error).toMatchObject({
      kind: "timeout",
      call: "get user",
      applied: "no",
      timeoutMs: 50,
      status: null,
    });
    expect(seen).toHaveLength(1);
  });

  it("ends after its own time where it has one", async () => {
    handler = hang;
    const error = await catchError(connect().accessUsers.get("u", { timeoutMs: 50 }));
    expect(error).toMatchObject({ kind: "timeout", timeoutMs: 50 });
  });

  it("may have been carried out when it is a write", async () => {
    handler = hang;
    const error = await catchError(connect({ timeoutMs: 50 }).riskScoring.reset("u"));
    expect(error).toMatchObject({ kind: "timeout", call: "reset risk score", applied: "maybe" });
  });

  it("times out also when the answer has begun and does not end", async () => {
    handler = (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"success":');
    };
    const error = await catchError(connect({ timeoutMs: 80 }).riskScoring.reset("u"));
    expect(error).toMatchObject({ kind: "timeout", applied: "maybe" });
  });

  it("counts its retries in its time", async () => {
    handler = (response) => (seen.length === 1 ? response.writeHead(503).end() : undefined);
    const startedAt = performance.now();
    const error = await catchError(connect({ timeoutMs: 400 }).accessUsers.get("u"));
    expect(error).toMatchObject({ kind: "timeout" });
    expect(seen).toHaveLength(2);
    expect(performance.now() - startedAt).toBeLessThan(800);
  });
});

describe("a connection that breaks", () => {
  it("before the answer: a read is tried again, a write is not and may have been carried out", async () => {
    handler = (response, request) =>
      seen.length === 1 ? request.socket.destroy() : answer({ id: "u" })(response, request, "");
    expect(await connect().accessUsers.get("u")).toMatchObject({ id: "u" });
    seen = [];
    const error = await catchError(connect().riskScoring.reset("u"));
    expect(error).toMatchObject({ kind: "network", code: "ECONNRESET", applied: "maybe" });
    expect(seen).toHaveLength(1);
  });

  it("in the middle of an answer: no half of it is taken for the whole", async () => {
    handler = (response) => {
      response.writeHead(200, { "content-length": "500" });
      response.write(JSON.stringify(succeed(null)), () => response.destroy());
    };
    const error = await catchError(connect().riskScoring.reset("u"));
    expect(error).toMatchObject({ kind: "network", applied: "maybe" });
    expect(seen).toHaveLength(1);
  });

  it("in the middle of an answer: a read is tried again", async () => {
    handler = (response, request) => {
      if (seen.length > 1) return answer({ id: "u" })(response, request, "");
      response.writeHead(200, { "content-length": "500" });
      response.write("{", () => response.destroy());
    };
    expect(await connect().accessUsers.get("u")).toMatchObject({ id: "u" });
  });

  it("that never came to be: nothing was sent", async () => {
    const spare = createServer().listen(0, "127.0.0.1");
    await once(spare, "listening");
    const { port } = spare.address() as AddressInfo;
    spare.close();
    await once(spare, "close");
    const client = connect({ baseUrl: `http://127.0.0.1:${port}` });
    const error = await catchError(client.riskScoring.reset("u"));
    expect(error).toMatchObject({ kind: "network", code: "ECONNREFUSED", applied: "no" });
  });

  it("for want of TLS on the other side: nothing was sent", async () => {
    const { port } = server.address() as AddressInfo;
    const client = connect({ baseUrl: `https://127.0.0.1:${port}` });
    const error = await catchError(client.riskScoring.reset("u"));
    expect(error).toMatchObject({ kind: "network" });
    expect(seen).toHaveLength(0);
  });

  it("because the base URL is none", async () => {
    const error = await catchError(connect({ baseUrl: "http://" }).riskScoring.reset("u"));
    expect(error).toMatchObject({ kind: "network", applied: "no" });
  });
});

describe("a caller's signal", () => {
  it("that was given up before sends nothing", async () => {
    const error = await catchError(connect().riskScoring.reset("u", { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ kind: "aborted", applied: "no" });
    expect(seen).toHaveLength(0);
  });

  it.each([
    ["a read", "no", (client: TestClient, signal: AbortSignal) => client.accessUsers.get("u", { signal })],
    [
      "a write",
      "maybe",
      (client: TestClient, signal: AbortSignal) => client.riskScoring.reset("u", { signal }),
    ],
  ])("ends %s under way, and applied is %s", async (_name, applied, ask) => {
    handler = hang;
    const controller = new AbortController();
    const failed = catchError(ask(connect(), controller.signal));
    await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 20_000 });
    controller.abort();
    expect(await failed).toMatchObject({ kind: "aborted", applied });
  });

  it("ends the wait before the next try", async () => {
    handler = (response) => response.writeHead(503, { "retry-after": "5" }).end();
    const controller = new AbortController();
    const client = connect();
    const failed = catchError(client.accessUsers.get("u", { signal: controller.signal }));
    await vi.waitFor(() => expect(client.lines).toHaveLength(1), { timeout: 20_000 });
    controller.abort();
    expect(await failed).toMatchObject({ kind: "aborted" });
    expect(seen).toHaveLength(1);
  });

  it("ends an iteration", async () => {
    handler = hang;
    const controller = new AbortController();
    const users = connect().accessUsers.iterate({}, { signal: controller.signal });
    const failed = catchError(users[Symbol.asyncIterator]().next());
    await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 20_000 });
    controller.abort();
    expect(await failed).toMatchObject({ kind: "aborted" });
  });

  it("is not listened to any more when the call is over", async () => {
    handler = answer({ id: "u" });
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, "removeEventListener");
    await connect().accessUsers.get("u", { signal: controller.signal });
    expect(remove).toHaveBeenCalledTimes(1);
  });
});

describe("the same read twice at once", () => {
  it("is made once, and both get the answer", async () => {
    handler = answer({ id: "u" });
    const { accessUsers } = connect();
    const [one, other] = await Promise.all([accessUsers.get("u"), accessUsers.get("u")]);
    expect(one).toEqual(other);
    expect(one).not.toBe(other);
    expect(seen).toHaveLength(1);
  });

  it("is made once, and both get the error", async () => {
    handler = (response) => response.writeHead(404).end(JSON.stringify(refuse({ code: 12135 })));
    const { accessUsers } = connect();
    const errors = await Promise.all([catchError(accessUsers.get("u")), catchError(accessUsers.get("u"))]);
    expect(errors).toMatchObject([{ kind: "not-found" }, { kind: "not-found" }]);
    expect(seen).toHaveLength(1);
  });

  it("is made twice when one caller may end it", async () => {
    handler = answer({ id: "u" });
    const { accessUsers } = connect();
    await Promise.all([accessUsers.get("u"), accessUsers.get("u", { signal: new AbortController().signal })]);
    expect(seen).toHaveLength(2);
  });

  it("is made twice for different ids or queries, and again later", async () => {
    handler = answer([]);
    const { accessUsers } = connect();
    const both = [
      accessUsers.activeSessions("u"),
      accessUsers.activeSessions("v"),
      accessUsers.list({ page: 2 }),
    ];
    await Promise.all([...both, accessUsers.list()]);
    expect(seen).toHaveLength(4);
    await accessUsers.activeSessions("u");
    expect(seen).toHaveLength(5);
  });

  it("is made again after a write, so that nobody reads what was true before it", async () => {
    const held: (() => void)[] = [];
    handler = (response, request) => {
      if (request.method === "POST") return answer(true)(response, request, "");
      held.push(() => answer([])(response, request, ""));
    };
    const { accessUsers, organizations } = connect();
    const before = accessUsers.activeSessions("u");
    await vi.waitFor(() => expect(held).toHaveLength(1), { timeout: 20_000 });
    await organizations.revokeUser({ email: "a@example.com" });
    const after = accessUsers.activeSessions("u");
    await vi.waitFor(() => expect(held).toHaveLength(2), { timeout: 20_000 });
    for (const release of held) release();
    expect(await Promise.all([before, after])).toEqual([[], []]);
  });

  it("is never done for writes", async () => {
    handler = answer({});
    const { riskScoring } = connect();
    await Promise.all([riskScoring.reset("u"), riskScoring.reset("u")]);
    expect(seen).toHaveLength(2);
  });
});

describe("the log", () => {
  it("has each call with its ray, status and time, by constant messages", async () => {
    handler = answer(true);
    const client = connect();
    await client.organizations.revokeUser({ email: "jdoe@example.com" });
    expect(client.lines).toEqual([
      {
        level: 30,
        time: expect.any(Number),
        msg: "cloudflare call",
        call: "revoke user",
        method: "POST",
        path: `/accounts/${client.accountId}/access/organizations/revoke_user`,
        status: 200,
        cfRay: "abc-FRA",
        ms: expect.any(Number),
      },
    ]);
  });

  it("has a failed call with what failed", async () => {
    handler = (response) =>
      response
        .writeHead(400, { "cf-ray": "abc-FRA" })
        .end(JSON.stringify(refuse({ code: 12130, message: "x" })));
    const client = connect();
    await catchError(client.accessUsers.get("u"));
    expect(client.lines).toMatchObject([
      {
        level: 40,
        msg: "cloudflare call failed",
        kind: "http",
        status: 400,
        cfRay: "abc-FRA",
        codes: [12130],
      },
    ]);
  });

  it("never has tokens, query values, bodies or addresses, not even one typed in place of an id", async () => {
    handler = (response) =>
      response
        .writeHead(404)
        .end(JSON.stringify(refuse({ code: 12135, message: `jdoe@example.com ${TOKEN}` })));
    const client = connect();
    const errors = await Promise.all([
      catchError(client.accessUsers.get("jdoe@example.com")),
      catchError(client.accessUsers.list({ email: "jdoe@example.com", search: "jdoe" })),
      catchError(client.accessUsers.create({ email: "jdoe@example.com", name: "Jdoe" })),
    ]);
    const said = JSON.stringify([
      client.lines,
      errors,
      errors.map(String),
      errors.map((error) => ({ error })),
    ]);
    expect(said).not.toMatch(/jdoe|test-token/i);
    expect(client.lines[0]).toMatchObject({ path: expect.stringMatching(/\/access\/users\/\[redacted\]$/) });
  });

  it("has nothing of the request inside an error, however deep one looks", async () => {
    handler = (response) => response.writeHead(500).end("x");
    const error = await catchError(connect({ retries: 0 }).accessUsers.get("u"));
    expect(error).not.toHaveProperty("cause");
    expect(error).not.toHaveProperty("config");
    expect(error).not.toHaveProperty("request");
  });
});
