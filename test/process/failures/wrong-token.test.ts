/** @module-tag slow */
import { describe, expect, it, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  finishedThread,
  PEOPLE,
  press,
  startWorld,
  type World,
  wordsOf,
} from "../../support/harness.ts";
import { probe, query, startBotProcess, startHeld } from "../../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

/** What Cloudflare answers to a token that was revoked: with 401, or with 403 and another code. */
function refuseToken({ cloudflare }: World, status: 401 | 403): void {
  const error =
    status === 401
      ? { code: 10000, message: "Authentication error" }
      : { code: 9109, message: "Invalid access token" };
  const body = { success: false, errors: [error], messages: [], result: null };
  cloudflare.faults.set("*", { kind: "status", status, body });
}

describe("a Cloudflare token that is revoked", () => {
  it.each([401, 403] as const)(
    "(%i) between approval and call fails the request with the reason and the way to fix it; asked for again, it is done",
    async (status) => {
      const world = await startWorld({ mode: "http" });
      const { slack, cloudflare } = world;
      const first = await startBotProcess(world);
      const card = await askToRevoke(slack);
      refuseToken(world, status);
      await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
      const end = (await finishedThread(slack, card)).at(-1);
      expect(end).toMatch(/^❌ Failed, nothing was done: Cloudflare rejected the API token/);
      expect(end).toMatch(/Next: .*CLOUDFLARE_API_TOKEN/);
      const { words } = await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
      expect(words).toMatch(/Cloudflare rejected the API token[\s\S]*→ .*CLOUDFLARE_API_TOKEN/);
      expect(await probe(first, "/readyz")).toHaveProperty("status", 200);
      await first.stop();

      cloudflare.faults.clear();
      await startBotProcess(world);
      const next = await askToRevoke(slack, { text: "revoke mallory@example.com --reason the token is new" });
      await press(slack, PEOPLE.bob, next, CARD_ACTIONS.approve);
      expect((await finishedThread(slack, next)).at(-1)).toContain("verified at");
      expect(wordsOf(slack, next)).toContain("verified at");
    },
  );

  it("while a call is verified takes nothing back: with a new token and a restart it is verified, and not sent again", async () => {
    const held = await startHeld("answer");
    const { slack, cloudflare, card } = held;
    const looks = () =>
      callsTo(cloudflare, "GET", "active_sessions").filter(({ status }) => status === 401).length;
    refuseToken(held, 401);
    held.release();
    await vi.waitFor(() => expect(looks()).toBeGreaterThan(0), 20_000);
    await slack.waitFor(() => wordsOf(slack, card).includes("verifying"));
    await held.bot.stop();

    cloudflare.faults.clear();
    await startBotProcess(held);
    expect((await finishedThread(slack, card)).at(-1)).toContain("✅ Revoked 3 sessions, verified at");
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
  });
});

describe("a Slack token that is revoked between approval and call", () => {
  it("keeps nothing from being done: with a new token and a restart every message follows, once and in order", async () => {
    const held = await startHeld("call", { mode: "http" });
    const { slack, cloudflare, card } = held;
    await slack.waitFor(() => slack.thread(card.channel, card.ts).length > 0);
    slack.setTokenError("token_revoked");
    held.release();
    const has = (event: string) => query(held, "SELECT 1 FROM audit WHERE event = ?", event).length > 0;
    await vi.waitFor(() => expect(has("request.succeeded")).toBe(true), 20_000);
    expect((await held.bot.stop()).code).toBe(0);

    slack.setTokenError(null);
    await startBotProcess(held);
    const thread = await finishedThread(slack, card);
    expect(thread.map((text) => text.split("\n")[0])).toEqual([
      expect.stringMatching(/^🔎 Before/),
      expect.stringContaining("Approved by @bob"),
      expect.stringContaining("Calling Cloudflare"),
      expect.stringContaining("Cloudflare accepted it"),
      expect.stringContaining("✅ Revoked 3 sessions, verified at"),
    ]);
    await slack.waitFor(() => wordsOf(slack, card).includes("verified at"));
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
  });

  it("(the app-level one, in Socket Mode) makes it not ready and nothing else: what is approved is done, and told", async () => {
    const { slack, bot, card, release } = await startHeld("call");
    slack.faults.set("apps.connections.open", { error: "invalid_auth" });
    slack.disconnectSockets("refresh_requested", { warningMs: 0 });
    await vi.waitFor(
      async () =>
        expect(await probe(bot, "/readyz")).toEqual({ status: 503, text: "not connected to Slack" }),
      { timeout: 30_000, interval: 50 },
    );
    release();
    expect((await finishedThread(slack, card)).at(-1)).toContain("verified at");
    const [warning] = bot.logs("not connected to Slack, trying again");
    expect(warning).toMatchObject({ level: "warn", next: expect.stringContaining("SLACK_APP_TOKEN") });

    slack.faults.clear();
    await vi.waitFor(async () => expect(await probe(bot, "/readyz")).toHaveProperty("status", 200), {
      timeout: 60_000,
      interval: 100,
    });
    expect((await answerTo(slack, PEOPLE.alice, "help")).words).toContain("/zt user");
  });
});
