import { Cloudflare, NotFoundError, PermissionDeniedError, RateLimitError } from "cloudflare";
import { expect, test } from "vitest";
import type { CloudflareEmulator } from "../../../sandbox/cloudflare/index.ts";
import { ACCOUNT, collect, idOf, start, TOKEN } from "./support.ts";

const account_id = ACCOUNT;
const nobody = "00000000-0000-4000-8000-000000000000";

function connect(cloudflare: CloudflareEmulator, token = TOKEN) {
  return new Cloudflare({ apiToken: token, baseURL: cloudflare.baseUrl, maxRetries: 0 });
}

test("the official client walks all pages of the user list and meets each user once", async () => {
  const client = connect(await start());
  const ids = new Set<unknown>();
  let rows = 0;
  for await (const user of client.zeroTrust.access.users.list({ account_id, per_page: 25 })) {
    ids.add(user.id);
    rows += 1;
  }
  expect(rows).toBe(200);
  expect(ids.size).toBe(200);
});

test("the official client finds a user by an email with a plus sign", async () => {
  const client = connect(await start());
  const page = await client.zeroTrust.access.users.list({ account_id, email: "sam.lee+admin@example.com" });
  expect(page.result.map((user) => user.email)).toEqual(["sam.lee+admin@example.com"]);
});

test("the official client creates, renames, reads and deletes a user", async () => {
  const { users } = connect(await start()).zeroTrust.access;
  const made = await users.create({ account_id, email: "new@example.com", name: "New" });
  const id = made.id ?? "";
  await users.update(id, { account_id, email: "new@example.com", name: "Newer" });
  expect((await users.get(id, { account_id })).name).toBe("Newer");
  await users.delete(id, { account_id });
  await expect(users.get(id, { account_id })).rejects.toBeInstanceOf(NotFoundError);
});

test("the official client reads sessions, identity and failed logins, and its revocation ends the sessions", async () => {
  const cloudflare = await start();
  const client = connect(cloudflare);
  const { users } = client.zeroTrust.access;
  const id = idOf(cloudflare, "mallory@example.com");
  const sessions = await collect(users.activeSessions.list(id, { account_id }));
  expect(sessions.map((session) => Object.keys(session.metadata?.apps ?? {}).length)).toEqual([2, 1, 2]);
  const nonce = sessions[0]?.metadata?.nonce ?? "";
  expect((await users.activeSessions.get(nonce, { account_id, user_id: id })).isActive).toBe(true);
  expect((await users.lastSeenIdentity.get(id, { account_id })).geo?.country).toBe("BR");
  expect(await collect(users.failedLogins.list(id, { account_id }))).toHaveLength(23);

  await client.zeroTrust.organizations.revokeUsers({
    account_id,
    email: "mallory@example.com",
    query_devices: true,
  });

  expect(await collect(users.activeSessions.list(id, { account_id }))).toEqual([]);
  expect((await users.activeSessions.get(nonce, { account_id, user_id: id })).isActive).toBe(false);
  const devices = client.zeroTrust.devices.registrations.list({ account_id, user: { id: [id] } });
  expect(await collect(devices)).toEqual([]);
});

test("the official client follows the cursor of the registrations to its end", async () => {
  const cloudflare = await start();
  const id = idOf(cloudflare, "devon@example.com");
  const { registrations } = connect(cloudflare).zeroTrust.devices;
  const found = await collect(registrations.list({ account_id, user: { id: [id] }, per_page: 5 }));
  expect(new Set(found.map((registration) => registration.id)).size).toBe(14);
});

test("the official client revokes, restores and deletes registrations", async () => {
  const cloudflare = await start();
  const userId = idOf(cloudflare, "alice@example.com");
  const { registrations } = connect(cloudflare).zeroTrust.devices;
  const list = async (status: "active" | "revoked" | "all") =>
    (await collect(registrations.list({ account_id, user: { id: [userId] }, status }))).map(({ id }) => id);
  const [id = ""] = await list("active");
  await registrations.revoke({ account_id, id: [id] });
  expect([await list("active"), await list("revoked")]).toEqual([[], [id]]);
  await registrations.unrevoke({ account_id, id: [id] });
  expect([await list("active"), await list("revoked")]).toEqual([[id], []]);
  await registrations.bulkDelete({ account_id, id: [id] });
  expect(await list("all")).toEqual([]);
});

test("the official client reads a risk score, resets it and reads the reset", async () => {
  const cloudflare = await start();
  const { riskScoring } = connect(cloudflare).zeroTrust;
  const id = idOf(cloudflare, "mallory@example.com");
  expect((await riskScoring.get(id, { account_id })).risk_level).toBe("high");
  await riskScoring.reset(id, { account_id });
  const after = await riskScoring.get(id, { account_id });
  expect(after.events).toEqual([]);
  expect(after.last_reset_time).toBeTruthy();
  const summary = await riskScoring.summary.get({ account_id });
  expect(summary.users.map((user) => user.email)).not.toContain("mallory@example.com");
});

test("the official client lists the account that a token is for", async () => {
  const { result } = await connect(await start()).accounts.list();
  expect(result.map(({ id, name }) => ({ id, name }))).toEqual([{ id: ACCOUNT, name: "Example Corp" }]);
});

test("the official client verifies an account token, and a user token only as the user", async () => {
  const cloudflare = await start({
    tokens: [{ token: "ours" }, { token: "personal", kind: "user" }],
  });
  expect((await connect(cloudflare, "ours").accounts.tokens.verify({ account_id })).status).toBe("active");
  expect((await connect(cloudflare, "personal").user.tokens.verify()).status).toBe("active");
  await expect(connect(cloudflare, "ours").user.tokens.verify()).rejects.toMatchObject({ status: 401 });
  await expect(connect(cloudflare, "personal").accounts.tokens.verify({ account_id })).rejects.toMatchObject({
    status: 401,
  });
});

test("the official client throws its own error types, with Cloudflare's codes", async () => {
  const cloudflare = await start({
    tokens: [{ token: TOKEN }, { token: "narrow", permissions: ["Zero Trust: PII Read"] }],
  });
  const missing = connect(cloudflare).zeroTrust.access.users.get(nobody, { account_id });
  await expect(missing).rejects.toSatisfy(
    (error) => error instanceof NotFoundError && error.errors[0]?.code === 12135,
  );
  const refused = connect(cloudflare, "narrow").zeroTrust.access.users.list({ account_id });
  await expect(refused).rejects.toSatisfy(
    (error) => error instanceof PermissionDeniedError && error.errors[0]?.code === 10000,
  );
  cloudflare.faults.set("users.list", { kind: "rate-limit", retryAfter: 7 });
  const limited = connect(cloudflare).zeroTrust.access.users.list({ account_id });
  await expect(limited).rejects.toSatisfy(
    (error) => error instanceof RateLimitError && error.headers.get("retry-after") === "7",
  );
});

test("the official client finds its own writes in the audit log by the cf-ray that it was given", async () => {
  const cloudflare = await start({ now: () => Date.UTC(2026, 4, 5, 12) });
  const client = connect(cloudflare);
  const { response } = await client.zeroTrust.organizations
    .revokeUsers({ account_id, email: "mallory@example.com" })
    .withResponse();
  const ray = response.headers.get("cf-ray")?.split("-")[0] ?? "";
  const today = "2026-05-05";
  const page = await client.accounts.logs.audit.list({ account_id, since: today, before: today });
  const written = page.result.map(({ raw }) => ({ ray: raw?.cf_ray_id, uri: raw?.uri }));
  expect(written).toEqual([{ ray, uri: `/accounts/${ACCOUNT}/access/organizations/revoke_user` }]);
});
