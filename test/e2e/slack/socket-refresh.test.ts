import { describe, expect, it, vi } from "vitest";

import type { Slack } from "../../../sandbox/slack/index.ts";
import { PEOPLE, startAll, type } from "../../support/harness.ts";

/** Types one command after the other until `isOver`. @throws at the first that is not acknowledged. */
async function typeUntil(slack: Slack, isOver: () => boolean): Promise<number> {
  for (let typed = 1; ; typed += 1) {
    expect(await type(slack, PEOPLE.alice, "help"), `command ${typed}`).toMatchObject({ ok: true });
    if (isOver()) return typed;
  }
}

describe("while Slack refreshes the connection and leaves the old one open,", () => {
  it(
    "every command is acknowledged: before the refresh, at it, and after it",
    { tags: ["slow"] },
    async () => {
      const scene = await startAll();
      const { slack } = scene;
      slack.disconnectSockets("refresh_requested", { warningMs: 3000 });
      // Both connections get commands, in turn, and each acknowledges those that it got.
      await typeUntil(slack, () => slack.connections === 2);
      expect(await typeUntil(slack, () => slack.connections === 1)).toBeGreaterThan(3);
      for (let after = 0; after < 20; after += 1) await typeUntil(slack, () => true);
      expect(scene.logs().match(/"connected to Slack"/g)).toHaveLength(2);
      expect(scene.logs()).not.toContain("disconnected from Slack");
    },
  );

  it(
    "and does so again soon after, the next connection is there in time as well",
    { tags: ["slow"] },
    async () => {
      const { slack } = await startAll();
      for (let round = 0; round < 2; round += 1) {
        slack.disconnectSockets("refresh_requested", { warningMs: 3000, lingerMs: 100 });
        await typeUntil(slack, () => slack.connections === 2);
        expect(await typeUntil(slack, () => slack.connections === 1)).toBeGreaterThan(0);
      }
    },
  );

  it("the bot is connected again at once where Slack gives no warning", async () => {
    const { slack } = await startAll();
    slack.disconnectSockets("refresh_requested", { warningMs: 0 });
    await slack.waitFor(() => slack.connections === 0);
    await slack.waitFor(() => slack.connections === 1, 1000);
    expect(await type(slack, PEOPLE.alice, "help")).toMatchObject({ ok: true });
  });
});

it.each(["null", "no JSON", '{"type":"events_api"}', '{"type":"events_api","payload":{"event":null}}'])(
  "a message that Slack would not send, %s, ends nothing",
  async (message) => {
    const { slack, logs } = await startAll();
    slack.sendRaw(message);
    expect(await type(slack, PEOPLE.alice, "help")).toMatchObject({ ok: true });
    // The library passes over what is no JSON. A rejection that nothing handles would fail the test run.
    if (message !== "no JSON") await vi.waitFor(() => expect(logs()).toContain("was not understood"));
  },
);
