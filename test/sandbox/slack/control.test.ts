import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PersonState } from "../../../sandbox/slack/index.ts";
import { alice, bob, general, secops, section, startWithApp } from "./support.ts";
import type { Running } from "./support.ts";

let running: Running;
beforeEach(async () => {
  running = await startWithApp(
    "socket",
    (app) => {
      app.command("/zt", async ({ ack, command, client }) => {
        await ack();
        if (command.text !== "modal") {
          const { channel_id: channel, user_id: user } = command;
          await client.chat.postEphemeral({ channel, user, text: `re: ${command.text}` });
          return;
        }
        await client.views.open({
          trigger_id: command.trigger_id,
          view: {
            type: "modal",
            callback_id: "ask",
            title: { type: "plain_text", text: "Ask" },
            submit: { type: "plain_text", text: "Send" },
            blocks: [
              {
                type: "input",
                block_id: "why",
                label: { type: "plain_text", text: "Why" },
                element: { type: "plain_text_input", action_id: "text" },
              },
            ],
          },
        });
      });
      app.action("go", ({ ack }) => ack());
      app.view("ask", async ({ ack, view }) => {
        if (view.state.values["why"]?.["text"]?.value === "no") {
          await ack({ response_action: "errors", errors: { why: "Not that." } });
        } else await ack();
      });
    },
    {
      mount: (app) => {
        app.get("/mounted", (_request, response) => {
          response.send("yes");
        });
      },
    },
  );
});
afterEach(() => running.stop());

async function send(path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${running.slack.url}/sandbox/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return await response.json();
}

async function stateOf(user: string): Promise<PersonState> {
  const response = await fetch(`${running.slack.url}/sandbox/state?user=${user}`);
  return (await response.json()) as PersonState;
}

describe("the control API", () => {
  it("shows each person their own channels, ephemeral messages and threads", async () => {
    const { slack } = running;
    const { ts } = await slack.post({ user: alice, channel: general, text: "head" });
    await send("message", { user: bob, channel: general, text: "reply", threadTs: ts });
    expect(await send("command", { user: alice, channel: general, text: "hi" })).toEqual({ ok: true });
    await slack.waitFor(() => slack.ephemerals(alice).length === 1);
    const mine = await stateOf(alice);
    expect(mine.channels.map(({ id, kind, name }) => [id, kind, name])).toEqual([
      [general, "channel", "general"],
      [secops, "private", "secops"],
      ["C0OPEN", "channel", "open"],
      ["C0OLD", "channel", "old"],
      ["D0ALICE", "im", "zt-bot"],
    ]);
    expect(mine.channels[0]?.messages.map((message) => message.text)).toEqual(["head", "re: hi"]);
    expect(mine.channels[0]?.threads[ts]?.map((message) => message.text)).toEqual(["reply"]);
    expect(mine).toMatchObject({
      me: { id: alice },
      commands: [{ command: "/zt" }],
      bot: { name: "zt-bot" },
    });
    const theirs = await stateOf(bob);
    expect(theirs.channels.map((channel) => channel.id)).toEqual([general, "D0BOB"]);
    expect(theirs.channels[0]?.messages.map((message) => message.text)).toEqual(["head"]);
  });

  it("clicks, submits and closes for a person", async () => {
    const { slack, app } = running;
    const blocks = [section("x", { actionId: "go", label: "Go" })];
    const { ts } = await app.client.chat.postMessage({ channel: general, text: "x", blocks });
    expect(await send("action", { user: bob, channel: general, ts, actionId: "go" })).toEqual({ ok: true });
    expect(await send("action", { user: bob, channel: general, ts, actionId: "gone" })).toEqual({
      ok: false,
      error: "no_such_element",
    });
    await send("command", { user: alice, channel: general, text: "modal" });
    const { id: viewId } = await slack.waitFor(() => slack.views(alice)[0]);
    expect(await send("submit", { user: alice, viewId, values: { why: { text: "no" } } })).toEqual({
      ok: false,
      error: "validation_errors",
      errors: { why: "Not that." },
    });
    expect((await stateOf(alice)).views).toMatchObject([{ id: viewId, errors: { why: "Not that." } }]);
    expect(await send("submit", { user: bob, viewId, values: {} })).toEqual({
      ok: false,
      error: "view_not_found",
    });
    expect(await send("close-view", { user: alice, viewId })).toEqual({ ok: true });
    expect((await stateOf(alice)).views).toEqual([]);
  });

  it("sends the state at once and after each change, for as long as the page listens", async () => {
    const { slack } = running;
    const page = new AbortController();
    const response = await fetch(`${slack.url}/sandbox/events?user=${alice}`, { signal: page.signal });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const seen: number[] = [];
    const decoder = new TextDecoder();
    let text = "";
    await slack.post({ user: bob, channel: general, text: "news" });
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const events = text.split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        const [name, data = ""] = event.split("\ndata: ");
        expect(name).toBe("event: state");
        seen.push((JSON.parse(data) as PersonState).channels[0]?.messages.length ?? 0);
      }
      if (seen.includes(1)) break;
    }
    expect(seen[0]).toBe(0);
    page.abort();
  });

  it("answers bad requests in words", async () => {
    expect(await send("command", { user: alice })).toMatchObject({
      ok: false,
      error: expect.stringContaining("channel"),
    });
    expect(await send("message", { user: bob, channel: secops, text: "x" })).toEqual({
      ok: false,
      error: `${bob} can't post in ${secops}: channel_not_found`,
    });
    const nobody = await fetch(`${running.slack.url}/sandbox/state?user=U0NOBODY`);
    expect(nobody.status).toBe(404);
  });

  it("leaves room for further routes on the same server", async () => {
    expect(await (await fetch(`${running.slack.url}/mounted`)).text()).toBe("yes");
  });
});

describe("waiting", () => {
  it("says what the app last did when it was in vain", async () => {
    await running.app.client.auth.test();
    await expect(running.slack.waitFor(() => false, 5)).rejects.toThrow(/in 5 ms; .*auth\.test 200/);
  });
});

describe("a reset", () => {
  it("forgets what happened and keeps the app connected", async () => {
    const { slack, app } = running;
    const { ts } = await slack.post({ user: alice, channel: general, text: "old" });
    await slack.command({ user: alice, channel: general, text: "modal" });
    await slack.waitFor(() => slack.views(alice)[0]);
    slack.setPerson(bob, { deleted: true });
    slack.faults.set("*", { error: "fatal_error" });
    slack.reset();
    expect(slack.messages(general)).toEqual([]);
    expect(slack.views(alice)).toEqual([]);
    expect(slack.calls).toEqual([]);
    expect(slack.state(bob).me.deleted).toBeUndefined();
    await app.client.chat.postMessage({ channel: general, text: "new" });
    expect(slack.messages(general)).toMatchObject([{ text: "new" }]);
    expect(Number(slack.messages(general)[0]?.ts)).toBeGreaterThan(Number(ts));
    expect(await slack.command({ user: alice, channel: general, text: "hi" })).toMatchObject({ ok: true });
  });
});
