import { describe, expect, it, vi } from "vitest";

import type { Fault } from "../../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { SUMMARY_ACTIONS } from "../../../src/views/look-ups/user-summary.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  cardWhere,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  type,
  wordsOf,
} from "../../support/harness.ts";
import { approve, pressForWords, privateAnswer, readAudit, startScene } from "../support.ts";

/** How the messages of a thread begin: evidence, decision, call, answer, verification, summary. */
const STORY = ["🔎", "🔵", "⏳", "☑️", "✅"];

/** Whose cards nobody has, the trouble they meet, and what who asked is told of it. */
const CARD_DELIVERY_FAILURE: readonly (readonly [email: string, fault: Fault, said: string])[] = [
  ["dana@example.com", { error: "is_archived" }, "the approvals channel is archived"],
  ["devon@example.com", { error: "not_in_channel" }, "type /invite @zt-bot there"],
  ["erin@example.com", { error: "channel_not_found" }, "invite it there"],
  ["frank@example.com", { status: 503 }, "Slack rejected the message"],
  ["rhea@example.com", { dropConnection: true }, "Slack rejected the message"],
  ["rita@example.com", { retryAfter: 1 }, "Slack's rate limit is reached"],
];

describe("a card that Slack does not take", { tags: ["slow"] }, () => {
  it("is explained to who asked, follows when it can, and once only", async () => {
    const { slack, cloudflare } = await startScene();
    for (const [email, fault, said] of CARD_DELIVERY_FAILURE) {
      slack.faults.set("chat.postMessage", fault);
      const { words } = await answerTo(slack, PEOPLE.alice, `revoke ${email} --reason laptop stolen`);
      expect(words).toContain("Its card is not in the approvals channel yet");
      expect(words).toContain(said);
      expect(words).toContain("You get a link when it is");
    }
    slack.faults.clear();

    const cards = await slack.waitFor(() => {
      const all = slack.messages(CHANNELS.approvals);
      const isWhole = all.every((card) => slack.thread(card.channel, card.ts).length > 0);
      return all.length >= CARD_DELIVERY_FAILURE.length && isWhole ? all : undefined;
    });
    for (const [email] of CARD_DELIVERY_FAILURE)
      expect(cards.filter((card) => slack.visibleText(card).includes(email))).toHaveLength(1);
    const card = await cardWhere(slack, (words) => words.includes("dana@example.com"));
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    const thread = await finishedThread(slack, card);
    expect(thread.map((text) => text.split(" ")[0])).toEqual(STORY);
    expect(slack.messages(CHANNELS.approvals)).toHaveLength(CARD_DELIVERY_FAILURE.length);
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
  });

  it("though it is there, as only the answer got lost, is found and not posted again", async () => {
    const { slack } = await startScene();
    slack.faults.set("chat.postMessage", { dropAnswer: true, times: 1 });
    const { words } = await answerTo(slack, PEOPLE.alice, "revoke dana@example.com --reason laptop stolen");
    expect(words).toContain("Requested: Revoke all sessions of dana@example.com");
    const card = await cardWhere(slack);
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    const thread = await finishedThread(slack, card);
    expect(thread.map((text) => text.split(" ")[0])).toEqual(STORY);
    expect(slack.messages(CHANNELS.approvals)).toHaveLength(1);
  });
});

describe("a request whose story Slack does not take", () => {
  it(
    "is carried out all the same, and card, thread and message follow, each once",
    { tags: ["slow"] },
    async () => {
      const { slack, cloudflare } = await startScene();
      const card = await askToRevoke(slack);
      await slack.waitFor(() => slack.thread(card.channel, card.ts).length > 0);
      slack.faults.set("chat.postMessage", { dropAnswer: true, times: 1 });
      slack.faults.set("chat.update", { retryAfter: 1, times: 1 });
      await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
      // Containment does not wait for Slack.
      await vi.waitFor(() => expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1), 2000);

      const thread = await finishedThread(slack, card);
      await slack.waitFor(() => wordsOf(slack, card).includes("verified at"));
      expect(thread.map((text) => text.split(" ")[0])).toEqual(STORY);
      await slack.waitFor(() => slack.messages(slack.dm(PEOPLE.alice)).length > 0);
      expect(slack.messages(slack.dm(PEOPLE.alice))).toHaveLength(1);
      expect(slack.messages(CHANNELS.approvals)).toHaveLength(1);
    },
  );

  it("is complete in its thread where the requester cannot be written to any more", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    slack.faults.set("conversations.open", { error: "user_disabled" });
    await approve(slack, card);
    await vi.waitFor(() => expect(scene.logs()).toContain("someone cannot be written to"));
    expect(wordsOf(slack, card)).toContain("verified at");
    expect(slack.messages(slack.dm(PEOPLE.alice))).toEqual([]);
  });
});

describe("a person whom Slack keeps waiting", () => {
  it("reads that a form came too late, and what to do", async () => {
    const { slack } = await startScene();
    const card = await askToRevoke(slack);
    const { message } = await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
    slack.faults.set("views.open", { error: "expired_trigger_id" });
    for (const [user, act] of [
      [PEOPLE.alice, () => type(slack, PEOPLE.alice, "revoke")],
      [
        PEOPLE.alice,
        () =>
          slack.click({
            user: PEOPLE.alice,
            channel: message.channel,
            ts: message.ts,
            actionId: SUMMARY_ACTIONS.revoke,
          }),
      ],
      [PEOPLE.bob, () => press(slack, PEOPLE.bob, card, CARD_ACTIONS.deny)],
      [PEOPLE.bob, () => press(slack, PEOPLE.bob, card, CARD_ACTIONS.details)],
    ] as const) {
      const words = await privateAnswer(slack, user, act);
      expect(words).toContain("The form didn't open in time.");
      expect(words).toContain("Try again.");
    }
    expect(wordsOf(slack, card)).toContain("Needs 1 approval");
  });

  it("decides nothing while Slack does not say who clicked, and reads so", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    slack.faults.set("users.info", { error: "internal_error" });
    const words = await pressForWords(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    expect(words).toContain("zt-bot ran into an error.");
    const reference = /Its reference in the log: (\w+)/.exec(words)?.[1] ?? "no reference";
    expect(scene.logs()).toContain(reference);
    expect(wordsOf(slack, card)).toContain("Needs 1 approval");
    expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
    expect(readAudit(scene).map((row) => row.event)).toEqual(["request.created"]);

    slack.faults.clear();
    await approve(slack, card);
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
  });

  it("is told when Slack did not take an answer, where it takes another", async () => {
    const { slack } = await startScene();
    slack.faults.set("response_url", { status: 500, times: 1 });
    const { words } = await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
    expect(words).toContain("zt-bot ran into an error.");
  });
});
