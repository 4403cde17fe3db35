import { ErrorCode } from "@slack/web-api";
import { describe, expect, it, onTestFinished } from "vitest";

import { startSlack, type Slack } from "../../sandbox/slack/index.ts";
import { createSlackClients } from "../../src/slack/clients.ts";
import type { PacedClient } from "../../src/slack/paced-client.ts";
import { general, workspaceOptions } from "../sandbox/slack/support.ts";

const OPEN = "C0OPEN";

async function start(postsPerSecond: number): Promise<{ slack: Slack; client: PacedClient }> {
  const slack = await startSlack(workspaceOptions());
  onTestFinished(() => slack.close());
  return { slack, client: createSlackClients("xoxb-test", slack.apiUrl, { postsPerSecond }).background };
}

function textsTo(slack: Slack, channel: string): unknown[] {
  return slack.calls
    .filter(({ args, method }) => method === "chat.postMessage" && args["channel"] === channel)
    .map(({ args }) => args["text"]);
}

describe("messages into one channel", { tags: ["slow"] }, () => {
  it("go no faster than the pace after the first two, and not behind another channel's", async () => {
    const { client } = await start(5);
    await client.auth.test();
    const began = performance.now();
    const post = async (channel: string) => {
      await client.chat.postMessage({ channel, text: "x" });
      return performance.now() - began;
    };
    const times = await Promise.all(Array.from({ length: 5 }, () => post(general)));
    for (const [index, time] of times.slice(2).entries())
      expect(time).toBeGreaterThanOrEqual((index + 1) * 210 - 5);
    const order: string[] = [];
    const more = [general, general, general, OPEN].map((channel) =>
      post(channel).then(() => order.push(channel)),
    );
    await Promise.all(more);
    expect(order.indexOf(OPEN)).toBeLessThan(3);
  });

  it("go in order, and one that stands alone goes before replies in threads", async () => {
    const { slack, client } = await start(5);
    const { ts } = await client.chat.postMessage({ channel: general, text: "head" });
    const replies = ["a", "b", "c", "d", "e"].map((text) =>
      client.chat.postMessage({ channel: general, text, thread_ts: ts ?? "" }),
    );
    const card = client.chat.postMessage({ channel: general, text: "card" });
    await Promise.all([...replies, card]);
    const texts = textsTo(slack, general);
    expect(texts.filter((text) => text !== "card")).toEqual(["head", "a", "b", "c", "d", "e"]);
    expect(texts.indexOf("card")).toBeLessThan(texts.indexOf("d"));
  });
});

describe("where Slack asks to wait,", () => {
  it("its channel is not asked again until then, nor by what waits already, and others are", async () => {
    const { slack, client } = await start(4);
    const post = (channel: string) => client.chat.postMessage({ channel, text: "x" });
    slack.faults.set("chat.postMessage", { retryAfter: 1, times: 1 });
    const began = performance.now();
    const all = await Promise.allSettled(Array.from({ length: 4 }, () => post(general)));
    expect(performance.now() - began).toBeLessThan(500);
    // Two are sent at once, of which one is refused; the others do not wait for their turn any longer.
    expect(all.filter(({ status }) => status === "fulfilled").length).toBeLessThan(2);
    const asked = textsTo(slack, general).length;
    await expect(post(general)).rejects.toMatchObject({ code: ErrorCode.RateLimitedError });
    expect(textsTo(slack, general)).toHaveLength(asked);
    expect((await post(OPEN)).ok).toBe(true);
    expect(
      await client.chat.update({ channel: general, ts: "1.1", text: "x" }).catch((error: unknown) => error),
    ).toMatchObject({
      data: { error: "message_not_found" },
    });

    const again = await expectLater(() => post(general));
    expect(again - began).toBeGreaterThanOrEqual(990);
  });

  it("with a method that has no pace, it waits as well, and other methods do not", async () => {
    const { slack, client } = await start(1000);
    slack.faults.set("users.info", { retryAfter: 30, times: 1 });
    for (let time = 0; time < 2; time += 1)
      await expect(client.users.info({ user: "U0ALICE" })).rejects.toMatchObject({
        code: ErrorCode.RateLimitedError,
      });
    expect(slack.calls).toHaveLength(1);
    expect((await client.auth.test()).ok).toBe(true);
  });
});

/** Tries until it works. @returns when that was. */
async function expectLater(work: () => Promise<unknown>): Promise<number> {
  await expect
    .poll(
      () =>
        work().then(
          () => true,
          () => false,
        ),
      { timeout: 3000, interval: 20 },
    )
    .toBe(true);
  return performance.now();
}
