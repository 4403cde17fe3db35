import { describe, expect, it } from "vitest";

import type { ApiCall, Slack, StoredMessage } from "../../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { addCrowd, crowdEmail, stillIn } from "../../support/crowd.ts";
import {
  answerTo,
  askToRevoke,
  cardWhere,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  wordsOf,
} from "../../support/harness.ts";
import { newModal, readAudit, startScene, type Scene } from "../support.ts";

/** How the messages of a thread begin: evidence, decision, call, answer, verification, summary. */
const STORY = ["🔎", "🔵", "⏳", "☑️", "✅"];

/** As Slack limits a workspace: two messages into a channel at once, then so many a second. */
async function startLimited(perSecond = 1): Promise<Scene> {
  const scene = await startScene({ postsPerSecond: perSecond });
  scene.slack.rates.set("chat.postMessage", { burst: 2, perSecond });
  scene.slack.rates.set("chat.update", { burst: 10, perSecond: perSecond * (50 / 60) });
  return scene;
}

function refused({ slack }: Scene): ApiCall[] {
  return slack.calls.filter(({ status }) => status === 429);
}

function troubleRows(scene: Scene) {
  return readAudit(scene).filter(({ event }) => event.startsWith("messages."));
}

function beginnings(thread: readonly string[]): (string | undefined)[] {
  return thread.map((text) => text.split(" ")[0]);
}

function threadOf(slack: Slack, { channel, ts }: StoredMessage): string[] {
  return slack.thread(channel, ts).map((message) => slack.visibleText(message));
}

describe("where Slack takes two messages into a channel at once and one a second after that,", () => {
  it(
    "the story of one person is told in the least time, in order, each message once, and not a call is refused",
    { tags: ["slow"] },
    async () => {
      const scene = await startLimited();
      const { slack } = scene;
      const card = await askToRevoke(slack);
      await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
      const thread = await finishedThread(slack, card);
      // None waits longer than for its turn.
      const times = [card, ...slack.thread(card.channel, card.ts)].map(({ ts }) => Number(ts));
      const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      expect(Math.max(...waits)).toBeLessThan(2);
      expect(beginnings(thread)).toEqual(STORY);
      await slack.waitFor(() => wordsOf(slack, card).includes("✅"));
      await slack.waitFor(() => slack.messages(slack.dm(PEOPLE.alice)).length === 1);
      expect(refused(scene)).toEqual([]);
      expect(troubleRows(scene)).toEqual([]);
    },
  );

  it("the story of 20 people in one request ends, each message once", { tags: ["slow"] }, async () => {
    const scene = await startLimited();
    const { slack, cloudflare } = scene;
    const emails = addCrowd(cloudflare, 20);
    const card = await askToRevoke(slack, { text: `revoke ${emails.join(" ")} --reason stuffing` });
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    // The first user is told of apart.
    expect(beginnings(await finishedThread(slack, card))).toEqual([...STORY, "✅"]);
    expect(stillIn(cloudflare, emails)).toEqual([]);
    expect(troubleRows(scene)).toEqual([]);
  });
});

describe("where twenty requests are told of at once,", () => {
  it("every story ends, in order, each message once", { tags: ["slow"] }, async () => {
    const scene = await startLimited(20);
    const { slack, cloudflare } = scene;
    const emails = addCrowd(cloudflare, 20);
    await Promise.all(
      emails.map((email) => answerTo(slack, PEOPLE.alice, `revoke ${email} --reason stuffing`)),
    );
    const cards = await Promise.all(
      emails.map((_, index) => cardWhere(slack, (words) => words.includes(crowdEmail(index)))),
    );
    await Promise.all(cards.map((card) => press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve)));
    for (const card of cards) expect(beginnings(await finishedThread(slack, card))).toEqual(STORY);
    expect(slack.messages(CHANNELS.approvals)).toHaveLength(20);
    expect(stillIn(cloudflare, emails)).toEqual([]);
  });
});

describe("where Slack asks to wait three seconds with one channel,", () => {
  it(
    "only that channel waits: direct messages, edits, forms and private answers go on",
    { tags: ["slow"] },
    async () => {
      const scene = await startScene();
      const { slack } = scene;
      const card = await askToRevoke(slack);
      await slack.waitFor(() => threadOf(slack, card).length > 0);
      slack.rates.set("chat.postMessage", { burst: 0.01, perSecond: 1 / 3 });
      const began = performance.now();
      const since = () => performance.now() - began;
      await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
      const [first] = await slack.waitFor(() => (refused(scene).length > 0 ? refused(scene) : undefined));
      expect(first?.args["channel"]).toBe(CHANNELS.approvals);
      slack.rates.clear();

      await slack.waitFor(() => wordsOf(slack, card).includes("✅"));
      await slack.waitFor(() => slack.messages(slack.dm(PEOPLE.alice)).length === 1);
      await newModal(slack, PEOPLE.alice, () =>
        slack.command({ user: PEOPLE.alice, channel: CHANNELS.security, text: "revoke" }),
      );
      await answerTo(slack, PEOPLE.alice, "help");
      expect(since()).toBeLessThan(2500);
      expect(threadOf(slack, card)).toHaveLength(1);
      // That long nothing more was tried there.
      expect(refused(scene)).toHaveLength(1);

      expect(beginnings(await finishedThread(slack, card))).toEqual(STORY);
      expect(since()).toBeGreaterThan(2900);
      // Nothing was looked for that Slack had refused.
      expect(slack.calls.filter(({ method }) => method === "conversations.replies")).toEqual([]);
      expect(troubleRows(scene)).toEqual([]);
    },
  );
});
