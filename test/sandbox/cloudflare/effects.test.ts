import { expect, test } from "vitest";
import { LoginRefusedError } from "../../../sandbox/cloudflare/index.ts";
import { ask, idOf, revoke, start } from "./support.ts";

const MALLORY = "mallory@example.com";

async function countSessions(cloudflare: Awaited<ReturnType<typeof start>>, email: string): Promise<number> {
  const reply = await ask(cloudflare, `/access/users/${idOf(cloudflare, email)}/active_sessions`);
  return reply.body.result.length;
}

test("a revoked user cannot log in for a minute, and then can", async () => {
  let time = Date.now();
  const cloudflare = await start({ now: () => time });
  await revoke(cloudflare, MALLORY);
  expect(() => cloudflare.login(MALLORY)).toThrow(LoginRefusedError);
  time += 60_000;
  const session = cloudflare.login(MALLORY);
  expect(session.issuedAt).toBe(time);
  expect(await countSessions(cloudflare, MALLORY)).toBe(1);
});

test("a login can be forced within that minute", async () => {
  const cloudflare = await start();
  await revoke(cloudflare, MALLORY);
  cloudflare.login(MALLORY, { force: true, apps: ["Payroll"], country: "VN" });
  const identity = await ask(cloudflare, `/access/users/${idOf(cloudflare, MALLORY)}/last_seen_identity`);
  expect(identity.body.result.geo).toEqual({ country: "VN" });
  expect(await countSessions(cloudflare, MALLORY)).toBe(1);
});

test("a revocation without devices leaves the registrations, one with devices takes them", async () => {
  const cloudflare = await start();
  const list = `/devices/registrations?user.id=${idOf(cloudflare, MALLORY)}`;
  await revoke(cloudflare, MALLORY);
  expect((await ask(cloudflare, list)).body.result).toHaveLength(2);
  await revoke(cloudflare, MALLORY, "?devices=true");
  expect((await ask(cloudflare, list)).body.result).toHaveLength(0);
  expect((await ask(cloudflare, `${list}&status=all`)).body.result).toHaveLength(3);
});

test("the session list goes on showing revoked sessions for as long as its lag", async () => {
  let time = Date.now();
  const cloudflare = await start({ sessionListLagMs: 45_000, now: () => time });
  await revoke(cloudflare, MALLORY);
  time += 44_999;
  expect(await countSessions(cloudflare, MALLORY)).toBe(3);
  time += 1;
  expect(await countSessions(cloudflare, MALLORY)).toBe(0);
});

test("a session ends by itself when its time is over", async () => {
  let time = Date.now();
  const cloudflare = await start({ now: () => time });
  expect(await countSessions(cloudflare, "erin@example.com")).toBe(1);
  time += 10 * 60_000;
  expect(await countSessions(cloudflare, "erin@example.com")).toBe(0);
});

test("of two accounts that differ by case only, the one that is named is revoked", async () => {
  const cloudflare = await start();
  await revoke(cloudflare, "sam.lee@example.com");
  expect(await countSessions(cloudflare, "sam.lee@example.com")).toBe(0);
  expect(await countSessions(cloudflare, "Sam.Lee@example.com")).toBe(1);
  expect(await countSessions(cloudflare, "sam.lee+admin@example.com")).toBe(1);
});

test("a user_uid that is not the user's revokes nobody", async () => {
  const cloudflare = await start();
  const reply = await ask(cloudflare, "/access/organizations/revoke_user", {
    method: "POST",
    body: { email: MALLORY, user_uid: idOf(cloudflare, "bob@example.com") },
  });
  expect(reply.status).toBe(404);
  expect(await countSessions(cloudflare, MALLORY)).toBe(3);
});

test("a zone revokes as its account does", async () => {
  const cloudflare = await start();
  const path = "//zones/699d98642c564d2e855e9661899b7252/access/organizations/revoke_user";
  const reply = await ask(cloudflare, path, { method: "POST", body: { email: MALLORY } });
  expect(reply.body).toEqual({ success: true, result: true });
  expect(await countSessions(cloudflare, MALLORY)).toBe(0);
});

test("deleting a user takes sessions and registrations along, and a new login makes another user", async () => {
  const cloudflare = await start();
  const id = idOf(cloudflare, MALLORY);
  const reply = await ask(cloudflare, `/access/users/${id}`, { method: "DELETE" });
  expect(reply.status).toBe(202);
  expect((await ask(cloudflare, `/devices/registrations?user.id=${id}&status=all`)).body.result).toEqual([]);
  cloudflare.login(MALLORY);
  expect(idOf(cloudflare, MALLORY)).not.toBe(id);
});

test("the risk of a user with another id there is found through the summary only", async () => {
  const cloudflare = await start();
  const id = idOf(cloudflare, "rita@example.com");
  expect((await ask(cloudflare, `/zt_risk_scoring/${id}`)).status).toBe(404);
  const { text } = await ask(cloudflare, "/zt_risk_scoring/summary");
  const { users }: { users: { email: string; user_id: string }[] } = JSON.parse(text).result;
  const rita = users.find((user) => user.email === "rita@example.com");
  expect((await ask(cloudflare, `/zt_risk_scoring/${rita?.user_id}`)).body.result).toMatchObject({
    email: "rita@example.com",
    risk_level: "medium",
  });
});

test("a page of registrations has a cursor while more follow, and an empty one at the end", async () => {
  const cloudflare = await start();
  const list = `/devices/registrations?user.id=${idOf(cloudflare, "devon@example.com")}`;
  const readPage = async (cursor: string) =>
    JSON.parse((await ask(cloudflare, `${list}&cursor=${cursor}`)).text);
  const first = await readPage("");
  expect(first.result_info).toMatchObject({ count: 10, per_page: 10, total_count: null });
  const second = await readPage(first.result_info.cursor);
  expect(second.result_info).toMatchObject({ count: 4, cursor: "" });
  expect((await ask(cloudflare, `${list}&per_page=14`)).text).toContain('"cursor":""');
});

test("the deprecated devices/revoke works, and is refused in multi-user mode", async () => {
  const cloudflare = await start();
  const [device] = cloudflare.state.registrations;
  const attempt = () => ask(cloudflare, "/devices/revoke", { method: "POST", body: [device?.id] });
  expect((await attempt()).status).toBe(200);
  expect(device?.revokedAt).toBeTypeOf("number");
  cloudflare.settings.multiUserMode = true;
  expect((await attempt()).status).toBe(400);
});

test("the email filter is a substring by default, and exact where so configured", async () => {
  const cloudflare = await start();
  const find = async (): Promise<unknown[]> => {
    const reply = await ask(cloudflare, "/access/users?email=SAM.LEE%40example.com");
    return reply.body.result.map((user) => user.email);
  };
  expect(await find()).toEqual(["sam.lee@example.com", "Sam.Lee@example.com"]);
  cloudflare.settings.unknowns.emailFilterFoldsCase = false;
  expect(await find()).toEqual([]);
});

test("the audit log has each write once and is filtered by method, token and cf-ray", async () => {
  const cloudflare = await start({ now: () => Date.UTC(2026, 4, 5, 12) });
  const reply = await revoke(cloudflare, MALLORY);
  await ask(cloudflare, "/access/users/nobody", { method: "DELETE" });
  await ask(cloudflare, "/access/users");
  const count = async (query: string): Promise<number> =>
    (await ask(cloudflare, `/logs/audit?since=2026-05-05&before=2026-05-05&${query}`)).body.result.length;
  expect(await count("")).toBe(2);
  expect(await count("raw_method=DELETE")).toBe(1);
  expect(await count("action_result.not=failure")).toBe(1);
  expect(await count(`raw_cf_ray_id=${reply.headers.get("cf-ray")}`)).toBe(1);
  expect(await count("actor_token_id=other")).toBe(0);
});

test("access requests are filtered by email as a substring, unless asked for exactly", async () => {
  const cloudflare = await start();
  const count = async (query: string): Promise<number> => {
    const reply = await ask(cloudflare, `/access/logs/access_requests?limit=1000&${query}`);
    return reply.body.result.length;
  };
  expect(await count("email=llory%40example.com")).toBe(28);
  expect(await count("email=llory%40example.com&email_exact=true")).toBe(0);
  expect(await count("email=mallory%40example.com&emailOp=eq")).toBe(28);
  expect(await count("user_id=nobody")).toBeGreaterThan(28);
});

test("every request is kept with its query, body, status and cf-ray", async () => {
  const cloudflare = await start();
  const reply = await ask(cloudflare, "/devices/registrations?user.id=a&user.id=b&search=x%2By");
  expect(cloudflare.requests.at(-1)).toMatchObject({
    route: "registrations.list",
    method: "GET",
    query: { "user.id": ["a", "b"], search: "x+y" },
    status: 200,
    cfRay: reply.headers.get("cf-ray"),
  });
});

test("listeners hear of requests, logins and faults until they stop listening", async () => {
  const cloudflare = await start();
  let heard = 0;
  const stop = cloudflare.on("change", () => (heard += 1));
  await ask(cloudflare, "/access/users?per_page=1");
  const afterRequest = heard;
  expect(afterRequest).toBeGreaterThan(0);
  cloudflare.login(MALLORY);
  cloudflare.faults.clear();
  expect(heard).toBe(afterRequest + 2);
  stop();
  cloudflare.login(MALLORY);
  expect(heard).toBe(afterRequest + 2);
});
