import { describe, expect, it } from "vitest";

import { addUser } from "../../../sandbox/cloudflare/happenings.ts";
import type { User } from "../../../sandbox/cloudflare/world.ts";
import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { answerTo, callsTo, PEOPLE } from "../../support/harness.ts";
import { accessIdOf, newAnswer, newModal, openFormBy, sendForm, startScene, type Scene } from "../support.ts";

/** The searches that Cloudflare was asked for, in order. */
function searchesOf({ cloudflare }: Scene): unknown[] {
  return callsTo(cloudflare, "GET", "/access/users").flatMap(({ query }) => query["search"] ?? []);
}

/** The button in the row of a user, by the user's id. */
function buttonFor(message: StoredMessage, userId: string): { actionId: string; value: string } {
  for (const block of message.blocks ?? []) {
    const { accessory } = block as { accessory?: { action_id?: string; value?: string } };
    if (accessory?.value?.includes(userId) === true)
      return { actionId: accessory.action_id ?? "", value: accessory.value };
  }
  throw new Error(`no button leads to ${userId}`);
}

function buttonsOf(message: StoredMessage): number {
  return (message.blocks ?? []).filter((block) => "accessory" in block && block.accessory !== undefined)
    .length;
}

function pressFor({ slack }: Scene, message: StoredMessage, userId: string) {
  const { channel, ts } = message;
  const { actionId } = buttonFor(message, userId);
  return slack.click({ user: PEOPLE.alice, channel, ts, actionId });
}

/** What a look-up says that was reached by a button. */
async function openedBy(scene: Scene, message: StoredMessage, userId: string): Promise<string> {
  return scene.slack.visibleText(await newAnswer(scene, () => pressFor(scene, message, userId)));
}

function add({ cloudflare }: Scene, user: { email: string; name?: string }): User {
  return addUser(cloudflare.state, user, cloudflare.now());
}

/** A second user with mallory's address, in other capitals, who signed in later. */
function addTwin(scene: Scene): string {
  const twin = add(scene, { email: "Mallory@Example.com", name: "Mallory Two" });
  twin.lastLoginAt = scene.cloudflare.now();
  return twin.id;
}

describe("a look-up by name", () => {
  it.each([
    ["a name", "mallory"],
    ["a name in capitals, as phones write it", "Mallory"],
    ["two words of the name", "mallory archer"],
    ["two words in the other order", "archer mallory"],
    ["half an email", "mallory@exam"],
  ])("of %s shows the only match, and says first who that is", async (_what, typed) => {
    const scene = await startScene();
    const { words } = await answerTo(scene.slack, PEOPLE.alice, `user ${typed}`);
    expect(words.split("\n")[0]).toBe(
      `"${typed}" matches one Access user: mallory@example.com (Mallory Archer)`,
    );
    expect(words).toContain("3 active sessions");
  });

  it("works for every look-up about a user, with what else was typed", async () => {
    const scene = await startScene();
    for (const text of ["sessions", "identity", "failed-sign-ins", "devices", "risk"]) {
      const { words } = await answerTo(scene.slack, PEOPLE.alice, `${text} mallory`);
      expect(words, text).toContain('"mallory" matches one Access user: mallory@example.com');
    }
    const { words } = await answerTo(scene.slack, PEOPLE.alice, "sign-ins mallory --days 7");
    expect(words).toContain("in the last 7 days");
  });

  it("offers several as buttons with email and last sign-in, and goes on with the one that is pressed", async () => {
    const scene = await startScene();
    add(scene, { email: "mallory.two@example.com", name: "Mallory Two" });
    const { message, words } = await answerTo(scene.slack, PEOPLE.alice, "sign-ins mallory --days 7");
    expect(words).toContain('2 Access users match "mallory". Which one?');
    expect(words).toMatch(/Mallory Archer\nmallory@example\.com\nlast sign-in \d{4}-/);
    expect(words).toContain("mallory.two@example.com\nno sign-in recorded");
    expect(buttonsOf(message)).toBe(2);
    const id = accessIdOf(scene, "mallory@example.com");
    const { value } = buttonFor(message, id);
    expect(Object.fromEntries(new URLSearchParams(value))).toEqual({ user: id, days: "7" });
    expect(await openedBy(scene, message, id)).toContain("in the last 7 days");
  });

  it("shows eight of many, the best first, and how to get the others", async () => {
    const scene = await startScene();
    for (let index = 10; index < 30; index += 1)
      add(scene, { email: `zorro${index}@example.com`, name: "Zorro" });
    add(scene, { email: "zorro@example.com" });
    const { message, words } = await answerTo(scene.slack, PEOPLE.alice, "user zorro");
    expect(words).toContain('21 Access users match "zorro". Which one?');
    expect(words).toContain("13 more: type more of the name.");
    expect(buttonsOf(message)).toBe(8);
    expect(searchesOf(scene)).toEqual(["zorro"]);
    for (let index = 100; index < 200; index += 1)
      add(scene, { email: `zorro${index}@example.com`, name: "Zorro" });
    expect((await answerTo(scene.slack, PEOPLE.alice, "user zorro")).words).toContain(
      'At least 100 Access users match "zorro"',
    );
  });

  it("finds a name also where Cloudflare's search minds capitals, and finds beginnings of words only", async () => {
    const scene = await startScene();
    scene.cloudflare.settings.unknowns.userSearch = "beginning";
    scene.cloudflare.settings.unknowns.userSearchFoldsCase = false;
    expect((await answerTo(scene.slack, PEOPLE.alice, "user MALLORY")).words).toContain(
      '"MALLORY" matches one Access user: mallory@example.com',
    );
  });

  it("suggests who is spelled nearly so, and never takes them for the one meant", async () => {
    const scene = await startScene();
    const { message, words } = await answerTo(scene.slack, PEOPLE.alice, "user malory");
    expect(words).toContain('No Access user matches "malory". Did you mean mallory@example.com?');
    expect(words).not.toContain("active session");
    expect(await openedBy(scene, message, accessIdOf(scene, "mallory@example.com"))).toContain(
      "3 active sessions",
    );
  });

  it("says that there is no one, and what to try", async () => {
    const scene = await startScene();
    const { words } = await answerTo(scene.slack, PEOPLE.alice, "user qqqqqqqq");
    expect(words).toContain('No Access user matches "qqqqqqqq".');
    expect(words).toContain("→ Try a shorter part of the name, or the email address.");
    expect(searchesOf(scene).length).toBeLessThanOrEqual(5);
  });

  it("says that Cloudflare failed where the search did: no one is not what was read", async () => {
    const scene = await startScene({ cloudflareTimeoutMs: 300 });
    scene.cloudflare.faults.set("users.list", { kind: "status", status: 502 });
    const { words } = await answerTo(scene.slack, PEOPLE.alice, "user mallory");
    expect(words).not.toContain("No Access user");
    expect(words).toMatch(/Cloudflare/);
  });

  it("is refused to people who may not look, before anything is searched", async () => {
    const scene = await startScene({
      policy: `channels: { approvals: C0APPROV1 }\noperators: [${PEOPLE.bob}]\napprovers: [${PEOPLE.carol}]\n`,
    });
    await answerTo(scene.slack, PEOPLE.alice, "user mallory");
    expect(searchesOf(scene)).toEqual([]);
  });
});

describe("a change by name", () => {
  it("is never requested, not even for the only match: a button opens its form with what was typed", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const { message, words } = await answerTo(
      slack,
      PEOPLE.alice,
      "revoke mallory --devices --reason laptop stolen",
    );
    expect(words).toContain('1 Access user matches "mallory". Is it the right one?');
    expect(slack.messages("C0APPROV1")).toEqual([]);
    const id = accessIdOf(scene, "mallory@example.com");
    expect(buttonFor(message, id).value).not.toContain("laptop");
    const form = await newModal(slack, PEOPLE.alice, () => pressFor(scene, message, id));
    expect(slack.visibleText(form)).toContain("mallory@example.com");
    expect(JSON.stringify(form.blocks)).toContain("laptop stolen");
    const done = await sendForm(slack, PEOPLE.alice, form);
    expect(slack.visibleText(done)).toMatch(/Revoke all sessions and devices of mallory@example\.com/);
  });

  it.each(["revoke-devices", "delete-devices", "reset-risk", "delete-user", "rename-user mallory New Name"])(
    "of /zt %s offers the same choice",
    async (text) => {
      const scene = await startScene();
      const typed = text.includes(" ") ? text : `${text} mallory`;
      const { message } = await answerTo(scene.slack, PEOPLE.alice, typed);
      const id = accessIdOf(scene, "mallory@example.com");
      expect(buttonFor(message, id).actionId).toContain(`form:${text.split(" ")[0]}:`);
      const form = await newModal(scene.slack, PEOPLE.alice, () => pressFor(scene, message, id));
      expect(scene.slack.visibleText(form)).toContain("mallory@example.com");
    },
  );
});

describe("an email that several users have", () => {
  it("offers them with id and last sign-in, the latest first", async () => {
    const scene = await startScene();
    const twin = addTwin(scene);
    const { message, words } = await answerTo(scene.slack, PEOPLE.alice, "user mallory@example.com");
    expect(words).toContain("2 Access users have the email mallory@example.com. Which one?");
    expect(words.indexOf(twin)).toBeLessThan(words.indexOf(accessIdOf(scene, "mallory@example.com")));
    expect(await openedBy(scene, message, twin)).toContain("Mallory Two");
  });

  it("is not guessed for a change, typed in full or without a reason", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const twin = addTwin(scene);
    const { message } = await answerTo(slack, PEOPLE.alice, "revoke mallory@example.com --reason stolen");
    expect(slack.messages("C0APPROV1")).toEqual([]);
    const form = await newModal(slack, PEOPLE.alice, () => pressFor(scene, message, twin));
    expect(slack.visibleText(form)).toContain("Mallory@Example.com");

    const picking = await openFormBy(slack, PEOPLE.alice, "reset-risk mallory@example.com");
    const words = slack.visibleText(picking);
    expect(words).toContain("2 Access users have the email mallory@example.com.");
    expect(words).toContain("Pick who you mean below.");
    expect(JSON.stringify(picking.blocks)).toContain(twin);
    const next = await sendForm(slack, PEOPLE.alice, picking, { who: { who: twin } });
    expect(slack.visibleText(next)).toContain("Mallory@Example.com");
  });
});

describe("a misspelt email", () => {
  it.each([
    ["a letter missing at the beginning", "mllory@example.com"],
    ["a letter doubled", "malllory@example.com"],
    ["two letters swapped", "malolry@example.com"],
    ["another domain", "mallory@exmaple.com"],
    ["a tag", "mallory+vpn@example.com"],
    ["capitals and a letter too many", "Mallorys@Example.com"],
  ])("with %s asks whether the right one is meant", async (_what, typed) => {
    const scene = await startScene();
    const { message, words } = await answerTo(scene.slack, PEOPLE.alice, `user ${typed}`);
    expect(words).toContain(`No Access user has the email ${typed}.`);
    expect(words).toMatch(/Did you mean (?:mallory@example\.com|one of these)\?/);
    expect(searchesOf(scene).length).toBeLessThanOrEqual(3);
    const id = accessIdOf(scene, "mallory@example.com");
    expect(await openedBy(scene, message, id)).toContain("3 active sessions");
  });

  it("is asked about in a form as well", async () => {
    const scene = await startScene();
    const form = await openFormBy(scene.slack, PEOPLE.alice, "revoke malory@example.com");
    expect(scene.slack.visibleText(form)).toContain("No Access user has the email malory@example.com.");
    expect(JSON.stringify(form.blocks)).toContain(accessIdOf(scene, "mallory@example.com"));
  });
});

describe("an email that no one has", () => {
  it("gets no suggestion where no one is near", async () => {
    const scene = await startScene();
    const { words } = await answerTo(scene.slack, PEOPLE.alice, "user qqqqqqq@example.com");
    expect(words).toContain("No Access user has the email qqqqqqq@example.com.");
    expect(words).not.toContain("Did you mean");
  });
});
