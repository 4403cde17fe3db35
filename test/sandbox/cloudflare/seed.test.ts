import { expect, test } from "vitest";
import { ask, idOf, start } from "./support.ts";

interface Summary {
  email: string;
  sessions: number;
  failedLogins24h: number;
  registrations: number;
  risk: string | null;
}

/** email, live sessions, failed logins in 24 h, active registrations, risk. */
const stories: [string, number, number, number, string | null][] = [
  ["mallory@example.com", 3, 17, 2, "high"],
  ["alice@example.com", 1, 0, 1, null],
  ["bob@example.com", 2, 0, 1, null],
  ["carol@example.com", 1, 0, 0, null],
  ["quentin@example.com", 0, 0, 0, null],
  ["connie@contractor.example.org", 0, 1, 0, null],
  ["dana@example.com", 12, 0, 0, null],
  ["devon@example.com", 1, 0, 14, null],
  ["frank@example.com", 0, 140, 0, "medium"],
  ["erin@example.com", 1, 0, 0, null],
  ["rhea@example.com", 1, 0, 0, "low"],
  ["bobby.tables@example.com", 1, 1, 1, "low"],
  ["octavia@example.com", 1, 0, 0, null],
  ["svc-backup@example.com", 1, 1, 0, null],
  ["sam.lee@example.com", 1, 0, 0, null],
  ["Sam.Lee@example.com", 1, 0, 0, null],
  ["sam.lee+admin@example.com", 1, 0, 0, null],
  ["rita@example.com", 1, 0, 0, "medium"],
];

test("the workspace has two hundred users, and those with a story have the numbers that the story tells", async () => {
  const cloudflare = await start();
  const response = await fetch(`${cloudflare.url}/sandbox/world`);
  const world: { userCount: number; users: Summary[] } = JSON.parse(await response.text());
  expect(world.userCount).toBe(200);
  const found = world.users.map((user) => [
    user.email,
    user.sessions,
    user.failedLogins24h,
    user.registrations,
    user.risk,
  ]);
  expect(found).toEqual(stories);
});

test("two runs have the same people with the same ids, and times that follow the clock", async () => {
  const [first, second] = [await start({ now: () => 1e12 }), await start({ now: () => 2e12 })];
  const strip = (cloudflare: typeof first) =>
    cloudflare.state.users.map(({ id, email, name }) => ({ id, email, name }));
  expect(strip(second)).toEqual(strip(first));
  const [before, after] = [first, second].map((cloudflare) => cloudflare.state.users[0]?.lastLoginAt ?? 0);
  expect((after ?? 0) - (before ?? 0)).toBe(1e12);
});

test("emails differ in more than case, but for the two that are meant not to", async () => {
  const { state } = await start();
  const folded = state.users.map((user) => user.email.toLowerCase());
  expect(new Set(folded).size).toBe(folded.length - 1);
});

test("mallory's newest session is from another country and fails two posture rules", async () => {
  const cloudflare = await start();
  const reply = await ask(
    cloudflare,
    `/access/users/${idOf(cloudflare, "mallory@example.com")}/last_seen_identity`,
  );
  const { devicePosture } = JSON.parse(reply.text).result;
  const rules: { rule_name: string; success: boolean }[] = Object.values(devicePosture);
  expect(reply.body.result.geo).toEqual({ country: "BR" });
  expect(rules.filter((rule) => !rule.success).map((rule) => rule.rule_name)).toEqual([
    "Disk encryption on",
    "Antivirus running",
  ]);
  expect(rules).toHaveLength(5);
});

test("a user who never logged in has no identity, and what that answers can be chosen", async () => {
  const cloudflare = await start();
  const path = `/access/users/${idOf(cloudflare, "quentin@example.com")}/last_seen_identity`;
  expect((await ask(cloudflare, path)).body.errors[0]?.code).toBe(12135);
  cloudflare.settings.unknowns.identityNeverSeen = "empty";
  expect((await ask(cloudflare, path)).body).toMatchObject({ success: true, result: {} });
});

test("GitHub's identity id is a number", async () => {
  const cloudflare = await start();
  const reply = await ask(
    cloudflare,
    `/access/users/${idOf(cloudflare, "octavia@example.com")}/last_seen_identity`,
  );
  expect(reply.body.result).toMatchObject({ id: 583_231, idp: { type: "github" } });
});

test("an empty seed has nobody", async () => {
  const { state } = await start({ seed: "empty" });
  expect(state.users).toEqual([]);
});
