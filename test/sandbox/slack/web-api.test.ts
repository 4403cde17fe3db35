import { LogLevel, WebClient } from "@slack/web-api";
import { afterEach, describe, expect, it } from "vitest";
import { startSlack } from "../../../sandbox/slack/index.ts";
import type { Slack, SlackOptions } from "../../../sandbox/slack/index.ts";
import { alice, bob, general, last, section, secops, workspaceOptions } from "./support.ts";

let slack: Slack | undefined;
afterEach(async () => {
  await slack?.close();
  slack = undefined;
});

async function start(change: Partial<SlackOptions> = {}): Promise<{ slack: Slack; web: WebClient }> {
  slack = await startSlack(workspaceOptions(change));
  return { slack, web: clientOf(slack) };
}

function clientOf(slack: Slack, token = "xoxb-test"): WebClient {
  return new WebClient(token, {
    slackApiUrl: slack.apiUrl,
    logLevel: LogLevel.ERROR,
    retryConfig: { retries: 0 },
  });
}

function fetchPresence(slack: Slack, user: string): Promise<Response> {
  const headers = { authorization: "Bearer xoxb-test" };
  return fetch(`${slack.apiUrl}users.getPresence?user=${user}`, { headers });
}

function withScopes(...scopes: string[]): Partial<SlackOptions> {
  return { bot: { ...workspaceOptions().bot, scopes } };
}

describe("tokens and scopes", () => {
  it("says who the bot is", async () => {
    const { web } = await start();
    expect(await web.auth.test()).toMatchObject({
      ok: true,
      user_id: "U0BOT",
      team_id: "T0ACME",
      bot_id: "B0BOT",
    });
  });

  it.each([
    [undefined, "not_authed"],
    ["xoxb-other", "invalid_auth"],
    ["xapp-test", "not_allowed_token_type"],
  ])("refuses the token %s with %s", async (token, error) => {
    const { slack } = await start();
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`${slack.apiUrl}auth.test`, { method: "POST", headers });
    expect(await response.json()).toEqual({ ok: false, error });
  });

  it("opens Socket Mode with the app-level token only", async () => {
    const { slack, web } = await start();
    await expect(web.apps.connections.open({})).rejects.toThrow("not_allowed_token_type");
    const answer = await clientOf(slack, "xapp-test").apps.connections.open({});
    expect(answer.url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/link\?ticket=/);
  });

  it("says how a channel is shared", async () => {
    const { slack, web } = await start(withScopes("channels:read"));
    const read = async () => (await web.conversations.info({ channel: general })).channel;
    const alone = {
      is_shared: false,
      is_ext_shared: false,
      is_pending_ext_shared: false,
      is_org_shared: false,
    };
    expect(await read()).toMatchObject({ ...alone, is_private: false });
    slack.setChannel(general, { isExtShared: true });
    expect(await read()).toMatchObject({ ...alone, is_shared: true, is_ext_shared: true });
    slack.setChannel(general, { isExtShared: false, isOrgShared: true });
    expect(await read()).toMatchObject({ ...alone, is_shared: true, is_org_shared: true });
    slack.setChannel(general, { isOrgShared: false, isPendingExtShared: true });
    expect(await read()).toMatchObject({ ...alone, is_pending_ext_shared: true });
  });

  it("names the scope that is missing", async () => {
    const { web } = await start(withScopes("users:read"));
    await expect(web.chat.postMessage({ channel: general, text: "x" })).rejects.toMatchObject({
      data: { error: "missing_scope", needed: "chat:write", provided: "users:read" },
    });
  });

  it.each<[string, string, (web: WebClient) => Promise<unknown>]>([
    ["users.info", "users:read", (web) => web.users.info({ user: alice })],
    ["users.list", "users:read", (web) => web.users.list({})],
    ["users.getPresence", "users:read", (web) => web.users.getPresence({ user: alice })],
    [
      "users.lookupByEmail",
      "users:read.email",
      (web) => web.users.lookupByEmail({ email: "alice@corp.com" }),
    ],
    ["usergroups.list", "usergroups:read", (web) => web.usergroups.list()],
    [
      "usergroups.users.list",
      "usergroups:read",
      (web) => web.usergroups.users.list({ usergroup: "S0APPROVERS" }),
    ],
    [
      "chat.postEphemeral",
      "chat:write",
      (web) => web.chat.postEphemeral({ channel: general, user: alice, text: "x" }),
    ],
    ["conversations.open", "im:write", (web) => web.conversations.open({ users: alice })],
    ["conversations.info", "channels:read", (web) => web.conversations.info({ channel: general })],
    ["conversations.members", "channels:read", (web) => web.conversations.members({ channel: general })],
    ["conversations.history", "channels:history", (web) => web.conversations.history({ channel: general })],
    [
      "conversations.history in a DM",
      "im:history",
      (web) => web.conversations.history({ channel: "D0ALICE" }),
    ],
  ])("asks for %s's scope %s", async (_method, scope, call) => {
    const without = await start(withScopes());
    await expect(call(without.web)).rejects.toMatchObject({
      data: { error: "missing_scope", needed: scope },
    });
    await without.slack.close();
    const granted = await start(withScopes(scope));
    expect(await call(granted.web)).toMatchObject({ ok: true });
  });

  it("does not know methods that do not exist", async () => {
    const { web } = await start();
    await expect(web.apiCall("chat.shout")).rejects.toThrow("unknown_method");
  });
});

describe("posting", () => {
  it("takes a JSON body as well as a form", async () => {
    const { slack } = await start();
    const response = await fetch(`${slack.apiUrl}chat.postMessage`, {
      method: "POST",
      headers: { authorization: "Bearer xoxb-test", "content-type": "application/json" },
      body: JSON.stringify({ channel: general, text: "json", blocks: [section("json")] }),
    });
    expect(await response.json()).toMatchObject({ ok: true, channel: general });
    expect(last(slack.messages(general)).text).toBe("json");
    expect(last(slack.calls)).toMatchObject({
      method: "chat.postMessage",
      status: 200,
      response: { ok: true },
    });
    expect(JSON.stringify(slack.calls)).not.toContain("xoxb-test");
  });

  it.each<[string, string, Partial<SlackOptions>]>([
    ["C0NOPE", "channel_not_found", {}],
    [secops, "channel_not_found", {}],
    ["C0OLD", "is_archived", {}],
    ["C0OPEN", "not_in_channel", withScopes("chat:write")],
  ])("to %s is refused with %s", async (channel, error, change) => {
    const { web } = await start(change);
    await expect(web.chat.postMessage({ channel, text: "x" })).rejects.toThrow(error);
  });

  it("to a public channel the bot is not in needs chat:write.public", async () => {
    const { slack, web } = await start();
    await web.chat.postMessage({ channel: "C0OPEN", text: "x" });
    expect(slack.messages("C0OPEN")).toHaveLength(1);
  });

  it("to a person goes to their DM", async () => {
    const { slack, web } = await start();
    const { channel } = await web.chat.postMessage({ channel: alice, text: "hi" });
    expect(channel).toBe(slack.dm(alice));
    const opened = await web.conversations.open({ users: alice });
    expect(opened.channel?.id).toBe(slack.dm(alice));
  });

  it("gives every block and control an id, and every message its own ts", async () => {
    const { slack, web } = await start({ now: () => 1_700_000_000_000 });
    const { accessory } = section("x", { actionId: "a", label: "A" });
    await web.chat.postMessage({ channel: general, text: "x", blocks: [{ ...section("x"), accessory }] });
    await web.chat.postMessage({ channel: general, text: "y" });
    const [first, second] = slack.messages(general);
    expect(first?.blocks[0]?.block_id).toMatch(/.{5}/);
    expect(first?.ts).toBe("1700000000.000000");
    expect(second?.ts).toBe("1700000000.000001");
  });

  it("answers broken limits as Slack does and remembers them", async () => {
    const { slack, web } = await start();
    const blocks = [section("x".repeat(3001))];
    await expect(web.chat.postMessage({ channel: general, text: "x", blocks })).rejects.toMatchObject({
      data: {
        error: "invalid_blocks",
        response_metadata: {
          messages: ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"],
        },
      },
    });
    expect(slack.messages(general)).toEqual([]);
    expect(slack.violations).toMatchObject([{ method: "chat.postMessage", error: "invalid_blocks" }]);
  });

  it("lets blocks without a text pass, and remembers that nobody can hear them", async () => {
    const { slack, web } = await start();
    await web.chat.postMessage({ channel: general, blocks: [section("x")], text: "" });
    expect(slack.violations).toMatchObject([{ error: "missing_text_in_message" }]);
  });

  it("of an ephemeral message needs the person and the bot in the channel", async () => {
    const { slack, web } = await start();
    const post = (channel: string, user: string) => web.chat.postEphemeral({ channel, user, text: "psst" });
    await expect(post("C0OPEN", alice)).rejects.toThrow("not_in_channel");
    await expect(post(general, "U0STRANGER")).rejects.toThrow("user_not_in_channel");
    await post(general, alice);
    expect(slack.ephemerals(alice).map((message) => message.text)).toEqual(["psst"]);
    expect(slack.ephemerals(bob)).toEqual([]);
  });
});

describe("changing messages", () => {
  it("keeps what is left out, and the versions before", async () => {
    const { slack, web } = await start();
    const { ts = "" } = await web.chat.postMessage({
      channel: general,
      text: "one",
      blocks: [section("one")],
    });
    await web.chat.update({ channel: general, ts, text: "two" });
    const message = last(slack.messages(general));
    expect(message).toMatchObject({ ts, text: "two", edited: { user: "U0BOT" } });
    expect(slack.visibleText(message)).toBe("one");
    await web.chat.update({ channel: general, ts, text: "three", blocks: [] });
    expect(slack.visibleText(last(slack.messages(general)))).toBe("three");
    expect(message.history.map((version) => version.text)).toEqual(["one", "two"]);
  });

  it("refuses others' messages, unknown ones and ephemeral ones", async () => {
    const { slack, web } = await start();
    const { ts } = await slack.post({ user: alice, channel: general, text: "mine" });
    await expect(web.chat.update({ channel: general, ts, text: "x" })).rejects.toThrow("cant_update_message");
    await expect(web.chat.delete({ channel: general, ts })).rejects.toThrow("cant_delete_message");
    await expect(web.chat.update({ channel: general, ts: "1.1", text: "x" })).rejects.toThrow(
      "message_not_found",
    );
    const whisper = await web.chat.postEphemeral({ channel: general, user: alice, text: "x" });
    const change = web.chat.update({ channel: general, ts: whisper.message_ts ?? "", text: "y" });
    await expect(change).rejects.toThrow("message_not_found");
  });

  it("deletes its own", async () => {
    const { slack, web } = await start();
    const { ts = "" } = await web.chat.postMessage({ channel: general, text: "x" });
    await web.chat.delete({ channel: general, ts });
    expect(slack.messages(general)).toEqual([]);
  });
});

describe("reading back", () => {
  it("pages through the history, newest first, with metadata when asked", async () => {
    const { web } = await start();
    const metadata = { event_type: "card", event_payload: { id: "r1" } };
    for (const text of ["one", "two", "three"])
      await web.chat.postMessage({ channel: general, text, metadata });
    const first = await web.conversations.history({ channel: general, limit: 2, include_all_metadata: true });
    expect(first.messages?.map((message) => message.text)).toEqual(["three", "two"]);
    expect(first.messages?.[0]?.metadata).toEqual(metadata);
    const cursor = first.response_metadata?.next_cursor ?? "";
    const second = await web.conversations.history({ channel: general, limit: 2, cursor });
    expect(second.messages?.map((message) => message.text)).toEqual(["one"]);
    expect(second.messages?.[0]?.metadata).toBeUndefined();
    expect(second.has_more).toBe(false);
  });

  it("reads a thread from its head, or from a reply", async () => {
    const { slack, web } = await start();
    const { ts = "" } = await web.chat.postMessage({ channel: general, text: "head" });
    const reply = await web.chat.postMessage({ channel: general, text: "a", thread_ts: ts });
    await web.chat.postMessage({ channel: general, text: "b", thread_ts: reply.ts ?? "" });
    for (const from of [ts, reply.ts ?? ""]) {
      const thread = await web.conversations.replies({ channel: general, ts: from });
      expect(thread.messages?.map((message) => message.text)).toEqual(["head", "a", "b"]);
    }
    expect(slack.messages(general).map((message) => message.text)).toEqual(["head"]);
    await expect(web.conversations.replies({ channel: general, ts: "1.1" })).rejects.toThrow(
      "thread_not_found",
    );
    const link = await web.chat.getPermalink({ channel: general, message_ts: reply.ts ?? "" });
    expect(link.permalink).toBe(
      `https://acme.slack.com/archives/${general}/p${(reply.ts ?? "").replace(".", "")}?thread_ts=${ts}&cid=${general}`,
    );
  });

  it("only shows channels that the bot is in", async () => {
    const { web } = await start();
    await expect(web.conversations.history({ channel: "C0OPEN" })).rejects.toThrow("not_in_channel");
    await expect(web.conversations.history({ channel: secops })).rejects.toThrow("channel_not_found");
  });
});

describe("people", () => {
  it("are found by their email, unless they left", async () => {
    const { slack, web } = await start();
    const found = await web.users.lookupByEmail({ email: "Alice@corp.com" });
    expect(found.user).toMatchObject({
      id: alice,
      profile: { email: "alice@corp.com" },
      tz: "Europe/Berlin",
    });
    slack.setPerson(alice, { deleted: true });
    await expect(web.users.lookupByEmail({ email: "alice@corp.com" })).rejects.toThrow("users_not_found");
    expect((await web.users.info({ user: alice })).user?.deleted).toBe(true);
  });

  it("are active unless told; of others Slack says one word, of the app itself how it came about", async () => {
    const { slack, web } = await start();
    expect(await (await fetchPresence(slack, alice)).json()).toEqual({ ok: true, presence: "active" });
    slack.setPerson(alice, { presence: "away" });
    expect((await web.users.getPresence({ user: alice })).presence).toBe("away");
    slack.setPerson(bob, { deleted: true });
    expect((await web.users.getPresence({ user: bob })).presence).toBe("away");
    await expect(web.users.getPresence({ user: "U0NOPE" })).rejects.toThrow("user_not_found");
    expect(await web.users.getPresence({})).toMatchObject({ presence: "active", connection_count: 1 });
  });

  it("keep their email from an app without users:read.email", async () => {
    const { web } = await start(withScopes("users:read"));
    const { user } = await web.users.info({ user: alice });
    expect(user?.profile?.real_name).toBe("Alice Ng");
    expect(user?.profile?.email).toBeUndefined();
  });

  it("show whether they are guests, strangers or bots", async () => {
    const { slack, web } = await start();
    slack.setPerson(bob, { isRestricted: true, isStranger: true, teamId: "T0OTHER" });
    const { user } = await web.users.info({ user: bob });
    expect(user).toMatchObject({ is_restricted: true, is_stranger: true, team_id: "T0OTHER" });
    expect((await web.users.info({ user: "U0BOT" })).user?.is_bot).toBe(true);
    await expect(web.users.info({ user: "U0NOBODY" })).rejects.toThrow("user_not_found");
  });

  it("are grouped", async () => {
    const { web } = await start();
    expect((await web.usergroups.users.list({ usergroup: "S0APPROVERS" })).users).toEqual([bob]);
    await expect(web.usergroups.users.list({ usergroup: "S0X" })).rejects.toThrow("no_such_subteam");
  });
});
