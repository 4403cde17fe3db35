import { LogLevel, WebClient } from "@slack/web-api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startSlack } from "../../../sandbox/slack/index.ts";
import type { Slack } from "../../../sandbox/slack/index.ts";
import { alice, general, workspaceOptions } from "./support.ts";

let slack: Slack;
let web: WebClient;
beforeEach(async () => {
  slack = await startSlack(workspaceOptions());
  web = new WebClient("xoxb-test", {
    slackApiUrl: slack.apiUrl,
    logLevel: LogLevel.ERROR,
    retryConfig: { retries: 0 },
  });
});
afterEach(() => slack.close());

async function say(text: string, threadTs?: string): Promise<string> {
  const { ts = "" } = await web.chat.postMessage({
    channel: general,
    text,
    ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
  });
  return ts;
}

const edit = (ts: string) => web.chat.update({ channel: general, ts, text: "edited" });

describe("a channel", () => {
  it("that is archived takes neither messages nor edits, shows what it has, and takes them again afterwards", async () => {
    const ts = await say("x");
    slack.setChannel(general, { isArchived: true });
    await expect(say("y")).rejects.toThrow("is_archived");
    await expect(say("y", ts)).rejects.toThrow("is_archived");
    await expect(edit(ts)).rejects.toThrow("is_inactive");
    const { messages } = await web.conversations.history({ channel: general });
    expect(messages?.map((message) => message.text)).toEqual(["x"]);
    slack.setChannel(general, { isArchived: false });
    expect((await edit(ts)).ok).toBe(true);
  });

  it("that the bot was taken out of cannot be read, nor, when it is private, edited", async () => {
    const ts = await say("x");
    slack.setChannel(general, { botIsMember: false });
    await expect(web.conversations.history({ channel: general })).rejects.toThrow("not_in_channel");
    slack.setChannel(general, { isPrivate: true });
    await expect(edit(ts)).rejects.toThrow("channel_not_found");
    slack.reset();
    expect(await say("y")).not.toBe("");
  });
});

describe("a message that somebody deletes", () => {
  it("with replies leaves a tombstone that cannot be edited and takes more of them", async () => {
    const ts = await say("head");
    await say("first", ts);
    slack.deleteMessage(general, ts);
    await expect(edit(ts)).rejects.toThrow("message_not_found");
    await expect(web.chat.getPermalink({ channel: general, message_ts: ts })).rejects.toThrow(
      "message_not_found",
    );
    await say("second", ts);
    const { messages = [] } = await web.conversations.replies({ channel: general, ts });
    expect(messages).toEqual([
      expect.objectContaining({ subtype: "tombstone", text: "This message was deleted." }),
      expect.objectContaining({ text: "first" }),
      expect.objectContaining({ text: "second" }),
    ]);
    expect(slack.violations).toEqual([]);
  });

  it("without replies is gone: an answer to it stands alone in the channel, which the app should not let happen", async () => {
    const ts = await say("head");
    slack.deleteMessage(general, ts);
    await expect(edit(ts)).rejects.toThrow("message_not_found");
    await expect(web.conversations.replies({ channel: general, ts })).rejects.toThrow("thread_not_found");
    await say("late", ts);
    expect(slack.messages(general).map((message) => message.text)).toEqual(["late"]);
    expect(slack.violations.map(({ error }) => error)).toEqual(["reply_without_thread"]);
  });
});

describe("a token that was revoked", () => {
  it("is refused for every call of the bot, and taken again when that is mended", async () => {
    slack.setTokenError("token_revoked");
    await expect(say("x")).rejects.toThrow("token_revoked");
    await expect(web.users.info({ user: alice })).rejects.toThrow("token_revoked");
    const app = new WebClient("xapp-test", { slackApiUrl: slack.apiUrl, logLevel: LogLevel.ERROR });
    expect((await app.apps.connections.open({})).ok).toBe(true);
    slack.setTokenError(null);
    expect(await say("x")).not.toBe("");
  });
});
