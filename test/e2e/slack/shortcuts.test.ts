import { describe, expect, it } from "vitest";

import type { StoredMessage, StoredView } from "../../../sandbox/slack/index.ts";
import {
  askToRevoke,
  answerTo,
  cardWhere,
  CHANNELS,
  newEphemeral,
  PEOPLE,
  wordsOf,
} from "../../support/harness.ts";
import {
  accessIdOf,
  addOthers,
  newAnswer,
  newModal,
  offered,
  OTHERS,
  pick,
  privateAnswer,
  publicMessages,
  readAudit,
  sendForm,
  startScene,
  type Scene,
} from "../support.ts";

const { alice, bob } = PEOPLE;

/** Uses "Investigate Zero Trust" on a message; what only this person is answered. */
async function investigate(
  { slack }: Scene,
  ts: string,
  options: { user?: string; channel?: string } = {},
): Promise<StoredMessage> {
  const { user = alice, channel = CHANNELS.security } = options;
  const before = slack.ephemerals(user).length;
  expect(await slack.messageShortcut({ user, channel, ts, callbackId: "investigate" })).toMatchObject({
    ok: true,
  });
  return newEphemeral(slack, user, before);
}

async function investigateText(scene: Scene, text: string): Promise<string> {
  const { ts } = await scene.slack.post({ user: bob, channel: CHANNELS.security, text });
  return scene.slack.visibleText(await investigate(scene, ts));
}

function launch({ slack }: Scene, user: string = alice): Promise<StoredView> {
  return newModal(slack, user, () => slack.globalShortcut({ user, callbackId: "launcher" }));
}

const choose = (subcommand: string) => ({ subcommand: { subcommand } });

describe("Investigate Zero Trust on a message", () => {
  it("shows whoever the message names, to who asked alone", async () => {
    const scene = await startScene();
    const same = (await answerTo(scene.slack, alice, "user mallory@example.com")).words;
    const words = await investigateText(scene, "odd log-ins of mallory@example.com, anybody?");
    expect(words.split("\n")[0]).toBe(same.split("\n")[0]);
    expect(words).toContain("3 active sessions");
    expect(publicMessages(scene.slack).map(({ user }) => user)).toEqual([bob]);
  });

  it("asks which one where there are several, and opens the one that is pressed", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const dana = accessIdOf(scene, "dana@example.com");
    const { ts } = await slack.post({
      user: bob,
      channel: CHANNELS.security,
      text: `mallory@example.com and @bob, or ${dana}? nobody@example.com too. MALLORY@example.com!`,
    });
    const answer = await investigate(scene, ts);
    const words = slack.visibleText(answer);
    expect(words).toContain("This message names 3 Access users.");
    for (const email of ["mallory@example.com", "bob@example.com", "dana@example.com"])
      expect(words).toContain(email);
    expect(words).toContain("Not Access users: nobody@example.com");
    const opened = await privateAnswer(slack, alice, () =>
      slack.click({ user: alice, channel: answer.channel, ts: answer.ts, actionId: "screen:user:2" }),
    );
    expect(opened).toContain("12 active sessions");
  });
});

describe("Investigate Zero Trust on a message", () => {
  it.each([
    ["names nobody", "the VPN is slow again", "This message names no one.", "Type /zt user"],
    [
      "names one who is no user",
      "who is nobody@example.com?",
      "No Access user has the email nobody@example.com.",
      "Check the spelling.",
    ],
    [
      "names several of whom none is a user",
      "nobody@example.com, noone@example.com",
      "No one in this message is an Access user.",
      "Looked for: nobody@example.com, noone@example.com.",
    ],
    [
      "names a misspelt one",
      "is it malory@example.com?",
      "No Access user has the email malory",
      "Did you mean mallory",
    ],
    [
      "names an address of two",
      "ask sam.lee@example.com",
      "2 Access users have the email sam.lee@example.com. Which one?",
      "last sign-in",
    ],
  ])("that %s says so", async (_what, text, what, next) => {
    const words = await investigateText(await startScene(), text);
    expect(words).toContain(what);
    expect(words).toContain(next);
  });

  it("looks up ten at most and says how many it did not", async () => {
    const scene = await startScene();
    const emails = scene.cloudflare.state.users
      .map(({ email }) => email)
      .filter((email) => /^[a-z]+@example\.com$/.test(email))
      .slice(0, 12);
    const words = await investigateText(scene, emails.join(" "));
    expect(words).toContain("This message names 10 Access users.");
    expect(words).toContain("2 more names in the message were not looked up");
  });

  it("reads what an app posted in blocks, such as a card", async () => {
    const scene = await startScene();
    const asked = await askToRevoke(scene.slack);
    const answer = await investigate(scene, asked.ts, { channel: asked.channel, user: bob });
    expect(scene.slack.visibleText(answer)).toContain("mallory@example.com");
  });

  it("is refused to who may not look, and recorded", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    addOthers(slack);
    const { ts } = await slack.post({ user: bob, channel: CHANNELS.security, text: "mallory@example.com" });
    const words = slack.visibleText(await investigate(scene, ts, { user: OTHERS.nobody }));
    expect(words).toContain("You can't use /zt user.");
    expect(words).toContain("@alice");
    // The token is checked once at start.
    expect(cloudflare.requests.filter(({ route }) => route !== "tokens.verify")).toEqual([]);
    expect(readAudit(scene).map(({ actor, event }) => [actor, event])).toEqual([
      [OTHERS.nobody, "command.refused"],
    ]);
  });
});

describe("Investigate Zero Trust on a reply in a thread", () => {
  it("answers in that thread, and so do the answer's buttons and errors", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const channel = CHANNELS.incident;
    const { ts: head } = await slack.post({ user: bob, channel, text: "odd mails" });
    const two = await slack.post({
      user: bob,
      channel,
      text: "mallory@example.com and dana@example.com",
      threadTs: head,
    });
    const answer = await investigate(scene, two.ts, { channel });
    expect(answer.threadTs).toBe(head);
    const chosen = await newAnswer(scene, () =>
      slack.click({ user: alice, channel, ts: answer.ts, actionId: "screen:user:0" }),
    );
    expect(chosen.threadTs).toBe(head);
    const none = await slack.post({ user: bob, channel, text: "no one in here", threadTs: head });
    const refused = await investigate(scene, none.ts, { channel });
    expect(slack.visibleText(refused)).toContain("This message names no one.");
    expect(refused.threadTs).toBe(head);
    expect((await investigate(scene, head, { channel })).threadTs).toBeUndefined();
  });
});

describe("the global shortcut", () => {
  it("answers a look-up in the person's own messages, with a link there", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const form = await launch(scene);
    const done = await sendForm(slack, alice, form, {
      ...choose("sessions"),
      ...(await pick(slack, alice, form, "dana")),
    });
    expect(slack.visibleText(done)).toContain("The answer to sessions is in your messages with zt-bot");
    const [answer] = slack.messages(slack.dm(alice));
    expect(answer === undefined ? "" : slack.visibleText(answer)).toContain("12 active sessions");
    expect(JSON.stringify(done.blocks)).toContain(`/p${answer?.ts.replace(".", "")}`);
    expect(publicMessages(slack)).toEqual([]);
  });

  it("opens the form of a change in its place, and asks for it", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const form = await launch(scene);
    const ask = await sendForm(slack, alice, form, {
      ...choose("revoke"),
      ...(await pick(slack, alice, form, "mallory")),
      more: { more: "--devices" },
    });
    expect(slack.visibleText(ask)).toContain("Revoke sessions");
    expect(slack.visibleText(ask)).toContain("3 active sessions");
    expect(JSON.stringify(ask.blocks)).toMatch(/"initial_options":\[[^\]]*"devices"/);
    await sendForm(slack, alice, ask, { reason: { reason: "laptop stolen" } });
    expect(wordsOf(slack, await cardWhere(slack))).toContain("Revokes 2 device registrations");
  });
});

describe("the global shortcut", () => {
  it("asks at once where everything is said", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const form = await launch(scene);
    await sendForm(slack, alice, form, {
      ...choose("revoke"),
      ...(await pick(slack, alice, form, "mallory")),
      more: { more: "--reason laptop stolen" },
    });
    expect(wordsOf(slack, await cardWhere(slack))).toContain("Reason laptop stolen");
    const [answer] = slack.messages(slack.dm(alice));
    expect(answer === undefined ? "" : slack.visibleText(answer)).toContain("Requested: Revoke all sessions");
  });

  it("offers each what they may do", async () => {
    const scene = await startScene({
      policy: `channels: { approvals: ${CHANNELS.approvals} }
operators: [${alice}]
viewers: [${OTHERS.nobody}]
approvers: [${bob}]
`,
    });
    const { slack, cloudflare } = scene;
    addOthers(slack);
    const offers = async (user: string) => JSON.stringify((await launch(scene, user)).blocks);
    expect(await offers(alice)).toContain("delete-user: ");
    for (const user of [OTHERS.nobody, bob]) {
      const words = await offers(user);
      expect(words).toContain("sessions: ");
      expect(words).not.toContain("delete-user");
    }
    const refused = slack.visibleText(await launch(scene, OTHERS.guest));
    expect(refused).toContain("You can't use");
    expect(refused).toContain("@alice");
    // The token is checked once at start.
    expect(cloudflare.requests.filter(({ route }) => route !== "tokens.verify")).toEqual([]);
    expect(readAudit(scene).map(({ actor, event }) => [actor, event])).toEqual([
      [OTHERS.guest, "command.refused"],
    ]);
  });

  it("is no authority: a role that is gone when it is sent is gone", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const form = await launch(scene);
    slack.setPerson(alice, { isRestricted: true });
    const answer = await sendForm(slack, alice, form, choose("delete-user"));
    expect(slack.visibleText(answer)).toContain("You can't use /zt delete-user.");
  });

  it("says in its place what is wrong with what was typed", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const form = await launch(scene);
    const missing = await slack.submitView({ user: alice, viewId: form.id, values: {} });
    expect(Object.keys(missing.errors ?? {})).toEqual(["subcommand"]);
    const back = await sendForm(slack, alice, form, { ...choose("sessions"), more: { more: "--nonsense" } });
    expect(slack.visibleText(back)).toContain("sessions has no flag --nonsense");
  });
});

describe("the menu of Access users", () => {
  it("finds by name and by address, says who is who, and shows nothing to who may not look", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    addOthers(slack);
    const form = await launch(scene);
    expect(await offered(slack, alice, form, "Mallory")).toEqual([
      { text: "Mallory Archer (mallory@example.com)", value: accessIdOf(scene, "mallory@example.com") },
    ]);
    expect((await offered(slack, alice, form, "lee")).map(({ text }) => text).join()).toMatch(/sam\.lee@/i);
    expect(await offered(slack, alice, form, "nobody at all")).toEqual([]);
    expect((await offered(slack, alice, form, "a")).length).toBe(0);
    expect((await offered(slack, alice, form, "example.com")).length).toBe(20);
    expect(await offered(slack, alice, form, "<!channel> `x` \u202E")).toEqual([]);

    cloudflare.requests.length = 0;
    slack.setPerson(alice, { isRestricted: true });
    expect(await offered(slack, alice, form, "Mallory")).toEqual([]);
    // The token is checked once at start.
    expect(cloudflare.requests.filter(({ route }) => route !== "tokens.verify")).toEqual([]);
  });

  it("is empty, and no error, while Cloudflare has a problem", async () => {
    const scene = await startScene();
    const form = await launch(scene);
    scene.cloudflare.faults.set("users.list", { kind: "status", status: 403 });
    expect(await offered(scene.slack, alice, form, "mallory")).toEqual([]);
    scene.cloudflare.faults.set("users.list", { kind: "hang" });
    expect(await offered(scene.slack, alice, form, "mallory")).toEqual([]);
  });

  it("offers names of any sort within Slack's limits", async () => {
    const scene = await startScene();
    const form = await launch(scene);
    const names = ["x".repeat(300), "\u202Eתירבע", "👩🏽‍🚒".repeat(60), "<!channel> *b*", "\u200F", ""];
    for (const [index, user] of scene.cloudflare.state.users.entries())
      user.name = names[index % names.length] ?? "";
    expect(await offered(scene.slack, alice, form, "example.com")).toHaveLength(20);
  });
});
