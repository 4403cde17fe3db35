import { afterEach, describe, expect, it } from "vitest";
import type { Delivery, Slack, SlackOptions } from "../../../sandbox/slack/index.ts";
import { alice, bob, general, secops, startWithApp } from "./support.ts";
import type { Running } from "./support.ts";

const EVENTS = ["reaction_added", "reaction_removed", "message.channels", "message.groups"];

let running: Running | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

async function start(change: Partial<SlackOptions> = {}): Promise<Slack> {
  running = await startWithApp(
    "socket",
    (app) => {
      for (const type of ["message", "reaction_added", "reaction_removed"] as const)
        app.event(type, async () => {});
    },
    { events: EVENTS, ...change },
  );
  return running.slack;
}

function eventsOf(deliveries: readonly Delivery[]): unknown[] {
  return deliveries.map((one) => one.request?.payload["event"]);
}

describe("a reaction", () => {
  it("reaches the app as Slack writes it, once, and stands on the message", async () => {
    const slack = await start();
    const { ts } = await slack.post({ user: bob, channel: general, text: "look" });
    const pin = { user: alice, channel: general, ts, name: "pushpin" };
    expect(eventsOf(await slack.react(pin))).toEqual([
      {
        type: "reaction_added",
        user: alice,
        reaction: "pushpin",
        item: { type: "message", channel: general, ts },
        item_user: bob,
        event_ts: expect.stringMatching(/^\d+\.\d{6}$/),
      },
    ]);
    expect(await slack.react(pin)).toEqual([]);
    const { messages } = (await running?.app.client.conversations.replies({ channel: general, ts })) ?? {};
    expect(messages?.[0]).toMatchObject({ reactions: [{ name: "pushpin", users: [alice], count: 1 }] });
    expect(eventsOf(await slack.react({ ...pin, isRemoved: true }))).toMatchObject([
      { type: "reaction_removed", user: alice },
    ]);
    expect(await slack.react({ ...pin, isRemoved: true })).toEqual([]);
  });

  it("is not sent to an app that is no member, or did not subscribe", async () => {
    const slack = await start();
    const { ts } = await slack.post({ user: alice, channel: secops, text: "look" });
    expect(await slack.react({ user: alice, channel: secops, ts, name: "pushpin" })).toEqual([]);
    await expect(slack.react({ user: bob, channel: general, ts: "1.2", name: "eyes" })).rejects.toThrow(
      "There is no message 1.2",
    );
  });
});

describe("a message that its author changes", () => {
  it("is sent as message_changed, with what it was before", async () => {
    const slack = await start();
    const { ts, deliveries } = await slack.post({ user: bob, channel: general, text: "one" });
    expect(eventsOf(deliveries)).toMatchObject([{ type: "message", channel_type: "channel", text: "one" }]);
    const changed = eventsOf(await slack.edit({ user: bob, channel: general, ts, text: "two" }));
    expect(changed).toMatchObject([
      {
        type: "message",
        subtype: "message_changed",
        hidden: true,
        channel: general,
        message: { ts, text: "two", edited: { user: bob } },
        previous_message: { ts, text: "one" },
      },
    ]);
    await expect(slack.edit({ user: alice, channel: general, ts, text: "mine" })).rejects.toThrow("is not");
  });

  it("is sent as message_deleted, or as a tombstone where it has replies", async () => {
    const slack = await start();
    const alone = await slack.post({ user: bob, channel: general, text: "one" });
    expect(eventsOf(await slack.remove({ user: bob, channel: general, ts: alone.ts }))).toMatchObject([
      { subtype: "message_deleted", deleted_ts: alone.ts, previous_message: { text: "one" } },
    ]);
    const head = await slack.post({ user: bob, channel: general, text: "head" });
    await slack.post({ user: alice, channel: general, text: "reply", threadTs: head.ts });
    expect(eventsOf(await slack.remove({ user: bob, channel: general, ts: head.ts }))).toMatchObject([
      { subtype: "message_changed", message: { subtype: "tombstone" }, previous_message: { text: "head" } },
    ]);
  });

  it("is not sent to an app that did not subscribe", async () => {
    const slack = await start({ events: ["app_mention"] });
    const { ts, deliveries } = await slack.post({ user: bob, channel: general, text: "one" });
    expect(deliveries).toEqual([]);
    expect(await slack.edit({ user: bob, channel: general, ts, text: "two" })).toEqual([]);
    expect(await slack.remove({ user: bob, channel: general, ts })).toEqual([]);
  });
});
