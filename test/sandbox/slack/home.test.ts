import type { App } from "@slack/bolt";
import { afterEach, describe, expect, it } from "vitest";
import type { Slack, SlackOptions } from "../../../sandbox/slack/index.ts";
import { alice, bob, section, startWithApp } from "./support.ts";
import type { Running } from "./support.ts";

let running: Running | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const search = {
  type: "input" as const,
  block_id: "search",
  dispatch_action: true,
  label: { type: "plain_text" as const, text: "Look up" },
  element: { type: "plain_text_input" as const, action_id: "search" },
};

/** Publishes a Home when it is opened, and opens a modal with what was searched for. */
function register(app: App): void {
  app.event("app_home_opened", async ({ event, client }) => {
    if (event.tab !== "home") return;
    const blocks = [section(event.view === undefined ? "hello" : "hello again"), search];
    await client.views.publish({ user_id: event.user, view: { type: "home", blocks } });
  });
  app.action("search", async ({ ack, body, action, client }) => {
    await ack();
    if (!("trigger_id" in body)) return;
    const text = "value" in action ? String(action.value) : "";
    const title = { type: "plain_text" as const, text: "Found" };
    await client.views.open({
      trigger_id: body.trigger_id,
      view: { type: "modal", title, blocks: [section(text)] },
    });
  });
}

async function start(
  mode: "socket" | "http",
  change: Partial<SlackOptions> = { events: ["app_home_opened"] },
): Promise<{ slack: Slack; app: App }> {
  running = await startWithApp(mode, register, change);
  return running;
}

describe.each(["socket", "http"] as const)("over %s", (mode) => {
  it("opening the Home tells the app, with what it published last, and shows what it publishes", async () => {
    const { slack } = await start(mode);
    const first = await slack.openHome({ user: alice });
    expect(first.request?.payload["event"]).toEqual({
      type: "app_home_opened",
      user: alice,
      channel: slack.dm(alice),
      event_ts: expect.stringMatching(/^\d+\.\d{6}$/),
      tab: "home",
    });
    const view = await slack.waitFor(() => slack.home(alice));
    expect(slack.visibleText(view)).toContain("hello");
    expect(slack.state(alice)).toMatchObject({ hasHome: true, home: { id: view.id } });
    expect(slack.home(bob)).toBeUndefined();
    const second = await slack.openHome({ user: alice });
    expect(second.request?.payload["event"]).toMatchObject({ view: { id: view.id, type: "home" } });
    await slack.waitFor(() => slack.visibleText(slack.home(alice) ?? { blocks: [] }).includes("hello again"));
  });

  it("what is typed into the Home reaches the app with Enter, and can open a modal", async () => {
    const { slack } = await start(mode);
    await slack.openHome({ user: alice });
    const { id: viewId } = await slack.waitFor(() => slack.home(alice));
    const entered = await slack.click({ user: alice, viewId, actionId: "search", value: "mallory" });
    expect(entered.request?.payload).toMatchObject({
      container: { type: "view", view_id: viewId },
      view: { state: { values: { search: { search: { value: "mallory" } } } } },
      actions: [{ type: "plain_text_input", action_id: "search", block_id: "search", value: "mallory" }],
    });
    const modal = await slack.waitFor(() => slack.views(alice)[0]);
    expect(slack.visibleText(modal)).toContain("mallory");
    expect(await slack.click({ user: bob, viewId, actionId: "search", value: "x" })).toMatchObject({
      ok: false,
    });
  });

  it("the messages tab sends the same event, without a view", async () => {
    const { slack } = await start(mode);
    await slack.openHome({ user: alice });
    await slack.waitFor(() => slack.home(alice));
    const opened = await slack.openHome({ user: alice, tab: "messages" });
    expect(opened.request?.payload["event"]).toMatchObject({ tab: "messages" });
    expect(opened.request?.payload["event"]).not.toHaveProperty("view");
  });
});

describe("views.publish", () => {
  it("takes no block that a Home does not show, and no modal", async () => {
    const { slack, app } = await start("socket");
    const table = {
      type: "table",
      rows: [[{ type: "raw_text", text: "x" }]],
    };
    const publish = (view: unknown) =>
      app.client.views.publish({ user_id: alice, view: view as never }).catch((error: unknown) => error);
    expect(await publish({ type: "home", blocks: [table] })).toMatchObject({
      data: { error: "invalid_arguments" },
    });
    const title = { type: "plain_text", text: "Modal" };
    expect(await publish({ type: "modal", title, blocks: [section("x")] })).toMatchObject({
      data: { error: "invalid_arguments" },
    });
    const many = Array.from({ length: 101 }, () => section("x"));
    expect(await publish({ type: "home", blocks: many })).toMatchObject({
      data: { error: "invalid_arguments" },
    });
    expect(slack.home(alice)).toBeUndefined();
  });

  it("is refused where the Home tab is not enabled", async () => {
    const { slack, app } = await start("socket", { events: ["app_home_opened"], hasHomeTab: false });
    expect(await slack.openHome({ user: alice })).toMatchObject({ ok: false, error: "not_enabled" });
    const view = { type: "home" as const, blocks: [section("x")] };
    const refused = app.client.views.publish({ user_id: alice, view }).catch((error: unknown) => error);
    expect(await refused).toMatchObject({ data: { error: "not_enabled" } });
    expect(slack.state(alice).hasHome).toBe(false);
  });

  it("tells nobody of a Home where the app did not subscribe", async () => {
    const { slack } = await start("socket", {});
    expect(await slack.openHome({ user: alice })).toEqual({ ok: true });
    expect(slack.state(alice).hasHome).toBe(false);
  });
});
