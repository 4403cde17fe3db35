import type { App } from "@slack/bolt";
import { afterEach, describe, expect, it } from "vitest";
import type { Posted, Slack, SlackOptions } from "../../../sandbox/slack/index.ts";
import { alice, bob, general, secops, startWithApp } from "./support.ts";
import type { Running } from "./support.ts";

let running: Running | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

interface Heard {
  eventId: string;
  attempt: number | undefined;
  reason: string | undefined;
}

async function start(
  mode: "socket" | "http",
  change: Partial<SlackOptions> = {},
): Promise<{ slack: Slack; app: App; heard: Heard[] }> {
  const heard: Heard[] = [];
  running = await startWithApp(
    mode,
    (app) =>
      app.event("app_mention", async ({ body, context }) => {
        heard.push({ eventId: body.event_id, attempt: context.retryNum, reason: context.retryReason });
      }),
    { events: ["app_mention"], ...change },
  );
  return { ...running, heard };
}

function eventOf(posted: Posted): unknown {
  return posted.deliveries[0]?.request?.payload["event"];
}

describe.each(["socket", "http"] as const)("over %s", (mode) => {
  it("a message that names the bot reaches the app as Slack writes it", async () => {
    const { slack, heard } = await start(mode, { linkEmails: true });
    const posted = await slack.post({
      user: alice,
      channel: general,
      text: "@zt-bot user eve@corp.com & @bob",
    });
    expect(posted.deliveries).toMatchObject([{ ok: true }]);
    expect(posted.deliveries[0]?.request?.payload).toMatchObject({
      type: "event_callback",
      team_id: "T0ACME",
      api_app_id: "A0BOT",
      event_id: expect.stringMatching(/^Ev\w{10}$/),
      event_time: expect.any(Number),
      authorizations: [{ user_id: "U0BOT", is_bot: true }],
    });
    expect(eventOf(posted)).toEqual({
      type: "app_mention",
      user: alice,
      text: "<@U0BOT> user <mailto:eve@corp.com|eve@corp.com> &amp; <@U0BOB>",
      ts: posted.ts,
      event_ts: posted.ts,
      channel: general,
      team: "T0ACME",
      client_msg_id: expect.any(String),
    });
    await slack.waitFor(() => heard.length === 1);
    expect(heard[0]?.attempt ?? 0).toBe(0);
  });

  it("a retry has the event's id and says which one it is and why", async () => {
    const { slack, heard } = await start(mode);
    const { deliveries } = await slack.post({ user: alice, channel: general, text: "@zt-bot help" });
    const [delivery] = deliveries;
    if (delivery === undefined) throw new Error("The app was sent nothing.");
    expect(await slack.retry(delivery)).toMatchObject({ ok: true });
    expect(await slack.retry(delivery, { attempt: 2, reason: "connection_failed" })).toMatchObject({
      ok: true,
    });
    expect(await slack.replay(delivery)).toMatchObject({ ok: true });
    await slack.waitFor(() => heard.length === 4);
    expect(new Set(heard.map((each) => each.eventId)).size).toBe(1);
    expect(heard.slice(1, 3)).toMatchObject([
      { attempt: 1, reason: "http_timeout" },
      { attempt: 2, reason: "connection_failed" },
    ]);
  });
});

it("a mention in a thread says which thread and whose", async () => {
  const { slack } = await start("socket");
  const { ts } = await slack.post({ user: bob, channel: general, text: "head" });
  const posted = await slack.post({ user: alice, channel: general, text: "@zt-bot help", threadTs: ts });
  expect(eventOf(posted)).toMatchObject({ thread_ts: ts, parent_user_id: bob });
});

it.each([
  ["without a mention", "help", {}],
  ["with the bot's name inside another word", "me@zt-bot.example", {}],
  ["to an app that did not subscribe", "@zt-bot help", { events: [] }],
])("a message %s sends nothing", async (_name, text, change) => {
  const { slack } = await start("socket", change);
  expect((await slack.post({ user: alice, channel: general, text })).deliveries).toEqual([]);
});

it("where the bot is no member nothing is sent, and who mentioned it is told", async () => {
  const { slack } = await start("socket");
  expect((await slack.post({ user: alice, channel: secops, text: "@zt-bot help" })).deliveries).toEqual([]);
  expect(slack.notices(alice)).toMatchObject([
    { text: "You mentioned @zt-bot, but they’re not in this channel." },
  ]);
});

it("in its DM a mention is a message like all others", async () => {
  const { slack } = await start("socket", { events: ["app_mention", "message.im"] });
  const posted = await slack.post({ user: alice, channel: slack.dm(alice), text: "@zt-bot help" });
  expect(posted.deliveries).toHaveLength(1);
  expect(eventOf(posted)).toMatchObject({ type: "message", channel_type: "im" });
});

it("an interaction is never tried again by Slack", async () => {
  const { slack } = await start("socket", { ackTimeoutMs: 50 });
  const delivery = await slack.command({ user: alice, channel: general, text: "" });
  await expect(slack.retry(delivery)).rejects.toThrow("only events are tried again");
});

describe("an ephemeral answer in a thread", () => {
  it("shows there, to that person alone, and does not count as a reply", async () => {
    const { slack, app } = await start("socket");
    const { ts } = await slack.post({ user: alice, channel: general, text: "head" });
    await slack.post({ user: alice, channel: general, text: "reply", threadTs: ts });
    await app.client.chat.postEphemeral({ channel: general, user: alice, text: "psst", thread_ts: ts });
    const seenBy = (user: string) => slack.state(user).channels.find((channel) => channel.id === general);
    expect(seenBy(alice)?.threads[ts]?.map((message) => message.text)).toEqual(["reply", "psst"]);
    expect(seenBy(alice)?.messages).toMatchObject([{ text: "head", replyCount: 1 }]);
    expect(seenBy(bob)?.threads[ts]?.map((message) => message.text)).toEqual(["reply"]);
    expect(slack.violations).toEqual([]);
  });

  it("is a mistake while the thread has no reply: Slack would show it to nobody", async () => {
    const { slack, app } = await start("socket");
    const { ts } = await slack.post({ user: alice, channel: general, text: "head" });
    await app.client.chat.postEphemeral({ channel: general, user: alice, text: "psst", thread_ts: ts });
    expect(slack.violations).toMatchObject([{ method: "chat.postEphemeral", error: "thread_not_active" }]);
  });
});

it("the state names user groups and says whether mentions are heard", async () => {
  const { slack } = await start("socket");
  expect(slack.state(alice)).toMatchObject({
    userGroups: [{ id: "S0APPROVERS", handle: "approvers" }],
    hearsMentions: true,
  });
});
