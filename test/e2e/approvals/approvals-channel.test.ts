/** @module-tag slow */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, vi } from "vitest";

import type { Slack, SlackChannel, StoredMessage } from "../../../sandbox/slack/index.ts";
import { POLICY } from "../../../sandbox/workspace.ts";
import { createLogger } from "../../../src/log/log.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  cardWhere,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  wordsOf,
} from "../../support/harness.ts";
import { readAudit, requestIdOf, startScene, type Scene } from "../support.ts";

/** How the messages of a thread begin: evidence, decision, call, answer, verification, summary. */
const STORY = ["🔎", "🔵", "⏳", "☑️", "✅"];

/** What is wrong with the channel, how it is mended, and how a person reads of it. */
const BROKEN: readonly (readonly [
  name: string,
  broken: Partial<SlackChannel>,
  mended: Partial<SlackChannel>,
  said: string,
])[] = [
  ["archived", { isArchived: true }, { isArchived: false }, "the approvals channel is archived"],
  [
    "without the bot",
    { botIsMember: false },
    { botIsMember: true },
    "zt-bot is not a member of the approvals channel",
  ],
];

function directs(slack: Slack): string[] {
  return slack.messages(slack.dm(PEOPLE.alice)).map((message) => slack.visibleText(message));
}

function direct(slack: Slack, part: string): Promise<string> {
  return slack.waitFor(() => directs(slack).find((words) => words.includes(part)));
}

function threadOf(slack: Slack, card: StoredMessage): string[] {
  return slack.thread(card.channel, card.ts).map((message) => slack.visibleText(message).split(" ")[0] ?? "");
}

function events(scene: Scene): string[] {
  return readAudit(scene).map((row) => row.event);
}

/** Both rows of a spell of trouble, each once. */
async function expectOneSpell(scene: Scene): Promise<void> {
  await vi.waitFor(() => expect(events(scene)).toContain("messages.recovered"), 20_000);
  const told = events(scene).filter((event) => event.startsWith("messages."));
  expect(told).toEqual(["messages.trouble", "messages.recovered"]);
}

/** A bot whose clock can be put forward. */
async function startWithClock(): Promise<Scene & { forward(ms: number): void }> {
  let ahead = 0;
  const scene = await startScene({ now: () => Date.now() + ahead, sweepMs: 200 });
  return { ...scene, forward: (ms) => void (ahead += ms) };
}

describe.each(BROKEN)("an approvals channel that is %s", (_name, broken, mended, said) => {
  it("keeps the card back: who asked is told why, what to do, and gets the link when it follows, each once", async () => {
    const scene = await startWithClock();
    const { slack } = scene;
    slack.setChannel(CHANNELS.approvals, broken);
    const { words } = await answerTo(slack, PEOPLE.alice, "revoke dana@example.com --reason laptop stolen");
    expect(words).toContain(said);
    await answerToRequests(slack, said);
    expect(directs(slack)).toEqual([]);

    scene.forward(15_000);
    const late = await direct(slack, "No one can approve it yet");
    expect(late.toLowerCase()).toContain(said.toLowerCase());
    expect(late).toMatch(/\/zt cancel ZT-[0-9A-Z]{7}/);
    slack.setChannel(CHANNELS.approvals, mended);
    scene.forward(30_000);
    const card = await cardWhere(slack, (text) => text.includes("dana@example.com"));
    const there = await direct(slack, "Its card is in the approvals channel now");
    expect(there).toContain(requestIdOf(slack, card));
    await expectOneSpell(scene);

    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    expect(threadOf(slack, card)).toEqual(STORY);
    await direct(slack, "verified at");
    expect(directs(slack)).toHaveLength(3);
    expect(slack.messages(CHANNELS.approvals)).toHaveLength(1);
  });

  it("after the card is there keeps back its thread alone: it is carried out, and who asked hears why the thread is silent", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    await slack.waitFor(() => slack.thread(card.channel, card.ts).length === 1);
    const hold = cloudflare.faults.hold("revoke-user");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await hold.arrived;
    slack.setChannel(CHANNELS.approvals, broken);
    hold.release();

    const told = await direct(slack, "verified at");
    expect(told).toContain("The card is out of date since");
    expect(told).toContain(said);
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
    expect(events(scene)).toContain("request.succeeded");
    await answerToRequests(slack, said, "requests all");
    expect(threadOf(slack, card)).not.toContain("✅");

    slack.setChannel(CHANNELS.approvals, mended);
    await finishedThread(slack, card);
    expect(threadOf(slack, card)).toEqual(STORY);
    expect(wordsOf(slack, card)).toContain("verified at");
    await expectOneSpell(scene);
    expect(directs(slack)).toHaveLength(1);
  });

  it("loses the card to another channel that the policy names meanwhile", async () => {
    const scene = await startScene();
    const { slack } = scene;
    slack.setChannel(CHANNELS.approvals, broken);
    await answerTo(slack, PEOPLE.alice, "revoke dana@example.com --reason laptop stolen");
    await nameChannel(scene, CHANNELS.incident);

    const [card] = await slack.waitFor(() => {
      const cards = slack.messages(CHANNELS.incident);
      return cards.length > 0 ? cards : undefined;
    });
    if (card === undefined) throw new Error("no card");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    expect(threadOf(slack, card)).toEqual(STORY);
    await direct(slack, "verified at");
    slack.setChannel(CHANNELS.approvals, mended);
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
    expect(slack.messages(CHANNELS.incident)).toHaveLength(1);
  });
});

async function answerToRequests(slack: Slack, said: string, text = "requests"): Promise<void> {
  await vi.waitFor(async () => {
    const { words } = await answerTo(slack, PEOPLE.carol, text);
    expect(words).toContain("Can't post its messages");
    expect(words).toContain(said);
  }, 10_000);
}

async function nameChannel(scene: Scene, channel: string): Promise<void> {
  writeFileSync(join(scene.folder, "policy.yml"), POLICY.replace(CHANNELS.approvals, channel));
  await scene.policy.reload(createLogger("silent"));
}

describe("a card in an archived channel, while the policy names another one", () => {
  it("is posted anew there for as long as somebody has to decide, and told to who asked", async () => {
    const scene = await startScene({ sweepMs: 200 });
    const { slack } = scene;
    await askToRevoke(slack);
    slack.setChannel(CHANNELS.approvals, { isArchived: true });
    await nameChannel(scene, CHANNELS.incident);

    const card = await slack.waitFor(() => slack.messages(CHANNELS.incident)[0]);
    await direct(slack, "Its card was deleted and is posted again");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    expect(threadOf(slack, card)).toEqual(STORY);
    expect(slack.messages(CHANNELS.incident)).toHaveLength(1);
    expect(events(scene)).toContain("card.replaced");
  });
});

describe("a card that somebody deletes", () => {
  it("while it waits is posted anew, with its evidence, for somebody to decide", async () => {
    const scene = await startScene({ sweepMs: 200 });
    const { slack } = scene;
    const first = await askToRevoke(slack);
    await slack.waitFor(() => slack.thread(first.channel, first.ts).length === 1);
    slack.deleteMessage(first.channel, first.ts);

    const card = await cardWhere(slack, (words) => words.includes("Needs 1 approval"));
    expect(card.ts).not.toBe(first.ts);
    await direct(slack, "Its card was deleted and is posted again");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    expect(threadOf(slack, card)).toEqual(STORY);
    expect(events(scene).filter((event) => event === "card.replaced")).toHaveLength(1);
  });

  it("once it is decided stays deleted, and its thread goes on", async () => {
    const { slack, cloudflare } = await startScene();
    const card = await askToRevoke(slack);
    await slack.waitFor(() => slack.thread(card.channel, card.ts).length === 1);
    const hold = cloudflare.faults.hold("revoke-user");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await hold.arrived;
    await slack.waitFor(() => slack.thread(card.channel, card.ts).length === 3);
    slack.deleteMessage(card.channel, card.ts);
    hold.release();

    await finishedThread(slack, card);
    expect(threadOf(slack, card)).toEqual(STORY);
    await direct(slack, "verified at");
    expect(slack.messages(CHANNELS.approvals).map((message) => message.text)).toEqual([
      "This message was deleted.",
    ]);
  });

  it("with its whole thread is carried out all the same, and who asked is told where the story is", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    await slack.waitFor(() => slack.thread(card.channel, card.ts).length === 1);
    const hold = cloudflare.faults.hold("revoke-user");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await hold.arrived;
    const replies = await slack.waitFor(() => {
      const all = slack.thread(card.channel, card.ts);
      return all.length === 3 ? all : undefined;
    });
    for (const { channel, ts } of replies) slack.deleteMessage(channel, ts);
    slack.deleteMessage(card.channel, card.ts);
    hold.release();

    const told = await direct(slack, "verified at");
    expect(told).toMatch(/The card and its thread were deleted\. \/zt audit ZT-[0-9A-Z]{7} has the story/);
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
    expect(events(scene)).not.toContain("messages.trouble");
  });
});

describe("a token that Slack stops to take", () => {
  it.each(["invalid_auth", "token_revoked", "account_inactive"])(
    "(%s) keeps back every message and nothing else: they follow once, in order",
    async (code) => {
      const scene = await startScene();
      const { slack, cloudflare } = scene;
      const card = await askToRevoke(slack);
      await slack.waitFor(() => slack.thread(card.channel, card.ts).length === 1);
      const hold = cloudflare.faults.hold("revoke-user");
      await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
      await hold.arrived;
      slack.setTokenError(code);
      hold.release();
      await vi.waitFor(() => expect(events(scene)).toContain("request.succeeded"), 10_000);
      await vi.waitFor(() => expect(events(scene)).toContain("messages.trouble"), 10_000);
      expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
      const { words } = await answerTo(slack, PEOPLE.alice, "requests");
      expect(words).toContain("Slack no longer accepts zt-bot's token");

      slack.setTokenError(null);
      await finishedThread(slack, card);
      expect(threadOf(slack, card)).toEqual(STORY);
      await direct(slack, "verified at");
      expect(directs(slack)).toHaveLength(1);
      await expectOneSpell(scene);
    },
  );
});

describe("a Slack that asks to wait for a time", () => {
  it("keeps back messages and nothing else: they follow once, in order, when it is over", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    await slack.waitFor(() => slack.thread(card.channel, card.ts).length === 1);
    slack.faults.set("chat.postMessage", { retryAfter: 60, forMs: 6000 });
    slack.faults.set("chat.update", { retryAfter: 60, forMs: 6000 });
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await vi.waitFor(() => expect(events(scene)).toContain("request.succeeded"), 5000);
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
    await answerToRequests(slack, "Slack's rate limit is reached", "requests all");

    await finishedThread(slack, card);
    expect(threadOf(slack, card)).toEqual(STORY);
    await slack.waitFor(() => wordsOf(slack, card).includes("verified at"));
    await direct(slack, "verified at");
    expect(directs(slack)).toHaveLength(1);
    // So short a spell is no row of the record.
    await vi.waitFor(() => expect(events(scene)).toContain("request.succeeded"));
    expect(events(scene).filter((event) => event.startsWith("messages."))).toEqual([]);
  });
});
