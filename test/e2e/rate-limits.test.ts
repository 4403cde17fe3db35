import { describe, expect, it } from "vitest";

import type { Slack, StoredMessage } from "../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../src/views/request/card.ts";
import { addCrowd, stillIn } from "../support/crowd.ts";
import { answerTo, askToRevoke, CHANNELS, finishedThread, PEOPLE, press, wordsOf } from "../support/harness.ts";
import { readAudit, startScene, type Scene } from "./support.ts";

/** How the messages of a thread begin: evidence, decision, call, answer, verification, summary. */
const STORY = ["🔎", "👍", "▶️", "☑️", "✅", "🏁"];

/** What Slack allows a workspace that was quiet: two messages into a channel at once, then one a second. */
function limit({ slack }: Scene, burst = 2): void {
  slack.rates.set("chat.postMessage", { burst, perSecond: 1 });
  slack.rates.set("chat.update", { burst: 10, perSecond: 50 / 60 });
}

function refusals({ slack }: Scene): number {
  return slack.calls.filter(({ status }) => status === 429).length;
}

/** Of every message, when it was there; in milliseconds since the first. */
function timesOf(messages: readonly StoredMessage[]): number[] {
  const times = messages.map(({ ts }) => Number(ts) * 1000);
  return times.map((time) => Math.round(time - (times[0] ?? 0)));
}

function threadOf(slack: Slack, { channel, ts }: StoredMessage): string[] {
  return slack.thread(channel, ts).map((message) => slack.visibleText(message));
}

describe("where Slack takes two messages into a channel at once and one a second after that,", () => {
  it("a story of one person is told in the time that takes, in order, each message once", async () => {
    const scene = await startScene({ postsPerSecond: 1 });
    const { slack } = scene;
    limit(scene);
    const began = performance.now();
    const card = await askToRevoke(slack);
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    const thread = await finishedThread(slack, card);
    await slack.waitFor(() => wordsOf(slack, card).includes("✅"));
    const took = performance.now() - began;
    console.log("story", took, refusals(scene), timesOf(slack.thread(card.channel, card.ts)));
    expect(thread.map((text) => text.split(" ")[0])).toEqual(STORY);
    expect(took).toBeLessThan(6000);
    await slack.waitFor(() => slack.messages(slack.dm(PEOPLE.alice)).length === 1);
    expect(refusals(scene)).toBe(0);
    expect(readAudit(scene).filter(({ event }) => event.startsWith("messages."))).toEqual([]);
  });

  it("a story of 20 people ends, with every message once", async () => {
    const scene = await startScene({ postsPerSecond: 1 });
    const { slack, cloudflare } = scene;
    limit(scene);
    const emails = addCrowd(cloudflare, 20);
    const began = performance.now();
    const card = await askToRevoke(slack, { text: `revoke ${emails.join(" ")} --reason stuffing` });
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    const took = performance.now() - began;
    console.log("20", took, refusals(scene), slack.calls.filter(({method})=>method==="chat.update").length, threadOf(slack, card).map((t)=>t.slice(0,30)));
    expect(stillIn(cloudflare, emails)).toEqual([]);
    const thread = threadOf(slack, card);
    expect(new Set(thread).size).toBe(thread.length);
    expect(readAudit(scene).filter(({ event }) => event.startsWith("messages."))).toEqual([]);
  });
});
