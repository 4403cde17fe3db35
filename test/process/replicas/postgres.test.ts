import { expect, it, onTestFinished, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  askToRevoke,
  callsTo,
  finishedThread,
  PEOPLE,
  press,
  startWorld,
  wordsOf,
} from "../../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { startBotProcess } from "../../support/process.ts";
import { firstLines, liveSessions } from "../killed/whole-story.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

describeWithPostgres("on PostgreSQL", () => {
  it("two processes that start on an empty database at once take a request its whole way, and nothing is done twice", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const world = await startWorld({ databaseUrl: url });
    const { slack, cloudflare } = world;
    const bots = await Promise.all([startBotProcess(world), startBotProcess(world)]);
    expect(bots.map((bot) => bot.logs("ready")[0])).toEqual([
      expect.objectContaining({ database: "postgres" }),
      expect.objectContaining({ database: "postgres" }),
    ]);
    expect(slack.connections).toBe(2);

    const card = await askToRevoke(slack);
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    const dm = slack.dm(PEOPLE.alice);
    await slack.waitFor(() => slack.messages(dm).length > 0);
    expect(await Promise.all(bots.map((bot) => bot.stop()))).toEqual([
      expect.objectContaining({ code: 0 }),
      expect.objectContaining({ code: 0 }),
    ]);

    expect(wordsOf(slack, card)).toContain("✅ Revoked 3 sessions, verified at");
    expect(slack.messages(card.channel)).toHaveLength(1);
    expect(firstLines(world, card)).toEqual([
      expect.stringContaining("🔎 Before"),
      expect.stringContaining("Approved by @bob"),
      expect.stringContaining("Calling Cloudflare"),
      expect.stringContaining("Cloudflare accepted it"),
      expect.stringContaining("Revoked 3 sessions, verified at"),
    ]);
    expect(slack.messages(dm)).toHaveLength(1);
    expect(liveSessions(world)).toEqual([]);
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
  });
});
