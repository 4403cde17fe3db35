import type { App } from "@slack/bolt";
import { afterEach, describe, expect, it } from "vitest";
import { startSlack } from "../../../sandbox/slack/index.ts";
import type { Slack } from "../../../sandbox/slack/index.ts";
import { alice, bob, general, section, secops, startWithApp, workspaceOptions } from "./support.ts";
import type { Running } from "./support.ts";

let running: Running | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const shortcuts = [
  { type: "message" as const, name: "Investigate", callbackId: "investigate" },
  { type: "global" as const, name: "Zero Trust…", callbackId: "menu" },
];

/** Answers a message shortcut by its response_url, a global one by a modal. */
function register(app: App): void {
  app.shortcut({ type: "message_action", callback_id: "investigate" }, async ({ ack, shortcut, respond }) => {
    await ack();
    await respond({ text: `about ${shortcut.message.text}`, replace_original: true });
  });
  app.shortcut({ type: "shortcut", callback_id: "menu" }, async ({ ack, shortcut, client }) => {
    await ack();
    await client.views.open({
      trigger_id: shortcut.trigger_id,
      view: {
        type: "modal",
        title: { type: "plain_text", text: "Zero Trust" },
        blocks: [section("Pick one")],
      },
    });
  });
}

async function start(mode: "socket" | "http"): Promise<{ slack: Slack; app: App }> {
  running = await startWithApp(mode, register, { shortcuts });
  return running;
}

describe.each(["socket", "http"] as const)("over %s", (mode) => {
  it("a message shortcut carries the message and can be answered where the message is", async () => {
    const { slack } = await start(mode);
    const { ts } = await slack.post({ user: bob, channel: general, text: "who is eve@corp.com?" });
    const used = await slack.messageShortcut({
      user: alice,
      channel: general,
      ts,
      callbackId: "investigate",
    });
    expect(used.ok).toBe(true);
    expect(used.request?.payload).toEqual({
      type: "message_action",
      token: expect.any(String),
      action_ts: expect.stringMatching(/^\d+\.\d{6}$/),
      team: { id: "T0ACME", domain: "acme" },
      user: { id: alice, username: "alice", name: "alice", team_id: "T0ACME" },
      channel: { id: general, name: "general" },
      is_enterprise_install: false,
      enterprise: null,
      callback_id: "investigate",
      trigger_id: expect.stringMatching(/^\d+\.\d+\.\w+$/),
      response_url: expect.stringContaining("/actions/T0ACME/"),
      message_ts: ts,
      message: { type: "message", user: bob, ts, text: "who is eve@corp.com?", team: "T0ACME" },
    });
    const answer = await slack.waitFor(() => slack.ephemerals(alice, general)[0]);
    expect(answer.text).toBe("about who is eve@corp.com?");
    // The message belongs to Bob: an answer never replaces it.
    expect(slack.messages(general)).toMatchObject([{ ts, text: "who is eve@corp.com?" }]);
  });

  it("a global shortcut knows no channel and can open a modal", async () => {
    const { slack } = await start(mode);
    const used = await slack.globalShortcut({ user: alice, callbackId: "menu" });
    expect(used.ok).toBe(true);
    expect(used.request?.payload).toEqual({
      type: "shortcut",
      token: expect.any(String),
      action_ts: expect.any(String),
      team: { id: "T0ACME", domain: "acme" },
      user: { id: alice, username: "alice", name: "alice", team_id: "T0ACME" },
      is_enterprise_install: false,
      enterprise: null,
      callback_id: "menu",
      trigger_id: expect.any(String),
    });
    expect((await slack.waitFor(() => slack.views(alice)[0])).title.text).toBe("Zero Trust");
  });
});

it("a reply in a thread has message shortcuts too, an ephemeral message has none", async () => {
  const { slack, app } = await start("socket");
  const { ts: head } = await slack.post({ user: bob, channel: general, text: "head" });
  const { ts } = await slack.post({ user: bob, channel: general, text: "reply", threadTs: head });
  const used = await slack.messageShortcut({ user: alice, channel: general, ts, callbackId: "investigate" });
  expect(used.request?.payload).toMatchObject({ message: { ts, thread_ts: head } });
  const { message_ts: whisper = "" } = await app.client.chat.postEphemeral({
    channel: general,
    user: alice,
    text: "psst",
  });
  expect(
    await slack.messageShortcut({ user: alice, channel: general, ts: whisper, callbackId: "investigate" }),
  ).toEqual({ ok: false, error: "message_not_found" });
});

it("who can't see a message, or has no such shortcut, sends nothing", async () => {
  const { slack } = await start("socket");
  const { ts } = await slack.post({ user: alice, channel: secops, text: "private" });
  expect(await slack.messageShortcut({ user: bob, channel: secops, ts, callbackId: "investigate" })).toEqual({
    ok: false,
    error: "channel_not_found",
  });
  const unknown = { ok: false, error: "no_such_shortcut" };
  expect(await slack.messageShortcut({ user: alice, channel: secops, ts, callbackId: "menu" })).toEqual(
    unknown,
  );
  expect(await slack.globalShortcut({ user: alice, callbackId: "investigate" })).toEqual(unknown);
  slack.setPerson(bob, { deleted: true });
  expect(await slack.globalShortcut({ user: bob, callbackId: "menu" })).toMatchObject({
    error: "account_inactive",
  });
});

it("in a private channel the app is not told the channel's name", async () => {
  const { slack } = await start("socket");
  const { ts } = await slack.post({ user: alice, channel: secops, text: "private" });
  const used = await slack.messageShortcut({ user: alice, channel: secops, ts, callbackId: "investigate" });
  expect(used.request?.payload["channel"]).toEqual({ id: secops, name: "privategroup" });
});

it("the control API lists the shortcuts and uses them", async () => {
  const { slack } = await start("socket");
  const use = async (body: unknown): Promise<unknown> => {
    const response = await fetch(`${slack.url}/sandbox/shortcut`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return await response.json();
  };
  expect(slack.state(alice).shortcuts).toEqual(shortcuts);
  const { ts } = await slack.post({ user: bob, channel: general, text: "hi" });
  expect(await use({ user: alice, callbackId: "investigate", channel: general, ts })).toEqual({ ok: true });
  expect(await use({ user: alice, callbackId: "menu" })).toEqual({ ok: true });
  expect(await use({ user: alice, callbackId: "investigate" })).toEqual({
    ok: false,
    error: "no_such_shortcut",
  });
  expect(await use({ callbackId: "menu" })).toMatchObject({ ok: false });
});

it("a name that a manifest could not have is refused at the start", async () => {
  const tooLong = [{ type: "message" as const, name: "Investigate in Zero Trust", callbackId: "x" }];
  await expect(startSlack(workspaceOptions({ shortcuts: tooLong }))).rejects.toThrow("at most 24 characters");
});
