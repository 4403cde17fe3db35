import { describe, expect, it, vi } from "vitest";

import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { addCrowd, revokedEmails, stillIn } from "../support/crowd.ts";
import {
  cardWhere,
  finishedThread,
  PEOPLE,
  press,
  startWorld,
  type,
  wordsOf,
  type World,
} from "../support/harness.ts";
import { startBotProcess } from "../support/process.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Cloudflare's 1,200 calls in 5 minutes and our 1,100, on a clock that runs forty times as fast. */
const RATE_LIMIT = { requests: 1200, windowMs: 7000 };
const BUDGET = { CLOUDFLARE_RATE_BUDGET: "1100/7s" };
const COUNT = 500;

describe("a revocation of 500 users under Cloudflare's rate limit, killed in the middle", () => {
  it("goes on where it was: one call each, never refused, nothing told twice", async () => {
    const world = await startWorld({ rateLimit: RATE_LIMIT });
    const { slack, cloudflare } = world;
    const emails = addCrowd(cloudflare, COUNT);
    const first = await startBotProcess(world, BUDGET);

    await type(slack, PEOPLE.alice, "revoke");
    const form = await slack.waitFor(() =>
      slack.views(PEOPLE.alice).find((view) => view.callback_id === "ask"),
    );
    await slack.submitView({
      user: PEOPLE.alice,
      viewId: form.id,
      values: { several: { several: emails.join("\n") }, reason: { reason: "credential stuffing" } },
    });
    const card = await cardWhere(slack, (words) => words.includes("Revoke all sessions of 500 users"));
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => percents(world).length > 0 && revokedEmails(cloudflare).length > 150, 60_000);
    await first.kill();
    const killedAt = Date.now();
    expect(revokedEmails(cloudflare).length).toBeLessThan(COUNT);

    const second = await startBotProcess(world, BUDGET);
    const thread = await finishedThread(slack, card, 60_000);
    const told = await slack.waitFor(() => slack.messages(slack.dm(PEOPLE.alice)).at(-1));
    expect(await second.stop()).toHaveProperty("code", 0);

    expect(revokedEmails(cloudflare).toSorted()).toEqual(emails);
    expect(stillIn(cloudflare, emails)).toEqual([]);
    expect(cloudflare.requests.filter(({ status }) => status === 429)).toEqual([]);

    expect(wordsOf(slack, card)).toContain("✅ 500 of 500 done, verified at");
    expect(slack.visibleText(told)).toContain("500 of 500 done");
    expect(thread.map((text) => text.split("\n")[0])).toEqual([
      expect.stringContaining("🔎 Before, first user"),
      expect.stringContaining("Approved"),
      expect.stringContaining("Calling Cloudflare: revoke_user for user-001@crowd.example.com"),
      expect.stringContaining("Cloudflare accepted it"),
      expect.stringContaining("The other 499 follow"),
      expect.stringContaining("✅ 500 of 500 done, verified at"),
    ]);
    const shown = percents(world);
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
    // The finished card shows no bar: it is one line.
    expect(shown.at(-1)).toBeGreaterThan(0);
    expectSpaced(edits(world).filter(({ at }) => at < killedAt));
    // The first edit after the start brings the card up to date with what the other process left.
    expectSpaced(
      edits(world)
        .filter(({ at }) => at > killedAt)
        .slice(1),
    );
    expect(slack.messages(card.channel)).toHaveLength(1);
    expect(slack.violations).toEqual([]);
  });
});

interface Edit {
  at: number;
  percent: number;
}

/** Each edit of the card that showed how far it was. */
function edits({ slack }: World): Edit[] {
  return slack.calls
    .filter((call) => call.method === "chat.update")
    .flatMap((call) => {
      const percent = / (\d+) %/.exec(JSON.stringify(call.args["blocks"]))?.[1];
      return percent === undefined ? [] : [{ at: Date.parse(call.at), percent: Number(percent) }];
    });
}

function percents(world: World): number[] {
  return edits(world).map(({ percent }) => percent);
}

/** The card is edited once in three seconds, though a busy machine may let one edit arrive late. */
const EVERY_MS = 3000;
const LATE_MS = 1500;

/** Slack takes about 50 edits a minute: only the last one comes when it is time for it. */
function expectSpaced(all: readonly Edit[]): void {
  const at = all.filter(({ percent }) => percent < 100).map((edit) => edit.at);
  const tooClose = at.flatMap((from, index) =>
    at
      .slice(index + 1)
      .map((to, between) => ({ edits: between + 2, withinMs: to - from }))
      .filter(({ edits: count, withinMs }) => withinMs < (count - 1) * EVERY_MS - LATE_MS),
  );
  expect(tooClose).toEqual([]);
}
