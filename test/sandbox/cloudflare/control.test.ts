import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { CloudflareEmulator } from "../../../sandbox/cloudflare/index.ts";
import { startCloudflare } from "../../../sandbox/cloudflare/index.ts";
import { ACCOUNT, revoke, start, TOKEN } from "./support.ts";

const MALLORY = "mallory@example.com";

async function post(cloudflare: CloudflareEmulator, path: string, body: unknown) {
  const response = await fetch(`${cloudflare.url}/sandbox${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

async function readWorld(cloudflare: CloudflareEmulator) {
  const response = await fetch(`${cloudflare.url}/sandbox/world`);
  const world = JSON.parse(await response.text());
  return { ...world, mallory: world.users.find((user: { email: string }) => user.email === MALLORY) };
}

test("the page can make things happen to a user", async () => {
  const cloudflare = await start();
  await post(cloudflare, "/login", { email: MALLORY, apps: ["Vault"], country: "VN" });
  await post(cloudflare, "/fail-login", { email: MALLORY });
  await post(cloudflare, "/register-device", { email: MALLORY, name: "burner" });
  await post(cloudflare, "/risk-event", { email: "bob@example.com", level: "medium" });
  const world = await readWorld(cloudflare);
  expect(world.mallory).toMatchObject({ sessions: 4, failedLogins24h: 18, registrations: 3 });
  expect(world.users.find((user: { email: string }) => user.email === "bob@example.com").risk).toBe("medium");
});

test("the page sees the active faults, and can switch faults on and off", async () => {
  const cloudflare = await start();
  await post(cloudflare, "/faults", { route: "*", fault: { kind: "latency", ms: 3000 } });
  await post(cloudflare, "/faults", { route: "revoke-user", fault: { kind: "drop", times: 2 } });
  const world = await readWorld(cloudflare);
  expect(world.faults).toEqual([
    { route: "*", fault: { kind: "latency", ms: 3000 } },
    { route: "revoke-user", fault: { kind: "drop", times: 2 } },
  ]);
  await post(cloudflare, "/faults", { clear: true, route: "*", kind: "latency" });
  expect(cloudflare.faults.list()).toHaveLength(1);
  await post(cloudflare, "/faults", { clear: true });
  expect(cloudflare.faults.list()).toEqual([]);
});

test("a login within the minute after a revocation is a conflict that says why", async () => {
  const cloudflare = await start();
  await revoke(cloudflare, MALLORY);
  expect((await readWorld(cloudflare)).mallory.canLogIn).toBe(false);
  const reply = await post(cloudflare, "/login", { email: MALLORY });
  expect([reply.status, reply.body.ok]).toEqual([409, false]);
  expect((await post(cloudflare, "/login", { email: MALLORY, force: true })).status).toBe(200);
});

test.each([
  ["/login", {}, 400],
  ["/login", { email: 7 }, 400],
  ["/fail-login", { email: "nobody@example.com" }, 404],
  ["/faults", { route: "nowhere", fault: { kind: "drop" } }, 400],
  ["/faults", { route: "*", fault: { kind: "explode" } }, 400],
])("POST %s %j is refused with %i", async (path, body, status) => {
  const reply = await post(await start(), path, body);
  expect([reply.status, reply.body.ok]).toEqual([status, false]);
});

test("a world kept in a file is there after a restart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cloudflare-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const dataFile = join(folder, "deep", "world.json");
  const options = { accountId: ACCOUNT, tokens: [{ token: TOKEN }], dataFile };
  const first = await startCloudflare(options);
  await revoke(first, MALLORY);
  await first.close();
  expect(existsSync(dataFile)).toBe(true);
  const second = await start({ dataFile });
  expect((await readWorld(second)).mallory.sessions).toBe(0);
  expect(second.state.audit.map((entry) => entry.description)).toEqual(["revoke-user"]);
});
