import type { App } from "@slack/bolt";
import { afterEach, beforeEach, expect, it } from "vitest";
import { alice, bob, general, startWithApp } from "./support.ts";
import type { Running } from "./support.ts";

let running: Running;
beforeEach(async () => {
  running = await startWithApp("socket", (app) => {
    app.options("who", async ({ ack, options }) => {
      const option = (text: string) => ({ text: { type: "plain_text" as const, text }, value: text });
      if (options.value === "groups") {
        const label = { type: "plain_text" as const, text: "People" };
        await ack({ option_groups: [{ label, options: [option("eve")] }] });
      } else if (options.value === "long") await ack({ options: [option("x".repeat(76))] });
      else if (options.value === "none") await ack({ options: [] });
      else await ack({ options: [option(options.value)] });
    });
    app.action("who", ({ ack }) => ack());
  });
});
afterEach(() => running.stop());

const blocks = [
  { type: "actions" as const, elements: [{ type: "external_select" as const, action_id: "who" }] },
];

async function postSelect(app: App): Promise<string> {
  return (await app.client.chat.postMessage({ channel: general, text: "x", blocks })).ts ?? "";
}

it("say where the select is, also in an ephemeral message, whose words the app is not told", async () => {
  const { slack, app } = running;
  const ts = await postSelect(app);
  const asked = await slack.suggest({ user: bob, channel: general, ts, actionId: "who", value: "mal" });
  expect(asked.options).toEqual([{ text: "mal", value: "mal" }]);
  expect(asked.request?.payload).toMatchObject({
    type: "block_suggestion",
    user: { id: bob },
    container: { type: "message", message_ts: ts, channel_id: general, is_ephemeral: false },
    channel: { id: general, name: "general" },
    message: { ts },
    value: "mal",
  });
  const whisper = await app.client.chat.postEphemeral({ channel: general, user: alice, text: "x", blocks });
  const where = { channel: general, ts: whisper.message_ts ?? "", actionId: "who", value: "m" };
  const payload = (await slack.suggest({ user: alice, ...where })).request?.payload;
  expect(payload).toMatchObject({ container: { is_ephemeral: true }, channel: { id: general } });
  expect(payload).not.toHaveProperty("message");
});

it("come in groups, or not at all, and an answer that breaks a limit is a mistake", async () => {
  const { slack, app } = running;
  const ts = await postSelect(app);
  const ask = (value: string) => slack.suggest({ user: bob, channel: general, ts, actionId: "who", value });
  expect((await ask("groups")).options).toEqual([{ text: "eve", value: "eve", group: "People" }]);
  expect(await ask("none")).toMatchObject({ ok: true, options: [] });
  expect(slack.violations).toEqual([]);
  expect(await ask("long")).toMatchObject({ ok: false, error: "invalid_options", options: [] });
  expect(slack.violations).toEqual([
    {
      method: "ack of a block suggestion",
      error: "invalid_options",
      detail: "must be less than 76 characters [json-pointer:/options/0/text/text]",
    },
  ]);
});

it("become what was chosen, whole", async () => {
  const { slack, app } = running;
  const ts = await postSelect(app);
  const value = { text: { type: "plain_text", text: "Eve", emoji: true }, value: "u1" };
  const chosen = await slack.click({ user: bob, channel: general, ts, actionId: "who", value });
  expect(chosen.request?.payload).toMatchObject({
    actions: [{ type: "external_select", selected_option: value }],
  });
});
