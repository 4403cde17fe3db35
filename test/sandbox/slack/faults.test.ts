import { LogLevel, WebClient } from "@slack/web-api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startSlack } from "../../../sandbox/slack/index.ts";
import type { Slack } from "../../../sandbox/slack/index.ts";
import { general, workspaceOptions } from "./support.ts";

let slack: Slack;
let web: WebClient;
beforeEach(async () => {
  slack = await startSlack(workspaceOptions());
  web = new WebClient("xoxb-test", {
    slackApiUrl: slack.apiUrl,
    logLevel: LogLevel.ERROR,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });
});
afterEach(() => slack.close());

const post = () => web.chat.postMessage({ channel: general, text: "x" });

describe("faults", () => {
  it("answer 429 with retry-after, as often as told", async () => {
    slack.faults.set("chat.postMessage", { retryAfter: 7, times: 1 });
    await expect(post()).rejects.toMatchObject({ retryAfter: 7 });
    expect(slack.messages(general)).toEqual([]);
    expect((await post()).ok).toBe(true);
    expect(slack.calls.map((call) => call.status)).toEqual([429, 200]);
  });

  it("last for a time, and say how much of it is left", async () => {
    let now = Date.now();
    const timed = await startSlack(workspaceOptions({ now: () => now }));
    const client = new WebClient("xoxb-test", {
      slackApiUrl: timed.apiUrl,
      logLevel: LogLevel.ERROR,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
    });
    const say = () => client.chat.postMessage({ channel: general, text: "x" });
    timed.faults.set("chat.postMessage", { retryAfter: 60, forMs: 60_000 });
    await expect(say()).rejects.toMatchObject({ retryAfter: 60 });
    now += 45_500;
    await expect(say()).rejects.toMatchObject({ retryAfter: 15 });
    now += 15_000;
    expect((await say()).ok).toBe(true);
    await timed.close();
  });

  it("answer with an error or a status for every method until they are cleared", async () => {
    slack.faults.set("*", { error: "internal_error" });
    await expect(post()).rejects.toThrow("internal_error");
    await expect(web.auth.test()).rejects.toThrow("internal_error");
    slack.faults.set("*", { status: 503 });
    await expect(post()).rejects.toMatchObject({ statusCode: 503 });
    slack.faults.clear();
    expect((await post()).ok).toBe(true);
  });

  it("cut the connection before anything happened, or after it", async () => {
    slack.faults.set("chat.postMessage", { dropConnection: true, times: 1 });
    await expect(post()).rejects.toThrow("fetch failed");
    expect(slack.messages(general)).toHaveLength(0);
    slack.faults.set("chat.postMessage", { dropAnswer: true, times: 1 });
    await expect(post()).rejects.toThrow("fetch failed");
    expect(slack.messages(general)).toHaveLength(1);
  });

  it("make calls slow", async () => {
    slack.faults.set("chat.postMessage", { latencyMs: 60 });
    const from = performance.now();
    await post();
    expect(performance.now() - from).toBeGreaterThanOrEqual(55);
  });
});

describe("limits on calls", () => {
  it("answer 429 after a burst, for each channel, and take a call again when the answer says", async () => {
    let now = Date.now();
    const limited = await startSlack(workspaceOptions({ now: () => now }));
    const client = new WebClient("xoxb-test", {
      slackApiUrl: limited.apiUrl,
      logLevel: LogLevel.ERROR,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
    });
    const say = (channel: string) => client.chat.postMessage({ channel, text: "x" });
    limited.rates.set("chat.postMessage", { burst: 2, perSecond: 0.25 });
    await say(general);
    await say(general);
    await expect(say(general)).rejects.toMatchObject({ retryAfter: 4 });
    expect((await say("C0OPEN")).ok).toBe(true);
    now += 3000;
    await expect(say(general)).rejects.toMatchObject({ retryAfter: 1 });
    now += 1000;
    expect((await say(general)).ok).toBe(true);
    expect(limited.messages(general)).toHaveLength(3);
    await limited.close();
  });
});

describe("a held call", () => {
  it("has no effect before it is released", async () => {
    const hold = slack.faults.hold("chat.postMessage");
    const posting = post();
    await hold.arrived;
    expect(slack.messages(general)).toEqual([]);
    hold.release();
    expect((await posting).ok).toBe(true);
    expect(slack.messages(general)).toHaveLength(1);
  });

  it("has no effect at all when its caller is gone", async () => {
    const hold = slack.faults.hold("chat.postMessage");
    const caller = new AbortController();
    const call = fetch(`${slack.apiUrl}chat.postMessage`, {
      method: "POST",
      headers: { authorization: "Bearer xoxb-test", "content-type": "application/json" },
      body: JSON.stringify({ channel: general, text: "lost" }),
      signal: caller.signal,
    });
    await hold.arrived;
    caller.abort();
    await expect(call).rejects.toThrow("aborted");
    await slack.waitFor(() => slack.calls[0]?.lost);
    hold.release();
    await post();
    expect(slack.messages(general).map((message) => message.text)).toEqual(["x"]);
  });

  it("has its effect when only the answer is held", async () => {
    const hold = slack.faults.holdAnswer("chat.postMessage");
    const posting = post();
    await hold.arrived;
    expect(slack.messages(general)).toHaveLength(1);
    hold.release();
    expect((await posting).ok).toBe(true);
  });
});
