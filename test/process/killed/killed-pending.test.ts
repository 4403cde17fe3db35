import { describe, expect, it, vi } from "vitest";

import { POLICY } from "../../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  askToRevoke,
  callsTo,
  newEphemeral,
  PEOPLE,
  press,
  startWorld,
  wordsOf,
  type World,
} from "../../support/harness.ts";
import { query, startBotProcess } from "../../support/process.ts";
import { auditEvents, expectWholeStory, firstLines, liveSessions } from "./whole-story.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

describe.each(["http"] as const)("killed in %s mode while a request waits for its approval", (mode) => {
  it("and started again in time, the bot takes the approval as if nothing had been", async () => {
    const world = await startWorld({ mode });
    const { slack } = world;
    const first = await startBotProcess(world);
    const card = await askToRevoke(slack);
    await first.kill();
    expect(await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve)).toMatchObject({ ok: false });

    const second = await startBotProcess(world);
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await expectWholeStory(world, second, card, {
      calls: 1,
      answer: "Cloudflare accepted it",
      audit: ["call.sent", "call.answered"],
    });
  });

  it("and its card is deleted meanwhile, it posts the card anew when it is started again", async () => {
    const world = await startWorld({ mode });
    const { slack } = world;
    const first = await startBotProcess(world);
    const card = await askToRevoke(slack);
    await slack.waitFor(() => slack.thread(card.channel, card.ts).length === 1);
    await first.kill();
    slack.deleteMessage(card.channel, card.ts);

    const second = await startBotProcess(world);
    const anew = await slack.waitFor(() =>
      slack.messages(card.channel).find((message) => slack.visibleText(message).includes("Needs 1 approval")),
    );
    expect(anew.ts).not.toBe(card.ts);
    await slack.waitFor(() => firstLines(world, anew).length === 1);
    await second.stop();
    expect(auditEvents(world)).toEqual(["request.created", "card.replaced"]);
  });

  it("and started again when its time is over, it shows the card as expired, and a late approval loses", async () => {
    const world = await startWorld({
      mode,
      policy: POLICY.replace("revoke: { ttl: 1h }", "revoke: { ttl: 5s }"),
    });
    const { slack, cloudflare } = world;
    const first = await startBotProcess(world);
    const card = await askToRevoke(slack);
    await first.kill();
    expect(wordsOf(slack, card)).toContain("Needs 1 approval");
    await deadline(world);

    const second = await startBotProcess(world);
    await slack.waitFor(() => wordsOf(slack, card).includes("Expired"));
    const before = slack.ephemerals(PEOPLE.bob).length;
    await slack.clickStale({
      user: PEOPLE.bob,
      channel: card.channel,
      ts: card.ts,
      actionId: CARD_ACTIONS.approve,
    });
    expect(slack.visibleText(await newEphemeral(slack, PEOPLE.bob, before))).toMatch(/expired/i);
    const dm = slack.dm(PEOPLE.alice);
    await slack.waitFor(() => slack.messages(dm).length > 0);
    await second.stop();

    expect(slack.messages(card.channel)).toHaveLength(1);
    expect(JSON.stringify(slack.messages(card.channel)[0]?.blocks)).not.toContain(CARD_ACTIONS.approve);
    expect(firstLines(world, card)).toEqual([
      expect.stringContaining("🔎 Before"),
      expect.stringContaining("no one decided in time"),
    ]);
    expect(slack.messages(dm).map((message) => slack.visibleText(message))).toEqual([
      expect.stringContaining("Expired"),
    ]);
    expect(auditEvents(world)).toEqual(["request.created", "request.expired", "click.refused"]);
    expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
    expect(liveSessions(world)).toHaveLength(3);
  });
});

/** Waits until the request's time is over. */
async function deadline(world: World): Promise<void> {
  const [row] = query(world, "SELECT expires_at FROM requests");
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(Number(row?.["expires_at"])), {
    timeout: 8000,
    interval: 20,
  });
}
