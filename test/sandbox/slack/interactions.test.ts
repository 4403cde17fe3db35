import type { App } from "@slack/bolt";
import { afterEach, describe, expect, it } from "vitest";
import type { Slack } from "../../../sandbox/slack/index.ts";
import { alice, bob, general, last, section, startWithApp } from "./support.ts";
import type { Running } from "./support.ts";

let running: Running | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const modal = {
  type: "modal" as const,
  callback_id: "reason",
  private_metadata: "req-1",
  title: { type: "plain_text" as const, text: "Deny" },
  submit: { type: "plain_text" as const, text: "Send" },
  blocks: [
    {
      type: "input" as const,
      block_id: "why",
      label: { type: "plain_text" as const, text: "Why?" },
      element: { type: "plain_text_input" as const, action_id: "text" },
    },
    {
      type: "input" as const,
      block_id: "how",
      label: { type: "plain_text" as const, text: "How?" },
      element: {
        type: "radio_buttons" as const,
        action_id: "choice",
        options: ["soft", "hard"].map((value) => ({
          text: { type: "plain_text" as const, text: value },
          value,
        })),
        initial_option: { text: { type: "plain_text" as const, text: "soft" }, value: "soft" },
      },
    },
  ],
};

/** A bot that uses every door: command, button, modal, ephemeral, thread, update. */
function register(app: App): void {
  app.command("/zt", async ({ ack, respond, command, client }) => {
    await ack();
    if (command.text === "card") {
      await client.chat.postMessage({
        channel: command.channel_id,
        text: "A card",
        blocks: [section("*Revoke* mallory", { actionId: "approve", label: "Approve", value: "req-1" })],
        metadata: { event_type: "card", event_payload: { id: "req-1" } },
      });
      return;
    }
    if (command.text === "modal") {
      await client.views.open({ trigger_id: command.trigger_id, view: modal });
      return;
    }
    await respond({ text: `you said ${command.text}` });
  });
  app.action("approve", async ({ ack, body, client, action }) => {
    await ack();
    if (body.type !== "block_actions" || action.type !== "button" || body.message === undefined) return;
    const channel = body.channel?.id ?? "";
    await client.chat.update({
      channel,
      ts: body.message.ts,
      text: `approved ${action.value}`,
      blocks: [section(`approved by <@${body.user.id}>`)],
    });
    await client.chat.postMessage({ channel, thread_ts: body.message.ts, text: "done" });
    await client.chat.postEphemeral({ channel, user: body.user.id, text: "thanks" });
  });
  app.view("reason", async ({ ack, view, client, body }) => {
    const text = view.state.values["why"]?.["text"]?.value ?? "";
    if (text === "bad") return await ack({ response_action: "errors", errors: { why: "Say more." } });
    if (text === "update") {
      const title = { type: "plain_text" as const, text: "Second" };
      return await ack({ response_action: "update", view: { ...modal, title } });
    }
    if (text === "push") return await ack({ response_action: "push", view: modal });
    if (text === "clear") return await ack({ response_action: "clear" });
    await ack();
    const choice = view.state.values["how"]?.["choice"]?.selected_option?.value;
    await client.chat.postMessage({
      channel: body.user.id,
      text: `${view.private_metadata}: ${text} (${choice})`,
    });
  });
}

async function openModal(slack: Slack): Promise<string> {
  await slack.command({ user: alice, channel: general, text: "modal" });
  return (await slack.waitFor(() => slack.views(alice).at(-1))).id;
}

describe.each(["socket", "http"] as const)("a Bolt app over %s", (mode) => {
  it("acks a slash command and answers it through the response URL", async () => {
    running = await startWithApp(mode, register);
    const { slack } = running;
    const delivery = await slack.command({
      user: alice,
      channel: general,
      text: "user <bob> & @bob in #general",
    });
    expect(delivery.ok).toBe(true);
    const answer = await slack.waitFor(() => slack.ephemerals(alice, general)[0]);
    expect(answer.text).toBe("you said user &lt;bob&gt; &amp; <@U0BOB|bob> in <#C0GENERAL|general>");
    expect(slack.visibleText(answer)).toBe("you said user <bob> & @bob in #general");
    expect(slack.ephemerals(bob)).toEqual([]);
    expect(slack.messages(general)).toEqual([]);
  });

  it("edits a card in place when its button is pressed, keeps the thread and tells the person", async () => {
    running = await startWithApp(mode, register);
    const { slack } = running;
    await slack.command({ user: alice, channel: general, text: "card" });
    const card = await slack.waitFor(() => slack.messages(general)[0]);
    const { ts } = card;
    const delivery = await slack.click({ user: bob, channel: general, ts, actionId: "approve" });
    expect(delivery.ok).toBe(true);
    await slack.waitFor(() => slack.ephemerals(bob, general)[0]);
    const after = last(slack.messages(general));
    expect(after.ts).toBe(ts);
    expect(slack.visibleText(after)).toBe("approved by @bob");
    expect(after.metadata?.event_payload).toEqual({ id: "req-1" });
    expect(after.replyCount).toBe(1);
    expect(after.history.map((version) => slack.visibleText(version))).toEqual(["Revoke mallory\nApprove"]);
    expect(slack.thread(general, ts).map((reply) => reply.text)).toEqual(["done"]);
    expect(slack.violations).toEqual([]);
  });

  it("opens a modal and hands over what was entered together with what was left as it was", async () => {
    running = await startWithApp(mode, register);
    const { slack } = running;
    const viewId = await openModal(slack);
    const sent = await slack.submitView({ user: alice, viewId, values: { why: { text: "phished" } } });
    expect(sent.ok).toBe(true);
    const told = await slack.waitFor(() => slack.messages(slack.dm(alice))[0]);
    expect(told.text).toBe("req-1: phished (soft)");
    expect(slack.views(alice)).toEqual([]);
  });

  it("keeps a modal open with the app's words on the input they are about", async () => {
    running = await startWithApp(mode, register);
    const { slack } = running;
    const viewId = await openModal(slack);
    const sent = await slack.submitView({ user: alice, viewId, values: { why: { text: "bad" } } });
    expect(sent).toMatchObject({ ok: false, error: "validation_errors", errors: { why: "Say more." } });
    expect(slack.views(alice)[0]?.errors).toEqual({ why: "Say more." });
  });

  it("lets a modal be replaced, stacked three high and cleared by the ack of a submission", async () => {
    running = await startWithApp(mode, register);
    const { slack } = running;
    const viewId = await openModal(slack);
    const submit = (view: string, text: string) =>
      slack.submitView({ user: alice, viewId: view, values: { why: { text } } });
    const before = slack.views(alice)[0]?.hash;
    await submit(viewId, "update");
    expect(slack.views(alice)).toMatchObject([{ id: viewId, title: { text: "Second" } }]);
    expect(slack.views(alice)[0]?.hash).not.toBe(before);
    await submit(viewId, "push");
    await submit(last(slack.views(alice)).id, "push");
    const stack = slack.views(alice);
    expect(stack.map((view) => view.root_view_id)).toEqual([viewId, viewId, viewId]);
    expect(stack[2]?.previous_view_id).toBe(stack[1]?.id);
    expect(await submit(last(stack).id, "push")).toMatchObject({ ok: false, error: "push_limit_reached" });
    expect(slack.violations).toMatchObject([{ error: "push_limit_reached" }]);
    await submit(last(stack).id, "clear");
    expect(slack.views(alice)).toEqual([]);
  });

  it("checks inputs before the app hears of them, as Slack's client does", async () => {
    running = await startWithApp(mode, register);
    const { slack } = running;
    const viewId = await openModal(slack);
    const values = { why: { text: "" }, how: { choice: "no such" } };
    const sent = await slack.submitView({ user: alice, viewId, values });
    expect(sent).toMatchObject({
      ok: false,
      error: "invalid_input",
      errors: { why: "Please complete this required field.", how: "There is no such choice." },
    });
    expect(sent.request).toBeUndefined();
  });

  it("refuses a click on a control that is gone, and sends it when the client is stale", async () => {
    const clicks: unknown[] = [];
    running = await startWithApp(mode, (app) => {
      register(app);
      app.action("approve", async ({ action }) => {
        clicks.push("value" in action ? action.value : undefined);
      });
    });
    const { slack } = running;
    await slack.command({ user: alice, channel: general, text: "card" });
    const { ts } = await slack.waitFor(() => slack.messages(general)[0]);
    const click = { user: bob, channel: general, ts, actionId: "approve" };
    await slack.click(click);
    await slack.waitFor(() => last(slack.messages(general)).edited);
    expect(await slack.click(click)).toEqual({ ok: false, error: "no_such_element" });
    expect(await slack.clickStale(click)).toMatchObject({ ok: true });
    await slack.waitFor(() => slack.ephemerals(bob).length === 2);
    expect(clicks).toEqual(["req-1", "req-1"]);
  });
});
