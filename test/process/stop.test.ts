import { describe, expect, it, vi } from "vitest";

import { callsTo, finishedThread, MODES, PEOPLE, startWorld, type, wordsOf } from "../support/harness.ts";
import { probe, startBotProcess, startHeld } from "../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const LIMIT_MS = 10_000;

describe.each(MODES)("a process in %s mode that is asked to stop", (mode) => {
  it.each(["SIGTERM", "SIGINT"] as const)("by %s while it is idle exits 0 at once", async (signal) => {
    const world = await startWorld({ mode });
    const bot = await startBotProcess(world);
    const { code, tookMs } = await bot.stop(signal);

    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(5000);
    expect(bot.stderr()).toBe("");
  });

  it("finishes the call it is on, says that it is stopping, and takes no new work", async () => {
    const held = await startHeld("answer", { mode });
    const { slack, cloudflare, bot, card } = held;

    const stopped = bot.stop();
    await vi.waitFor(
      async () => expect(await probe(bot, "/readyz")).toEqual({ status: 503, text: "stopping" }),
      { timeout: 5000, interval: 10 },
    );
    expect(await probe(bot, "/healthz")).toHaveProperty("status", 200);
    const messages = slack.messages(card.channel).length;
    const refused = await type(slack, PEOPLE.carol, "revoke dana@example.com --reason too late");
    expect(refused).toMatchObject({ ok: false, error: "dispatch_failed" });

    held.release();
    const { code, tookMs } = await stopped;
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(LIMIT_MS);
    expect(slack.messages(card.channel)).toHaveLength(messages);
    expect(bot.stderr()).toBe("");

    await startBotProcess(held);
    await finishedThread(slack, card);
    expect(wordsOf(slack, card)).toContain("verified at");
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
  });

  it("still gives the answer that somebody waits for", async () => {
    const world = await startWorld({ mode });
    const { slack, cloudflare } = world;
    const bot = await startBotProcess(world);
    const lookUp = cloudflare.faults.hold("users.list");
    expect(await type(slack, PEOPLE.alice, "user mallory@example.com")).toMatchObject({ ok: true });
    await lookUp.arrived;
    const stopped = bot.stop();
    await bot.logged("stopping");
    lookUp.release();

    expect(await stopped).toMatchObject({ code: 0 });
    const answer = slack.ephemerals(PEOPLE.alice).map((message) => slack.visibleText(message));
    expect(answer).toEqual([expect.stringContaining("3 active sessions")]);
  });
});

describe("a process that is asked to stop while Cloudflare does not answer", () => {
  it("ends within ten seconds all the same, and goes on with the call when started again", async () => {
    const held = await startHeld("call");
    const { slack, cloudflare, bot, card } = held;

    const { code, tookMs } = await bot.stop();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(LIMIT_MS);
    held.release();

    await startBotProcess(held);
    await finishedThread(slack, card);
    expect(wordsOf(slack, card)).toContain("verified at");
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(2);
  });
});
