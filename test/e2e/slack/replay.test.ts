import { createHmac } from "node:crypto";

import { describe, expect, it } from "vitest";

import { describeWorkspace } from "../../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  askToRevoke,
  callsTo,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  startAll,
  type,
} from "../../support/harness.ts";

describe("a signed request that is sent again within five minutes", () => {
  it("asks for nothing a second time", async () => {
    const { slack } = await startAll({ mode: "http" });
    const sent = await type(slack, PEOPLE.alice, "revoke mallory@example.com --reason laptop stolen");
    await slack.waitFor(() => slack.messages(CHANNELS.approvals).length === 1);

    const again = await slack.replay(sent);

    expect(again.ok).toBe(true);
    // What the repetition would have done comes before what is asked next.
    await askToRevoke(slack, { text: "revoke dana@example.com --reason after it" });
    expect(slack.messages(CHANNELS.approvals)).toHaveLength(2);
    expect(slack.violations).toEqual([]);
  });

  it("approves nothing a second time", async () => {
    const { slack, cloudflare } = await startAll({ mode: "http" });
    const card = await askToRevoke(slack);
    const sent = await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    const before = slack.ephemerals(PEOPLE.bob).length;

    expect((await slack.replay(sent)).ok).toBe(true);

    await askToRevoke(slack, { text: "revoke dana@example.com --reason after it" });
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
    expect(slack.ephemerals(PEOPLE.bob)).toHaveLength(before);
  });
});

describe("a request that is sent again with its signature written otherwise", () => {
  it.each([
    ["with more behind it", (signature: string) => `${signature}=1`],
    ["with an empty part behind it", (signature: string) => `${signature}=`],
    ["in capitals", (signature: string) => `v0=${signature.slice(3).toUpperCase()}`],
  ])("is refused %s", async (_how, rewrite) => {
    const { slack } = await startAll({ mode: "http" });
    const sent = await type(slack, PEOPLE.alice, "revoke mallory@example.com --reason laptop stolen");
    await slack.waitFor(() => slack.messages(CHANNELS.approvals).length === 1);
    await slack.waitFor(() => slack.ephemerals(PEOPLE.alice).length === 1);
    const { request } = sent;
    if (request?.mode !== "http") throw new Error("not sent over HTTP");
    const signature = rewrite(request.headers["x-slack-signature"] ?? "");

    const again = await slack.replay({
      ...sent,
      request: { ...request, headers: { ...request.headers, "x-slack-signature": signature } },
    });

    expect(again).toMatchObject({ ok: false, status: 401 });
    // As it was signed it is known, and has no second effect either.
    expect((await slack.replay(sent)).ok).toBe(true);
    await askToRevoke(slack, { text: "revoke dana@example.com --reason after it" });
    expect(slack.ephemerals(PEOPLE.alice)).toHaveLength(2);
    expect(slack.messages(CHANNELS.approvals)).toHaveLength(2);
  });
});

describe("a signed request's time", () => {
  const { signingSecret } = describeWorkspace({ mode: "socket" }).bot;

  /** The answer's status to a well-signed request whose time is off by so many seconds. */
  async function statusOf(url: string, offBySeconds: number): Promise<number> {
    const body = JSON.stringify({ type: "url_verification", challenge: "are you there" });
    const timestamp = String(Math.floor(Date.now() / 1000) + offBySeconds);
    const signature = createHmac("sha256", signingSecret).update(`v0:${timestamp}:${body}`).digest("hex");
    const answer = await fetch(`${url}/slack/events`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": `v0=${signature}`,
      },
      body,
    });
    return answer.status;
  }

  it("may be a little ahead, and neither a minute in the future nor five in the past", async () => {
    const { bot } = await startAll({ mode: "http" });
    expect(await statusOf(bot.url, 30)).toBe(200);
    expect(await statusOf(bot.url, 90)).toBe(401);
    expect(await statusOf(bot.url, -400)).toBe(401);
  });
});
