import { describe, expect, it, vi } from "vitest";

import { answerTo, MODES, PEOPLE, startWorld } from "../support/harness.ts";
import { probe, startBotProcess } from "../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

describe.each(MODES)("the process in %s mode", (mode) => {
  it("says once that it is ready, and then is alive, ready and takes commands", async () => {
    const world = await startWorld({ mode });
    const bot = await startBotProcess(world);

    expect(await probe(bot, "/healthz")).toEqual({ status: 200, text: "ok" });
    expect(await probe(bot, "/readyz")).toEqual({ status: 200, text: "ready" });
    expect(await probe(bot, "/metrics")).toHaveProperty("status", 404);
    const { words } = await answerTo(world.slack, PEOPLE.alice, "user mallory@example.com");
    expect(words).toContain("3 active sessions");

    expect(bot.logs("ready")).toEqual([
      expect.objectContaining({ level: "info", url: bot.url, mode, database: "sqlite" }),
    ]);
    expect(bot.stderr()).toBe("");
    const lines = bot.stdout().trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toHaveLength(bot.logs().length);
  });
});

describe("the connection to Slack in Socket Mode", () => {
  it("is taken up again at once when Slack asks to reconnect, as it does every few hours", async () => {
    const world = await startWorld();
    const bot = await startBotProcess(world);
    world.slack.disconnectSockets("refresh_requested");
    await vi.waitFor(() => expect(bot.logs("connected to Slack")).toHaveLength(2), {
      ...WAIT,
      timeout: 3000,
    });
    const { words } = await answerTo(world.slack, PEOPLE.alice, "help");
    expect(words).toContain("/zt user");
  });

  it("makes the process alive but not ready while Slack is gone, and ready when Slack is back", async () => {
    const world = await startWorld();
    const bot = await startBotProcess(world);
    world.slack.faults.set("apps.connections.open", { dropConnection: true });
    world.slack.disconnectSockets("refresh_requested", { warningMs: 0 });
    await vi.waitFor(
      async () =>
        expect(await probe(bot, "/readyz")).toEqual({ status: 503, text: "not connected to Slack" }),
      WAIT,
    );
    await vi.waitFor(
      () =>
        expect(
          world.slack.calls.filter((call) => call.method === "apps.connections.open").length,
        ).toBeGreaterThan(2),
      WAIT,
    );
    expect(await probe(bot, "/readyz")).toHaveProperty("status", 503);
    expect(await probe(bot, "/healthz")).toHaveProperty("status", 200);

    world.slack.faults.clear();
    await vi.waitFor(async () => expect(await probe(bot, "/readyz")).toHaveProperty("status", 200), WAIT);
    const { words } = await answerTo(world.slack, PEOPLE.alice, "help");
    expect(words).toContain("/zt user");
    expect(bot.logs("connected to Slack")).toHaveLength(2);
  });

  it("may be gone when the process is asked to stop: it stops all the same", async () => {
    const world = await startWorld();
    const bot = await startBotProcess(world);
    world.slack.faults.set("apps.connections.open", { error: "internal_error" });
    world.slack.disconnectSockets("refresh_requested", { warningMs: 0 });
    await vi.waitFor(async () => expect(await probe(bot, "/readyz")).toHaveProperty("status", 503), WAIT);
    const { code, tookMs } = await bot.stop();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(5000);
  });
});

const WAIT = { timeout: 10_000, interval: 10 };
