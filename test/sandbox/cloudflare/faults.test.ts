import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import type { CloudflareEmulator } from "../../../sandbox/cloudflare/index.ts";
import { ACCOUNT, ask, idOf, revoke, start, TOKEN } from "./support.ts";

const MALLORY = "mallory@example.com";

function countSessions(cloudflare: CloudflareEmulator): number {
  const id = idOf(cloudflare, MALLORY);
  return cloudflare.state.sessions.filter((session) => session.userId === id && session.revokedAt === null)
    .length;
}

function outcomeOf(call: Promise<unknown>): Promise<"answered" | "cut"> {
  return call.then(
    () => "answered",
    () => "cut",
  );
}

/** Another process revokes mallory and waits for the answer. */
function startClient(cloudflare: CloudflareEmulator) {
  const url = `${cloudflare.baseUrl}/accounts/${ACCOUNT}/access/organizations/revoke_user`;
  const init = {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ email: MALLORY }),
  };
  const script = `fetch(${JSON.stringify(url)}, ${JSON.stringify(init)})`;
  return spawn(process.execPath, ["-e", script], { stdio: "ignore" });
}

async function kill(child: ReturnType<typeof startClient>): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

test("a call whose client was killed before the gate opened is not applied", async () => {
  const cloudflare = await start();
  const hold = cloudflare.faults.hold("revoke-user");
  const child = startClient(cloudflare);
  await hold.arrived;
  expect(countSessions(cloudflare)).toBe(3);
  await kill(child);
  hold.release();
  expect((await revoke(cloudflare, "bob@example.com")).status).toBe(200);
  expect(countSessions(cloudflare)).toBe(3);
  expect(cloudflare.requests.map((request) => request.status)).toEqual([null, 200]);
});

test("a call whose client was killed is applied where the gate says so", async () => {
  const cloudflare = await start();
  const hold = cloudflare.faults.hold("revoke-user", { applyIfGone: true });
  const child = startClient(cloudflare);
  await hold.arrived;
  await kill(child);
  hold.release();
  await expect.poll(() => countSessions(cloudflare)).toBe(0);
});

test("a call whose answer is held back has had its effect when the client is killed", async () => {
  const cloudflare = await start();
  const hold = cloudflare.faults.holdAnswer("revoke-user");
  const child = startClient(cloudflare);
  await hold.arrived;
  expect(countSessions(cloudflare)).toBe(0);
  await kill(child);
  hold.release();
  expect((await revoke(cloudflare, MALLORY)).status).toBe(200);
});

test("a gate holds every call of its route and no other, until it is opened", async () => {
  const cloudflare = await start();
  const hold = cloudflare.faults.hold("users.list");
  const waiting = [ask(cloudflare, "/access/users"), ask(cloudflare, "/access/users")];
  await expect.poll(() => hold.waiting).toBe(2);
  expect((await ask(cloudflare, "/zt_risk_scoring/summary")).status).toBe(200);
  hold.release();
  expect((await Promise.all(waiting)).map((reply) => reply.status)).toEqual([200, 200]);
  expect((await ask(cloudflare, "/access/users")).status).toBe(200);
});

test("a request that was not received in full never happened", async () => {
  const cloudflare = await start();
  const { port } = new URL(cloudflare.url);
  const socket = connect(Number(port), "127.0.0.1");
  const path = `/client/v4/accounts/${ACCOUNT}/access/organizations/revoke_user`;
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n`;
  socket.resume();
  socket.end(`${head}Content-Type: application/json\r\nContent-Length: 40\r\n\r\n{"email":"mall`);
  await once(socket, "close");
  expect(cloudflare.requests).toEqual([]);
  expect(countSessions(cloudflare)).toBe(3);
});

test("a dropped connection comes before the effect, drop-after comes after it", async () => {
  const cloudflare = await start();
  cloudflare.faults.set("revoke-user", { kind: "drop", times: 1 });
  expect(await outcomeOf(revoke(cloudflare, MALLORY))).toBe("cut");
  expect(countSessions(cloudflare)).toBe(3);
  cloudflare.faults.set("revoke-user", { kind: "drop-after", times: 1 });
  expect(await outcomeOf(revoke(cloudflare, MALLORY))).toBe("cut");
  expect(countSessions(cloudflare)).toBe(0);
  expect(cloudflare.requests.map((request) => request.status)).toEqual([null, null]);
});

test.each([
  [false, 3],
  [true, 0],
])("a call that hangs (applied: %s) leaves %i sessions", async (applied, left) => {
  const cloudflare = await start();
  cloudflare.faults.set("revoke-user", { kind: "hang", applied });
  const controller = new AbortController();
  const request = fetch(`${cloudflare.baseUrl}/accounts/${ACCOUNT}/access/organizations/revoke_user`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ email: MALLORY }),
    signal: controller.signal,
  });
  const call = outcomeOf(request);
  await expect.poll(() => cloudflare.requests.length).toBe(1);
  await expect.poll(() => countSessions(cloudflare)).toBe(left);
  controller.abort();
  expect(await call).toBe("cut");
});

test("success:false is a 200 without an effect", async () => {
  const cloudflare = await start();
  cloudflare.faults.set("revoke-user", { kind: "success-false", code: 12109, message: "no" });
  const reply = await revoke(cloudflare, MALLORY);
  expect(reply.status).toBe(200);
  expect(reply.body).toMatchObject({
    success: false,
    errors: [{ code: 12109, message: "no" }],
    result: null,
  });
  expect(countSessions(cloudflare)).toBe(3);
});

test("a gateway error is HTML, or JSON, or whatever it is told to be", async () => {
  const cloudflare = await start();
  cloudflare.faults.set("*", { kind: "status", status: 502, html: true, times: 1 });
  const html = await ask(cloudflare, "/access/users");
  expect([html.status, html.headers.get("content-type")]).toEqual([502, "text/html; charset=utf-8"]);
  cloudflare.faults.set("*", { kind: "status", status: 503, times: 1 });
  expect((await ask(cloudflare, "/access/users")).body.success).toBe(false);
  cloudflare.faults.set("*", { kind: "status", status: 400, body: { errors: [{ message: "x" }] }, times: 1 });
  expect((await ask(cloudflare, "/access/users")).body).toEqual({ errors: [{ message: "x" }] });
  expect((await ask(cloudflare, "/access/users")).status).toBe(200);
});

test("a latency adds to another fault, and a route's own fault comes before the one for all", async () => {
  const cloudflare = await start();
  cloudflare.faults.set("*", { kind: "latency", ms: 60 });
  cloudflare.faults.set("*", { kind: "status", status: 500 });
  cloudflare.faults.set("users.list", { kind: "status", status: 504 });
  const from = performance.now();
  expect((await ask(cloudflare, "/access/users")).status).toBe(504);
  expect(performance.now() - from).toBeGreaterThan(50);
  cloudflare.faults.clear("users.list");
  expect((await ask(cloudflare, "/access/users")).status).toBe(500);
  cloudflare.faults.clear("*", "status");
  expect(cloudflare.faults.list()).toEqual([{ route: "*", fault: { kind: "latency", ms: 60 } }]);
});

test("an odd answer keeps ids and emails and makes the rest strange", async () => {
  const cloudflare = await start();
  cloudflare.faults.set("users.list", { kind: "odd" });
  const { result } = (await ask(cloudflare, `/access/users?email=${encodeURIComponent(MALLORY)}`)).body;
  expect(result).toEqual([
    expect.objectContaining({
      id: idOf(cloudflare, MALLORY),
      email: MALLORY,
      name: null,
      created_at: "",
      active_device_count: "2",
      x_emulator: { extra: true },
    }),
    null,
  ]);
});

test("close cuts what still hangs", async () => {
  const cloudflare = await start();
  cloudflare.faults.set("users.list", { kind: "hang" });
  const hanging = outcomeOf(ask(cloudflare, "/access/users"));
  await expect.poll(() => cloudflare.requests.length).toBe(1);
  await cloudflare.close();
  expect(await hanging).toBe("cut");
});
