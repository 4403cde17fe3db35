import { WebClient } from "@slack/web-api";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startSlack } from "../../../sandbox/slack/index.ts";
import type { Delivery, Slack } from "../../../sandbox/slack/index.ts";
import {
  alice,
  bob,
  general,
  last,
  section,
  startSocketApp,
  startWithApp,
  workspaceOptions,
} from "./support.ts";
import type { Running } from "./support.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function startApp(...args: Parameters<typeof startWithApp>): Promise<Running> {
  const running = await startWithApp(...args);
  stops.push(running.stop);
  return running;
}

async function startAlone(): Promise<Slack> {
  const slack = await startSlack(workspaceOptions());
  stops.push(slack.close);
  return slack;
}

const hello = { user: alice, channel: general, text: "hello" };

/** A connection without any library, once it is there. */
async function connectByHand(slack: Slack): Promise<WebSocket> {
  const before = slack.connections;
  const { url } = await new WebClient("xapp-test", { slackApiUrl: slack.apiUrl }).apps.connections.open();
  const socket = new WebSocket(url ?? "");
  await slack.waitFor(() => slack.connections === before + 1);
  return socket;
}

/** The payload of an interaction, which a test made sure was sent. */
function payloadOf(delivery: Delivery): Record<string, unknown> {
  if (delivery.request === undefined) throw new Error("Nothing was sent.");
  return delivery.request.payload;
}

describe("a person whose app is not there", { tags: ["slow"] }, () => {
  it("reads that it is not responding, in Socket Mode", async () => {
    const slack = await startAlone();
    expect(await slack.command(hello)).toMatchObject({ ok: false, error: "dispatch_failed" });
    expect(slack.notices(alice)).toMatchObject([{ text: "zt-bot is not responding (dispatch_failed)" }]);
    expect(slack.notices(bob)).toEqual([]);
  });

  it("reads the same over HTTP", async () => {
    const slack = await startAlone();
    slack.setDelivery({ mode: "http", url: "http://127.0.0.1:9/slack/events" });
    expect(await slack.command(hello)).toMatchObject({ ok: false, error: "dispatch_failed" });
  });

  it.each(["socket", "http"] as const)("reads that it took too long, over %s", async (mode) => {
    const never = Promise.withResolvers<void>();
    const { slack } = await startApp(mode, (app) => app.command("/zt", () => never.promise), {
      ackTimeoutMs: 80,
    });
    expect(await slack.command(hello)).toMatchObject({ ok: false, error: "operation_timeout" });
    expect(slack.notices(alice)).toMatchObject([{ text: '/zt failed with the error "operation_timeout"' }]);
    never.resolve();
  });

  it("is given three seconds unless told otherwise", async () => {
    const never = Promise.withResolvers<void>();
    const { slack } = await startApp("socket", (app) => app.command("/zt", () => never.promise));
    const from = performance.now();
    await slack.command(hello);
    expect(performance.now() - from).toBeGreaterThan(2900);
    never.resolve();
  });

  it("is told which commands exist", async () => {
    const slack = await startAlone();
    expect(await slack.command({ ...hello, command: "/other" })).toEqual({
      ok: false,
      error: "invalid_command",
    });
    expect(await slack.command({ ...hello, user: bob, channel: "G0SECOPS" })).toMatchObject({
      error: "channel_not_found",
    });
  });
});

describe("Socket Mode", () => {
  it("sends each payload to one of the connections, in turn", async () => {
    const heard: string[] = [];
    const register =
      (name: string): Parameters<typeof startWithApp>[1] =>
      (app) =>
        app.command("/zt", async ({ ack }) => {
          heard.push(name);
          await ack();
        });
    const { slack } = await startApp("socket", register("first"));
    const second = await startSocketApp(slack, register("second"));
    stops.unshift(async () => {
      await second.stop();
      await slack.waitFor(() => slack.connections === 1);
    });
    for (let turn = 0; turn < 4; turn += 1) await slack.command(hello);
    expect(heard.toSorted()).toEqual(["first", "first", "second", "second"]);
  });

  it("lets the app go on the connection's end and take up with a new one", async () => {
    const { slack } = await startApp("socket", (app) => app.command("/zt", ({ ack }) => ack()), {}, 50);
    slack.disconnectSockets("warning");
    await slack.waitFor(() => slack.connections === 0);
    await slack.waitFor(() => slack.connections === 1);
    expect(await slack.command(hello)).toMatchObject({ ok: true });
  });

  it("warns before a refresh, sends nothing after it, and leaves TCP open for a while", async () => {
    const { slack } = await startApp("socket", (app) => app.command("/zt", ({ ack }) => ack()));
    const socket = await connectByHand(slack);
    const heard: string[] = [];
    const closed = new Promise<void>((resolve) => socket.addEventListener("close", () => resolve()));
    socket.addEventListener("message", ({ data }) => void heard.push(String(data)));
    slack.disconnectSockets("refresh_requested", { warningMs: 50, lingerMs: 200 });
    const reasons = () => heard.flatMap((text) => (JSON.parse(text) as { reason?: string }).reason ?? []);
    await slack.waitFor(() => slack.connections === 0);
    await vi.waitFor(() => expect(reasons()).toEqual(["warning", "refresh_requested"]));
    expect(await slack.command(hello)).toMatchObject({ ok: false, error: "dispatch_failed" });
    expect(socket.readyState).toBe(WebSocket.OPEN);
    await closed;
  });

  it("takes a message in the ack as the answer", async () => {
    const { slack } = await startApp("socket", (app) => app.command("/zt", ({ ack }) => ack("right away")));
    await slack.command(hello);
    expect(slack.ephemerals(alice)).toMatchObject([{ text: "right away", channel: general }]);
  });
});

describe("signed requests", () => {
  it("carry a signature that the app checks", async () => {
    const { slack } = await startApp("http", (app) => app.command("/zt", ({ ack }) => ack()), {
      bot: { ...workspaceOptions().bot, signingSecret: "another" },
    });
    expect(await slack.command(hello)).toMatchObject({ ok: false, error: "dispatch_failed", status: 401 });
  });

  it("can be sent again, byte for byte", async () => {
    const triggers: string[] = [];
    const { slack } = await startApp("http", (app) =>
      app.command("/zt", async ({ ack, command }) => {
        triggers.push(command.trigger_id);
        await ack({ response_type: "in_channel", text: "for all" });
      }),
    );
    const first = await slack.command(hello);
    const again = await slack.replay(first);
    expect(again).toMatchObject({ ok: true, status: 200 });
    expect(again.request).toEqual(first.request);
    expect(triggers[1]).toBe(triggers[0]);
    expect(slack.messages(general).map((message) => message.text)).toEqual(["for all", "for all"]);
  });
});

describe("payloads", () => {
  it("of a command are what Slack sends", async () => {
    const { slack } = await startApp("socket", (app) => app.command("/zt", ({ ack }) => ack()));
    expect(payloadOf(await slack.command(hello))).toEqual({
      token: expect.any(String),
      team_id: "T0ACME",
      team_domain: "acme",
      channel_id: general,
      channel_name: "general",
      user_id: alice,
      user_name: "alice",
      command: "/zt",
      text: "hello",
      api_app_id: "A0BOT",
      is_enterprise_install: "false",
      response_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/actions\/T0ACME\/\w+$/),
      trigger_id: expect.stringMatching(/^\d+\.\d+\.\w+$/),
    });
  });

  it("of a click carry the message, its state and who clicked; those of an ephemeral message no message", async () => {
    const { slack, app } = await startApp("socket", (app) => app.action(/.*/, ({ ack }) => ack()));
    const blocks = [section("x", { actionId: "go", label: "Go", value: "v" })];
    const { ts = "" } = await app.client.chat.postMessage({ channel: general, text: "x", blocks });
    const clicked = payloadOf(await slack.click({ user: alice, channel: general, ts, actionId: "go" }));
    expect(clicked).toMatchObject({
      type: "block_actions",
      user: { id: alice, username: "alice", name: "alice", team_id: "T0ACME" },
      team: { id: "T0ACME", domain: "acme" },
      container: { type: "message", message_ts: ts, channel_id: general, is_ephemeral: false },
      channel: { id: general, name: "general" },
      message: { ts, user: "U0BOT", bot_id: "B0BOT" },
      state: { values: {} },
      actions: [{ type: "button", action_id: "go", value: "v", text: { text: "Go" } }],
    });
    const whisper = await app.client.chat.postEphemeral({ channel: general, user: alice, text: "x", blocks });
    const where = { channel: general, ts: whisper.message_ts ?? "", actionId: "go" };
    const whispered = payloadOf(await slack.click({ user: alice, ...where }));
    expect(whispered).toMatchObject({ container: { is_ephemeral: true }, channel: { id: general } });
    expect(whispered).not.toHaveProperty("message");
    expect(await slack.click({ user: bob, ...where })).toEqual({ ok: false, error: "no_such_element" });
  });

  it("of a choice carry what was chosen", async () => {
    const { slack, app } = await startApp("socket", (app) => app.action(/.*/, ({ ack }) => ack()));
    const options = ["a", "b"].map((value) => ({
      text: { type: "plain_text" as const, text: value },
      value,
    }));
    const blocks = [
      {
        type: "actions" as const,
        block_id: "row",
        elements: [
          { type: "static_select" as const, action_id: "one", options },
          { type: "checkboxes" as const, action_id: "some", options },
          { type: "users_select" as const, action_id: "who" },
          { type: "overflow" as const, action_id: "more", options },
        ],
      },
    ];
    const { ts = "" } = await app.client.chat.postMessage({ channel: general, text: "x", blocks });
    const choose = async (actionId: string, value: unknown) =>
      await slack.click({ user: alice, channel: general, ts, actionId, value });
    expect(payloadOf(await choose("one", "b"))).toMatchObject({
      actions: [{ type: "static_select", selected_option: { value: "b" } }],
      state: {
        values: { row: { one: { selected_option: { value: "b" } }, some: { selected_options: [] } } },
      },
    });
    expect(payloadOf(await choose("some", ["a"]))).toMatchObject({
      actions: [{ selected_options: [{ value: "a" }] }],
    });
    expect(payloadOf(await choose("who", bob))).toMatchObject({ actions: [{ selected_user: bob }] });
    expect(payloadOf(await choose("more", "a"))).toMatchObject({
      actions: [{ selected_option: { value: "a" } }],
    });
    expect(await choose("one", "c")).toEqual({ ok: false, error: "no_such_option" });
  });

  it("of a mention reach an app that subscribed to it", async () => {
    const { slack } = await startApp(
      "socket",
      (app) => app.event("app_mention", async ({ event, say }) => void (await say({ text: event.text }))),
      { events: ["app_mention"] },
    );
    await slack.post({ user: alice, channel: general, text: "@zt-bot help & thanks" });
    const answer = await slack.waitFor(() => slack.messages(general)[1]);
    expect(answer.text).toBe("<@U0BOT> help &amp; thanks");
  });
});

describe("time limits", () => {
  const modal = {
    type: "modal" as const,
    title: { type: "plain_text" as const, text: "T" },
    blocks: [section("x")],
  };

  async function startAt() {
    const clock = { now: Date.now() };
    const { slack, app } = await startApp("socket", (app) => app.command("/zt", ({ ack }) => ack()), {
      now: () => clock.now,
    });
    const payload = payloadOf(await slack.command(hello));
    return {
      slack,
      clock,
      web: app.client,
      triggerId: String(payload["trigger_id"]),
      answer: (body: unknown) =>
        fetch(String(payload["response_url"]), {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
    };
  }

  it("let a trigger open one modal within three seconds", async () => {
    const { clock, web, triggerId, slack } = await startAt();
    await expect(web.views.open({ trigger_id: "1.2.x", view: modal })).rejects.toThrow("invalid_trigger_id");
    clock.now += 2999;
    await web.views.open({ trigger_id: triggerId, view: modal });
    await expect(web.views.open({ trigger_id: triggerId, view: modal })).rejects.toThrow(
      "exchanged_trigger_id",
    );
    const later = payloadOf(await slack.command(hello));
    clock.now += 3001;
    const call = web.views.open({ trigger_id: String(later["trigger_id"]), view: modal });
    await expect(call).rejects.toThrow("expired_trigger_id");
  });

  it("let a response URL be used five times", async () => {
    const { slack, answer } = await startAt();
    for (let use = 0; use < 5; use += 1) expect((await answer({ text: `${use}` })).status).toBe(200);
    const sixth = await answer({ text: "5" });
    expect(sixth.status).toBe(404);
    expect(await sixth.json()).toEqual({ ok: false, error: "used_url" });
    expect(slack.ephemerals(alice)).toHaveLength(5);
    expect(slack.violations).toMatchObject([{ method: "response_url", error: "used_url" }]);
  });

  it("let a response URL be used for thirty minutes", async () => {
    const { clock, answer } = await startAt();
    clock.now += 30 * 60_000 - 1;
    expect((await answer({ text: "x", response_type: "in_channel" })).status).toBe(200);
    clock.now += 2;
    expect(await (await answer({ text: "x" })).json()).toEqual({ ok: false, error: "expired_url" });
  });

  it("do not spare an answer through a response URL the limits of a message", async () => {
    const { answer } = await startAt();
    const response = await answer({ text: "x", blocks: [section("x".repeat(3001))] });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "invalid_blocks" });
  });
});

describe("a response URL of a click", () => {
  it("replaces or deletes the ephemeral message it came from", async () => {
    const { slack } = await startApp("socket", (app) => {
      app.action("swap", async ({ ack, respond }) => {
        await ack();
        await respond({
          replace_original: true,
          text: "new",
          blocks: [section("new", { actionId: "drop", label: "x" })],
        });
      });
      app.action("drop", async ({ ack, respond }) => {
        await ack();
        await respond({ delete_original: true });
      });
    });
    const web = new WebClient("xoxb-test", { slackApiUrl: slack.apiUrl });
    const blocks = [section("old", { actionId: "swap", label: "Swap" })];
    const { message_ts: ts = "" } = await web.chat.postEphemeral({
      channel: general,
      user: alice,
      text: "old",
      blocks,
    });
    await slack.click({ user: alice, channel: general, ts, actionId: "swap" });
    await slack.waitFor(() => last(slack.ephemerals(alice)).text === "new");
    expect(slack.ephemerals(alice)).toMatchObject([{ ts, history: [{ text: "old" }] }]);
    await slack.click({ user: alice, channel: general, ts, actionId: "drop" });
    await slack.waitFor(() => slack.ephemerals(alice).length === 0);
  });
});

describe("modals", () => {
  const modal = (change = {}) => ({
    type: "modal" as const,
    title: { type: "plain_text" as const, text: "T" },
    blocks: [section("x", { actionId: "more", label: "More" })],
    ...change,
  });

  it("are pushed by a click in them, updated while nobody else did, and closed", async () => {
    const closed: string[] = [];
    const { slack, app } = await startApp("socket", (app) => {
      app.command("/zt", async ({ ack, command, client }) => {
        await ack();
        await client.views.open({ trigger_id: command.trigger_id, view: modal({ external_id: "one" }) });
      });
      app.action("more", async ({ ack, body, client }) => {
        await ack();
        if (body.type !== "block_actions") return;
        const view = modal({ callback_id: "top", notify_on_close: true });
        await client.views.push({ trigger_id: body.trigger_id, view });
      });
      app.view({ callback_id: "top", type: "view_closed" }, async ({ ack, view }) => {
        await ack();
        closed.push(view.id);
      });
    });
    await slack.command(hello);
    const bottom = await slack.waitFor(() => slack.views(alice)[0]);
    await slack.click({ user: alice, viewId: bottom.id, actionId: "more" });
    const top = await slack.waitFor(() => slack.views(alice)[1]);
    const { hash } = top;
    await app.client.views.update({
      view_id: top.id,
      hash,
      view: modal({ callback_id: "top", notify_on_close: true }),
    });
    const stale = app.client.views.update({ view_id: top.id, hash, view: modal() });
    await expect(stale).rejects.toThrow("hash_conflict");
    await app.client.views.update({ external_id: "one", view: modal({ external_id: "one" }) });
    expect(await slack.closeView({ user: alice, viewId: top.id })).toMatchObject({ ok: true });
    expect(closed).toEqual([top.id]);
    expect(slack.views(alice).map((view) => view.id)).toEqual([bottom.id]);
    await slack.closeView({ user: alice, viewId: bottom.id });
    await expect(app.client.views.update({ view_id: bottom.id, view: modal() })).rejects.toThrow("not_found");
  });

  it("are refused with Slack's words when they break a limit", async () => {
    const { slack, app } = await startApp("socket", (app) => app.command("/zt", ({ ack }) => ack()));
    const trigger = payloadOf(await slack.command(hello))["trigger_id"];
    const view = modal({ title: { type: "plain_text" as const, text: "x".repeat(25) } });
    await expect(app.client.views.open({ trigger_id: String(trigger), view })).rejects.toMatchObject({
      data: {
        error: "invalid_arguments",
        response_metadata: {
          messages: ["[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"],
        },
      },
    });
    await app.client.views.open({ trigger_id: String(trigger), view: modal() });
    expect(slack.views(alice)).toHaveLength(1);
  });

  it("give a click what the inputs hold, and ask the app for the options of an external select", async () => {
    const heard: unknown[] = [];
    const input = {
      type: "input" as const,
      block_id: "who",
      label: { type: "plain_text" as const, text: "Who" },
      element: { type: "external_select" as const, action_id: "person" },
    };
    const { slack } = await startApp("socket", (app) => {
      app.command("/zt", async ({ ack, command, client }) => {
        await ack();
        const submit = { type: "plain_text" as const, text: "Go" };
        const blocks = [section("x", { actionId: "more", label: "More" }), input];
        await client.views.open({ trigger_id: command.trigger_id, view: modal({ submit, blocks }) });
      });
      app.options("person", async ({ ack, options }) => {
        await ack({
          options: [{ text: { type: "plain_text", text: `${options.value}!` }, value: options.value }],
        });
      });
      app.action("more", async ({ ack, body }) => {
        await ack();
        if (body.type === "block_actions")
          heard.push(body.view?.state.values["who"]?.["person"]?.selected_option?.value);
      });
    });
    await slack.command(hello);
    const { id: viewId } = await slack.waitFor(() => slack.views(alice)[0]);
    const asked = await slack.suggest({ user: alice, viewId, actionId: "person", value: "mal" });
    expect(asked.options).toEqual([{ text: "mal!", value: "mal" }]);
    await slack.click({ user: alice, viewId, actionId: "more", values: { who: { person: "mal" } } });
    await slack.waitFor(() => heard.length === 1);
    expect(heard).toEqual(["mal"]);
  });

  it("may be a Home tab", async () => {
    const { slack, app } = await startApp("socket", () => {});
    await app.client.views.publish({ user_id: alice, view: { type: "home", blocks: [section("home")] } });
    const home = slack.home(alice);
    expect(home && slack.visibleText(home)).toBe("home");
    expect(slack.views(alice)).toEqual([]);
  });
});
