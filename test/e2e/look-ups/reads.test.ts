import { describe, expect, it } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { findLiveSessions, findUser, type Fault } from "../../../sandbox/cloudflare/index.ts";
import { PICK_SESSION } from "../../../src/views/look-ups/sessions.ts";
import { answerTo, askedOf, callsTo, newEphemeral, PEOPLE, type } from "../../support/harness.ts";
import { addOthers, clickOn, OTHERS, privateAnswer, readAudit, type Scene, startScene } from "../support.ts";

const HOUR = 3_600_000;

/** Presses something in an answer that only alice sees. */
function pressIn({ slack }: Scene, message: StoredMessage, actionId: string, value?: unknown) {
  return slack.click({
    user: PEOPLE.alice,
    ...clickOn(message, actionId),
    ...(value === undefined ? {} : { value }),
  });
}

/** Presses something that answers with a new message. */
async function openFrom(scene: Scene, message: StoredMessage, actionId: string, value?: unknown) {
  const { slack } = scene;
  const before = slack.ephemerals(PEOPLE.alice).length;
  expect((await pressIn(scene, message, actionId, value)).ok).toBe(true);
  const opened = await newEphemeral(slack, PEOPLE.alice, before);
  return { message: opened, words: slack.visibleText(opened) };
}

/** Turns the page of a message, and waits for the message itself to change. */
async function turn(scene: Scene, message: StoredMessage, actionId: string): Promise<string> {
  const { slack } = scene;
  const { length } = slack.ephemerals(PEOPLE.alice);
  const words = slack.visibleText(message);
  expect((await pressIn(scene, message, actionId)).ok).toBe(true);
  const now = await slack.waitFor(() => {
    const current = slack.ephemerals(PEOPLE.alice).find(({ ts }) => ts === message.ts);
    return current !== undefined && slack.visibleText(current) !== words
      ? slack.visibleText(current)
      : undefined;
  });
  expect(slack.ephemerals(PEOPLE.alice)).toHaveLength(length);
  return now;
}

function userOf({ cloudflare }: Scene, email: string) {
  const user = findUser(cloudflare.state, email);
  if (user === null) throw new Error(`nobody is ${email}`);
  return user;
}

describe("looking things up", () => {
  it("users: pages straight from Cloudflare, edits the message, and opens a summary", async () => {
    const scene = await startScene();
    const { message, words } = await answerTo(scene.slack, PEOPLE.alice, "users");
    expect(words).toContain("1–10 of 200");
    expect(await turn(scene, message, "screen:users:next")).toContain("11–20 of 200");
    expect(await turn(scene, message, "screen:users:previous")).toContain("1–10 of 200");
    expect(callsTo(scene.cloudflare, "GET", "/access/users").map(({ query }) => query)).toEqual([
      { page: "1", per_page: "10" },
      { page: "2", per_page: "10" },
      { page: "1", per_page: "10" },
    ]);

    const found = await answerTo(scene.slack, PEOPLE.alice, 'users "mallory arch"');
    expect(found.words).toContain("Mallory Archer");
    expect(callsTo(scene.cloudflare, "GET", "/access/users").at(-1)?.query).toMatchObject({
      search: "mallory arch",
    });
    const opened = await openFrom(scene, found.message, "screen:user:open-0");
    expect(opened.words).toContain("High risk");
    expect(opened.words).toContain("3 active sessions on 5 apps");
  });

  it("sessions: from the list, by menu and by nonce, one in full", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const user = userOf(scene, "mallory@example.com");
    const newest = findLiveSessions(cloudflare.state, user.id, cloudflare.now()).toSorted(
      (a, b) => b.issuedAt - a.issuedAt,
    )[0];
    const { message, words } = await answerTo(slack, PEOPLE.alice, "sessions mallory@example.com");
    expect(words).toContain("mallory@example.com: 3 active sessions on 5 apps");
    expect(words).toMatch(/\n\d+ h\n/);

    const value = new URLSearchParams({ user: user.id, nonce: newest?.nonce ?? "" }).toString();
    const picked = await openFrom(scene, message, PICK_SESSION, value);
    for (const said of [
      "🟢 still active",
      "on Payroll, Admin panel",
      "🇧🇷 BR · 203.0.113.199",
      "2 of 5 posture checks failed",
      "❌ Disk encryption: off (not met)",
      "mTLS  no certificate presented",
      "WARP off, Gateway off",
    ])
      expect(picked.words).toContain(said);

    const typed = await answerTo(slack, PEOPLE.alice, `sessions mallory@example.com ${newest?.nonce}`);
    expect(typed.words).toContain("🟢 still active");
    await openFrom(scene, typed.message, "screen:sessions:open");
    if (newest !== undefined) newest.revokedAt = cloudflare.now();
    expect((await openFrom(scene, message, PICK_SESSION, value)).words).toContain("⚪ no longer active");
  });

  it("identity: in groups, then how the open sessions differ", async () => {
    const scene = await startScene();
    const { words } = await answerTo(scene.slack, PEOPLE.alice, "identity mallory@example.com");
    const order = [
      "⚠️ differs from the open sessions in country, IP, device and posture",
      "User\n",
      "IdP and groups\n",
      "Location and network\n",
      "Device and posture\n",
      "mTLS ",
      "Service token ",
      "WARP and Gateway ",
      "How the open sessions differ",
      "⚠️ country: BR → GB in 2 sessions, since",
      "⚠️ IP: 203.0.113.199 → 192.0.2.44 in 2 sessions",
      "⚠️ posture, Disk encryption on: failed → passed",
      "3 open sessions compared",
    ].map((part) => words.indexOf(part));
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it("failed-sign-ins: by hour, by application, and every one with its ray", async () => {
    const scene = await startScene();
    const { message, words } = await answerTo(
      scene.slack,
      PEOPLE.alice,
      "failed-sign-ins mallory@example.com",
    );
    expect(words).toContain("17 failed sign-ins in the last 24 h, 23 on record · 1–20 of 23");
    expect(words).toMatch(/\n[▁▂▃▄▅▆▇█]{24}\n-24h {8}-12h {5}now\n/);
    expect(words).toMatch(/Most in one hour: \d+, from \d{4}/);
    expect(words).toContain("• 6 × Payroll");
    expect(words).toContain(scene.cloudflare.state.failedLogins[0]?.rayId);
    expect(await turn(scene, message, "screen:failed-sign-ins:next")).toContain("21–23 of 23");
  });

  it("devices: active, revoked and shared ones", async () => {
    const scene = await startScene();
    scene.cloudflare.registerDevice("mallory@example.com", {
      name: "Kiosk",
      deviceId: "d0000000-0000-4000-8000-000000000001",
    });
    const { words } = await answerTo(scene.slack, PEOPLE.alice, "devices mallory@example.com");
    expect(words).toContain("3 active devices, 1 revoked");
    expect(words).toContain("👥 Kiosk");
    expect(words).toMatch(/Mallory's old iPhone · 🚫 revoked/);

    const many = await answerTo(scene.slack, PEOPLE.alice, "devices devon@example.com");
    expect(many.words).toContain("14 active devices, 3 revoked · 1–15 of 17");
    expect(await turn(scene, many.message, "screen:devices:next")).toContain("16–17 of 17");
  });

  it("risk: from the riskiest users to the events of one, also under another id", async () => {
    const scene = await startScene();
    const all = await answerTo(scene.slack, PEOPLE.alice, "risk");
    expect(all.words).toContain("11 users with risk events, 1 at high risk · 1–10 of 11");
    expect(all.words.indexOf("mallory@")).toBeLessThan(all.words.indexOf("rita@"));
    const rita = await openFrom(scene, all.message, "screen:risk:open-1");
    expect(rita.words).toContain("rita@example.com: 🟠 medium risk · never reset · 2 events");
    expect(rita.words).toContain("Risk scoring has another id for this user: 0f6c2f64");
    const summary = await openFrom(scene, rita.message, "screen:user:open");
    expect(summary.words).toContain("Rita Risk");
    expect(await turn(scene, all.message, "screen:risk:next")).toContain("· 11 of 11 (");

    const rhea = await answerTo(scene.slack, PEOPLE.alice, "risk rhea@example.com");
    expect(rhea.words).toMatch(/🟢 low risk · last reset \d{4}.* · 1 event since then/);
  });

  it("every part of a summary opens in full from its button", async () => {
    const scene = await startScene();
    const { message } = await answerTo(scene.slack, PEOPLE.alice, "user mallory@example.com");
    for (const [screen, said] of [
      ["sessions", "3 active sessions on 5 apps"],
      ["devices", "2 active devices, 1 revoked"],
      ["failed-sign-ins", "17 failed sign-ins in the last 24 h"],
      ["identity", "How the open sessions differ"],
      ["risk", "🔴 high risk · never reset · 4 events"],
    ] as const)
      expect((await openFrom(scene, message, `screen:${screen}:open`)).words).toContain(said);
  });
});

describe("who may look", () => {
  const READS = [
    "users",
    "sessions x@example.com",
    "identity x@example.com",
    "failed-sign-ins x@example.com",
    "devices x@example.com",
    "risk",
  ];

  it("a viewer may look everything up", async () => {
    const { slack } = await startScene({
      policy: `channels: { approvals: C0APPROV1 }\noperators: [${PEOPLE.bob}]\nviewers: [${PEOPLE.alice}]\napprovers: [${PEOPLE.carol}]\n`,
    });
    for (const text of READS) {
      const { words } = await answerTo(slack, PEOPLE.alice, text.replace("x@", "mallory@"));
      expect(words).not.toContain("You can't use /zt");
      expect(words).toContain("mallory@example.com");
    }
  });

  it("nobody else may, by command or by button, and it is recorded", async () => {
    const scene = await startScene();
    addOthers(scene.slack);
    for (const text of READS) {
      const name = text.split(" ")[0];
      expect((await answerTo(scene.slack, OTHERS.nobody, text)).words).toContain(
        `You can't use /zt ${name}.`,
      );
    }
    const refused = readAudit(scene).filter(({ event }) => event === "command.refused");
    expect(refused.map(({ data }) => data["command"])).toEqual(READS.map((text) => text.split(" ")[0]));
  });
});

describe("an account of any size", () => {
  it("shows 500 sessions, 300 registrations, 1,000 failed sign-ins and endless names within Slack's limits", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const name = `${"مريم 👩🏽‍🚒 <!channel> ".repeat(20)}${"x".repeat(300)}`.slice(0, 300);
    const email = "quentin@example.com";
    userOf(scene, email).name = name;
    for (let index = 0; index < 500; index += 1)
      cloudflare.login(email, { apps: [`${name}${index % 9}`, name], at: Date.now() - index * 1000 });
    for (let index = 0; index < 300; index += 1)
      cloudflare.registerDevice(email, { name: `${index} ${name}` });
    for (let index = 0; index < 1000; index += 1)
      cloudflare.failLogin(email, { app: `${name}${index % 9}`, at: Date.now() - index * 60_000 });
    for (let index = 0; index < 100; index += 1) cloudflare.addRiskEvent(email, { name, details: { name } });

    for (const [text, said, page] of [
      [`sessions ${email}`, "500 active sessions on 10 apps · 1–20 of 500", "21–40 of 500"],
      [`failed-sign-ins ${email}`, "1,000 on record · 1–20 of 1,000", "21–40 of 1,000"],
      [`devices ${email}`, "300 active devices · 1–15 of 300", "16–30 of 300"],
      [`risk ${email}`, "100 events · 1–15 of 100", "16–30 of 100"],
    ] as const) {
      const { message, words } = await answerTo(slack, PEOPLE.alice, text);
      expect(words).toContain(said);
      expect(await turn(scene, message, `screen:${text.split(" ")[0]}:next`)).toContain(page);
    }
    const identity = await answerTo(slack, PEOPLE.alice, `identity ${email}`);
    expect(identity.words).toContain("8 of 500 open sessions compared, the newest");
    expect(callsTo(cloudflare, "GET", "/active_sessions/")).toHaveLength(8);
    for (const text of [`user ${email}`, "users quentin", "risk"])
      expect((await answerTo(slack, PEOPLE.alice, text)).words).toContain("مريم");
  });

  it("finds one of 100,000 users in one call", async () => {
    const scene = await startScene();
    const [first] = scene.cloudflare.state.users;
    if (first === undefined) throw new Error("no users");
    for (let index = 0; index < 100_000; index += 1)
      scene.cloudflare.state.users.push({
        ...first,
        id: `crowd-${index}`,
        email: `crowd-${index}@example.com`,
        story: null,
      });
    const { words } = await answerTo(scene.slack, PEOPLE.alice, "users crowd-99999@");
    expect(words).toContain("crowd-99999@example.com");
    expect(words).toContain("· 1 of 1 (");
    expect(askedOf(scene.cloudflare)).toHaveLength(1);
  });

  it("leads on from a search whose total counts everybody, as Cloudflare documents it", async () => {
    const scene = await startScene();
    scene.cloudflare.settings.unknowns.totalCountIgnoresFilters = true;
    for (let index = 0; index < 10; index += 1) scene.cloudflare.login(`crowd-${index}@example.com`);
    const { message, words } = await answerTo(scene.slack, PEOPLE.alice, "users crowd-");
    expect(words).toContain("1–10 of at most 210");
    expect(await turn(scene, message, "screen:users:next")).toContain('No more users matching "crowd-"');
    expect(await turn(scene, message, "screen:users:previous")).toContain("1–10 of at most 210");
    expect((await answerTo(scene.slack, PEOPLE.alice, "users mallory")).words).not.toContain("Next");
  });
});

describe("nothing to show", () => {
  it.each([
    ["users nobody-at-all", 'No Access user matching "nobody-at-all"', "or /zt users for all"],
    ["sessions quentin@example.com", "has no active session", "→ /zt identity quentin@example.com"],
    [
      "sessions quentin@example.com X1aXj1lFVcqqyoXF",
      "has no such session",
      "→ /zt sessions quentin@example.com",
    ],
    ["identity quentin@example.com", "has no sign-in on record", "→ /zt failed-sign-ins quentin@example.com"],
    [
      "failed-sign-ins quentin@example.com",
      "has no failed sign-in on record",
      "→ /zt sign-ins quentin@example.com",
    ],
    ["devices quentin@example.com", "has no registered device", "→ They can still sign in with a browser"],
    ["risk quentin@example.com", "0 events", "→ /zt user quentin@example.com"],
  ])("%s says so, and what to do next", async (text, said, next) => {
    const { words } = await answerTo((await startScene()).slack, PEOPLE.alice, text);
    expect(words).toContain(said);
    expect(words).toContain(next);
  });

  it.each(["not-found", "null", "empty"] as const)(
    "identity of somebody never seen is none, where Cloudflare answers %s",
    async (identityNeverSeen) => {
      const { slack, cloudflare } = await startScene();
      cloudflare.settings.unknowns.identityNeverSeen = identityNeverSeen;
      const { words } = await answerTo(slack, PEOPLE.alice, "identity quentin@example.com");
      expect(words).toContain("has no sign-in on record");
    },
  );

  it.each(["not-found", "empty"] as const)(
    "the risk of somebody with another id there is found, where an unknown id is answered %s",
    async (riskUnknownUser) => {
      const { slack, cloudflare } = await startScene();
      cloudflare.settings.unknowns.riskUnknownUser = riskUnknownUser;
      const { words } = await answerTo(slack, PEOPLE.alice, "risk rita@example.com");
      expect(words).toContain("🟠 medium risk");
    },
  );

  it("risk of an account without any says so", async () => {
    const { slack, cloudflare } = await startScene();
    cloudflare.state.risk = [];
    expect((await answerTo(slack, PEOPLE.alice, "risk")).words).toContain("No one has a risk score");
  });
});

describe("Cloudflare in trouble", { tags: ["slow"] }, () => {
  /** Each read with the route it cannot do without. */
  const READS = [
    ["users", "users.list", "Access: Audit Logs Read"],
    ["sessions mallory@example.com", "sessions.list", "Access: Audit Logs Read"],
    ["sessions mallory@example.com some-nonce", "sessions.get", "Access: Audit Logs Read"],
    ["identity mallory@example.com", "identity", "Access: Audit Logs Read"],
    ["failed-sign-ins mallory@example.com", "failed-logins", "Access: Audit Logs Read"],
    ["devices mallory@example.com", "registrations.list", "Zero Trust Read"],
    ["risk", "risk.summary", "Zero Trust: PII Read"],
    ["risk mallory@example.com", "risk.get", "Zero Trust: PII Read"],
  ] as const;

  /** What all of them say while their routes have this fault, typed at once: the waits between tries overlap. */
  async function sayAll({ slack, cloudflare }: Scene, fault: Fault): Promise<string[]> {
    const [[users, usersRoute], ...others] = READS;
    for (const [, route] of others) cloudflare.faults.set(route, fault);
    const before = slack.ephemerals(PEOPLE.alice).length;
    await Promise.all(others.map(([text]) => type(slack, PEOPLE.alice, text)));
    const answers = await slack.waitFor(() => {
      const all = slack.ephemerals(PEOPLE.alice).slice(before);
      return all.length === others.length ? all : undefined;
    }, 60_000);
    // Most look the user up first, so that only `users` may meet with a list that fails.
    cloudflare.faults.set(usersRoute, fault);
    const { words } = await answerTo(slack, PEOPLE.alice, users);
    return [words, ...answers.map((message) => slack.visibleText(message))];
  }

  it.each([
    [
      "the rate limit is reached",
      { kind: "rate-limit", retryAfter: 60 },
      /rate limit.*\n→ Try again in a few minutes/,
    ],
    [
      "Cloudflare's gateway fails",
      { kind: "status", status: 502, html: true },
      /returned an error \(502\)[^]*→ Try again\. If it lasts/,
    ],
    ["there is no connection", { kind: "drop" }, /can't be reached[^]*→ Try again\. If it lasts/],
    ["Cloudflare refuses", { kind: "success-false", message: "busy" }, /Cloudflare refused[^]*busy[^]*→/],
    ["the answer is none", { kind: "status", status: 200, html: true }, /answer can't be read[^]*→/],
  ] as const)("every read says that %s, and what to do", async (_what, fault, expected) => {
    for (const words of await sayAll(await startScene(), fault)) expect(words).toMatch(expected);
  });

  it("every read names the permission that the token lacks", async () => {
    const errors = [{ code: 10000, message: "Authentication error" }];
    const body = { success: false, errors, messages: [], result: null };
    const answers = await sayAll(await startScene(), { kind: "status", status: 403, body });
    const named = answers.map((words) => /lacks “([^”]+)”/.exec(words)?.[1] ?? words);
    expect(named.toSorted()).toEqual(READS.map(([, , permission]) => permission).toSorted());
  });

  it.each(READS)("%s: reads an answer full of oddities", async (text, route) => {
    const { slack, cloudflare } = await startScene();
    cloudflare.faults.set(route, { kind: "odd" });
    expect((await answerTo(slack, PEOPLE.alice, text)).words).not.toContain("went wrong on our side");
  });

  it.each(["risk", "risk mallory@example.com"])(
    "%s: says that the plan has no risk scoring",
    async (text) => {
      const { slack, cloudflare } = await startScene();
      cloudflare.settings.riskEnabled = false;
      const { words } = await answerTo(slack, PEOPLE.alice, text);
      expect(words).toContain("not enabled on this Cloudflare account");
      expect(words).toContain("→ Risk scoring needs a Zero Trust Enterprise plan.");
    },
  );

  it("an account without Zero Trust is told to set it up, not to buy risk scoring", async () => {
    const { slack, cloudflare } = await startScene();
    cloudflare.faults.set("users.list", {
      kind: "status",
      status: 403,
      body: {
        success: false,
        errors: [{ code: 9999, message: "access.api.error.not_enabled" }],
        messages: [],
        result: null,
      },
    });
    const { words } = await answerTo(slack, PEOPLE.alice, "users");
    expect(words).toContain("→ Set up Zero Trust for the account");
  });

  it("identity is shown although the sessions to compare it with cannot be read", async () => {
    const { slack, cloudflare } = await startScene();
    cloudflare.faults.set("sessions.list", { kind: "success-false", message: "busy" });
    const { words } = await answerTo(slack, PEOPLE.alice, "identity mallory@example.com");
    expect(words).toContain("🇧🇷 BR");
    expect(words).toContain("⚠️ can't read the open sessions: Cloudflare refused: busy");
    cloudflare.faults.clear();
    cloudflare.faults.set("sessions.get", { kind: "success-false", message: "busy" });
    expect((await answerTo(slack, PEOPLE.alice, "identity mallory@example.com")).words).toContain(
      "⚠️ 0 of 3 open sessions compared, the newest; 3 unknown: Cloudflare refused: busy",
    );
  });
});

describe("buttons that were tampered with or outlived what they show", () => {
  const press = async (scene: Scene, actionId: string, params: Record<string, string>): Promise<string> => {
    const { message } = await answerTo(scene.slack, PEOPLE.alice, "users mallory");
    return privateAnswer(scene.slack, PEOPLE.alice, () =>
      scene.slack.clickStale({
        user: PEOPLE.alice,
        channel: message.channel,
        ts: message.ts,
        actionId,
        value: new URLSearchParams(params).toString(),
      }),
    );
  };

  it.each(["sessions", "identity", "failed-sign-ins", "devices", "risk"])(
    "%s of somebody who was removed says that there is no such user",
    async (screen) => {
      const words = await press(await startScene(), `screen:${screen}:other`, {
        user: "00000000-0000-4000-8000-000000000000",
      });
      expect(words).toContain("No Access user has the id 00000000-0000-4000-8000-000000000000.");
    },
  );

  it.each(["0", "-3", "1e9", "NaN", "99999999999999999999", "<!channel>"])(
    "a page of %s shows the nearest there is",
    async (page) => {
      const scene = await startScene();
      const { id } = userOf(scene, "mallory@example.com");
      expect(await press(scene, "screen:failed-logins:other", { user: id, page })).toMatch(
        /1–20 of 23|21–23 of 23/,
      );
      expect(await press(scene, "screen:users:other", { page })).toMatch(/1–10 of 200|No more users/);
    },
  );

  it("a search term is cut and cleaned before it goes to Cloudflare", async () => {
    const scene = await startScene();
    await press(scene, "screen:users:other", { search: `\u0007${"x".repeat(1500)}` });
    expect(callsTo(scene.cloudflare, "GET", "/access/users").at(-1)?.query["search"]).toHaveLength(100);
  });

  it("a session whose nonce was too long for the menu is found again, and one that is gone is said to be", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const user = userOf(scene, "erin@example.com");
    const [session] = findLiveSessions(cloudflare.state, user.id, cloudflare.now());
    if (session === undefined) throw new Error("no session");
    session.nonce = "n".repeat(200);
    const { message } = await answerTo(slack, PEOPLE.alice, "sessions erin@example.com");
    const menu = message.blocks
      .flatMap((block) => ("elements" in block && block.type === "actions" ? block.elements : []))
      .find((element) => element.type === "static_select");
    const value = menu?.options?.[0]?.value;
    expect((await openFrom(scene, message, PICK_SESSION, value)).words).toContain("🟢 still active");
    session.revokedAt = cloudflare.now() - HOUR;
    expect((await openFrom(scene, message, PICK_SESSION, value)).words).toContain("has no such session");
  });

  it("the risk of somebody whom Access no longer knows is shown all the same", async () => {
    const scene = await startScene();
    const words = await press(scene, "screen:risk:other", { scored: "0f6c2f64-9f0e-4b7e-8a53-5c1f4f7a3f10" });
    expect(words).toContain("rita@example.com: 🟠 medium risk");
    expect(
      await press(scene, "screen:risk:other", { scored: "00000000-0000-4000-8000-000000000000" }),
    ).toContain("has no risk score");
  });
});
