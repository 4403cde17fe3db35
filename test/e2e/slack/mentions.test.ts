import { describe, expect, it } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  cardWhere,
  CHANNELS,
  newEphemeral,
  PEOPLE,
  wordsOf,
} from "../../support/harness.ts";
import { newModal, openIncident, readAudit, sendForm, startScene, type Scene } from "../support.ts";

const { alice, bob, carol } = PEOPLE;

/** Carol is in the channel, and the policy does not know her. */
const policy = `channels: { approvals: ${CHANNELS.approvals} }
operators: [${alice}]
approvers: [${bob}]
`;
const channel = CHANNELS.approvals;

/** Says something to the bot and gives the thread's answer to it. */
async function say(
  { slack }: Scene,
  text: string,
  threadTs?: string,
): Promise<{ ts: string; answer: StoredMessage; words: string }> {
  const before = threadTs === undefined ? 0 : slack.thread(channel, threadTs).length;
  const posted = await slack.post({
    user: alice,
    channel,
    text,
    ...(threadTs === undefined ? {} : { threadTs }),
  });
  // Of the mention first, then of a message like any other.
  expect(posted.deliveries).toMatchObject([{ ok: true }, { ok: true }]);
  const head = threadTs ?? posted.ts;
  const answer = await slack.waitFor(() =>
    slack
      .thread(channel, head)
      .slice(before)
      .find((message) => message.botId !== undefined),
  );
  return { ts: head, answer, words: slack.visibleText(answer) };
}

describe("@zt-bot", () => {
  it("answers in the thread of what was said, like the command", async () => {
    const scene = await startScene();
    const { words, ts } = await say(scene, "@zt-bot user mallory@example.com");
    expect(words).toContain("Mallory Archer");
    expect(words).toContain("3 active sessions");
    expect(scene.slack.thread(channel, ts)).toHaveLength(1);
    expect(scene.slack.messages(channel)).toHaveLength(1);
  });

  it("answers in the thread it was asked in, such as a card's", async () => {
    const scene = await startScene();
    const asked = await askToRevoke(scene.slack);
    const { words } = await say(scene, "@zt-bot sessions mallory@example.com", asked.ts);
    expect(words).toContain("3 active sessions");
    expect(scene.slack.messages(channel)).toHaveLength(1);
  });

  it("answers once to an event that Slack delivers again", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const posted = await slack.post({ user: alice, channel, text: "@zt-bot user mallory@example.com" });
    const [delivery] = posted.deliveries;
    if (delivery === undefined) throw new Error("the bot heard nothing");
    await slack.retry(delivery);
    await slack.replay(delivery);
    await slack.waitFor(() => slack.thread(channel, posted.ts).length > 0);
    // Another event after it, answered too: whatever the repetitions did has been done by then.
    await say(scene, "@zt-bot help");
    expect(slack.thread(channel, posted.ts)).toHaveLength(1);
    expect(callsTo(cloudflare, "GET", "/last_seen_identity")).toHaveLength(1);
  });

  it("offers a button where a change needs its form", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const { answer, words } = await say(scene, "@zt-bot revoke mallory@example.com");
    expect(words).toContain("Open the form…");
    const form = await newModal(slack, alice, () =>
      slack.click({ user: alice, channel, ts: answer.ts, actionId: "form:revoke:offer" }),
    );
    expect(slack.visibleText(form)).toContain("mallory@example.com");
    await sendForm(slack, alice, form, { reason: { reason: "laptop stolen" } });
    expect(wordsOf(slack, await cardWhere(slack, (text) => text.includes("Needs 1 approval")))).toContain(
      "laptop stolen",
    );
  });
});

describe("@zt-bot", () => {
  it.each([
    ["at the end", "user mallory@example.com @zt-bot"],
    ["after words to others", "@bob look: @zt-bot user mallory@example.com"],
    ["after an address", "mallory@example.com again! @zt-bot user mallory@example.com"],
    ["with the address in capitals", "@zt-bot USER MALLORY@EXAMPLE.COM"],
  ])("is heard %s", async (_where, text) => {
    expect((await say(await startScene(), text)).words).toContain("3 active sessions");
  });

  it("said alone is answered with help", async () => {
    expect((await say(await startScene(), "@zt-bot")).words).toContain("/zt user alice@example.com");
  });

  it("asks at once when everything is said", async () => {
    const scene = await startScene();
    const { words } = await say(scene, "@zt-bot revoke mallory@example.com --reason laptop stolen");
    expect(words).toContain("Requested: Revoke all sessions of mallory@example.com");
    expect(
      wordsOf(scene.slack, await cardWhere(scene.slack, (text) => text.includes("Needs 1 approval"))),
    ).toContain("Requested by @alice");
  });

  it.each([
    ["to who may not, in the thread", carol, "user mallory@example.com", "You can't use /zt user."],
    ["of what it does not know", alice, "usr mallory@example.com", "Did you mean /zt user?"],
    ["of nobody", alice, "user nobody@example.com", "No Access user has the email nobody@example.com."],
    ["of a form for nobody", alice, "reset-risk nobody@example.com", "No Access user has the email"],
  ])("refuses %s, so that only they see it", async (_what, user, text, said) => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const head = await slack.post({ user: bob, channel, text: "what is going on?" });
    await slack.post({ user, channel, text: `@zt-bot ${text}`, threadTs: head.ts });
    const refusal = await newEphemeral(slack, user);
    expect(slack.visibleText(refusal)).toContain(said);
    expect(refusal.threadTs).toBe(head.ts);
    expect(slack.thread(channel, head.ts).filter((message) => message.botId !== undefined)).toEqual([]);
  });

  it("refuses outside of a thread too, and records who was refused", async () => {
    const scene = await startScene({ policy });
    const { slack, cloudflare } = scene;
    await slack.post({ user: carol, channel, text: "@zt-bot revoke mallory@example.com" });
    const refusal = await newEphemeral(slack, carol);
    expect(slack.visibleText(refusal)).toContain("You can't use /zt revoke.");
    expect(refusal.threadTs).toBeUndefined();
    // The token is checked once at start.
    expect(cloudflare.requests.filter(({ route }) => route !== "tokens.verify")).toEqual([]);
    expect(readAudit(scene).map(({ actor, event }) => [actor, event])).toEqual([[carol, "command.refused"]]);
  });

  it("gives nobody else the powers of who asked: the form's button asks for the role again", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const { answer } = await say(scene, "@zt-bot delete-user mallory@example.com");
    const view = await newModal(slack, carol, () =>
      slack.click({ user: carol, channel, ts: answer.ts, actionId: "form:delete-user:offer" }),
    );
    expect(slack.visibleText(view)).toContain("You can't use /zt delete-user.");
  });
});

describe("@zt-bot about an incident", () => {
  const withIncidents = policy.replace(" }", `, incidents: ${CHANNELS.incident} }`);
  const SECRET = "called her sister";

  async function start(now = Date.now) {
    const scene = await startScene({ policy: withIncidents, now });
    const { id, message } = await openIncident(scene);
    await answerTo(scene.slack, alice, `incident note ${id} ${SECRET}`);
    const { slack } = scene;
    /** What only Alice sees of it, and what everyone there does. */
    const ask = async (text: string, place: { channel: string; threadTs?: string }) => {
      const before = slack.ephemerals(alice).length;
      const posted = await slack.post({ user: alice, text, ...place });
      const head = place.threadTs ?? posted.ts;
      const told = () => slack.thread(place.channel, head).filter(({ botId }) => botId !== undefined);
      return { told, newest: () => slack.waitFor(() => slack.ephemerals(alice)[before]) };
    };
    return { scene, id, message, ask };
  }

  it.each([
    "incident list",
    "incident show INC",
    "incident summary INC --private",
    "timeline INC",
    "timeline mallory@example.com",
  ])("in another channel, %s is answered to the asker alone", async (text) => {
    const { scene, id, ask } = await start();
    const { newest, told } = await ask(`@zt-bot ${text.replace("INC", id)}`, {
      channel: CHANNELS.approvals,
    });
    const answer = await newest();
    expect(scene.slack.visibleText(answer)).toMatch(text.includes("mallory") ? SECRET : id);
    expect(answer.channel).toBe(CHANNELS.approvals);
    expect(told().map((one) => scene.slack.visibleText(one))).toEqual([]);
  });

  it("in its own thread the answer is for everyone, and --private for the asker, there", async () => {
    const { scene, id, message, ask } = await start();
    const { slack } = scene;
    const place = { channel: CHANNELS.incident, threadTs: message.ts };
    const { told } = await ask("@zt-bot incident show", place);
    await slack.waitFor(() => told().find((one) => slack.visibleText(one).includes(id)));
    const before = told().length;
    const answer = await (await ask("@zt-bot incident summary --private", place)).newest();
    expect(slack.visibleText(answer)).toContain(id);
    expect(answer.threadTs).toBe(message.ts);
    expect(told()).toHaveLength(before);
  });

  it("in its own thread it is for the asker alone once the channel is shared", async () => {
    let ahead = 0;
    const { scene, id, message, ask } = await start(() => Date.now() + ahead);
    const { slack } = scene;
    slack.setChannel(CHANNELS.incident, { isExtShared: true });
    ahead = 60_000;
    const { newest } = await ask(`@zt-bot incident show ${id}`, {
      channel: CHANNELS.incident,
      threadTs: message.ts,
    });
    expect(slack.visibleText(await newest())).toContain(id);
  });
});
