import { describe, expect, it, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  askToRevoke,
  cardWhere,
  CHANNELS,
  PEOPLE,
  press,
  startWorld,
  type,
  wordsOf,
  type World,
} from "../../support/harness.ts";
import { query, startBotProcess } from "../../support/process.ts";
import { expectWholeStory, firstLines, type Expected } from "./whole-story.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const ASK = "revoke mallory@example.com --reason laptop stolen";
const whole: Expected = { calls: 1, answer: "Cloudflare accepted it", audit: ["call.sent", "call.answered"] };

describe.each(["http"] as const)("killed in %s mode while it writes to Slack, and started again", (mode) => {
  it.each([
    ["before the card is posted", "hold", 0],
    ["when the card is posted and it was not told so", "holdAnswer", 1],
  ] as const)(
    "%s, the bot shows one card, and the request goes its whole way",
    async (_when, hold, posted) => {
      const world = await startWorld({ mode });
      const { slack } = world;
      const first = await startBotProcess(world);
      const post = slack.faults[hold]("chat.postMessage");
      await type(slack, PEOPLE.alice, ASK);
      await post.arrived;
      await first.kill();
      post.release();
      expect(query(world, "SELECT status FROM requests")).toEqual([{ status: "pending" }]);
      expect(slack.messages(CHANNELS.approvals)).toHaveLength(posted);

      const second = await startBotProcess(world);
      const card = await cardWhere(slack, (words) => words.includes("Needs 1 approval"));
      await slack.waitFor(() => firstLines(world, card).length === 1);
      await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
      await expectWholeStory(world, second, card, whole);
    },
  );
});

describe("killed while it writes to Slack, and started again", () => {
  it("at every single message in turn, each posted without its knowing, tells the story once and in order", async () => {
    const world = await startWorld();
    const { slack } = world;
    let bot = await startBotProcess(world);
    let post = slack.faults.holdAnswer("chat.postMessage");
    const dieAndStartAgain = async (options: { holdNext: boolean }): Promise<void> => {
      await post.arrived;
      await bot.kill();
      post.release();
      if (options.holdNext) post = slack.faults.holdAnswer("chat.postMessage");
      bot = await startBotProcess(world);
    };
    await type(slack, PEOPLE.alice, ASK);
    // At the card, then at the evidence.
    await dieAndStartAgain({ holdNext: true });
    await dieAndStartAgain({ holdNext: false });
    const card = await cardWhere(slack, (words) => words.includes("Needs 1 approval"));

    post = slack.faults.holdAnswer("chat.postMessage");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await succeeded(world);
    // Messages are posted beside the call, or after it.
    await vi.waitFor(() => expect(firstLines(world, card)).toHaveLength(2), { timeout: 10_000 });
    // Decision, call, acceptance, end, direct message.
    for (let left = 4; left >= 0; left -= 1) await dieAndStartAgain({ holdNext: left > 0 });
    await expectWholeStory(world, bot, card, whole);
  });

  it("at a message that is lost on its way, posts it and those after it", async () => {
    const world = await startWorld();
    const { slack } = world;
    const first = await startBotProcess(world);
    const card = await askToRevoke(slack);
    await slack.waitFor(() => firstLines(world, card).length === 1);
    const post = slack.faults.hold("chat.postMessage");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await post.arrived;
    await succeeded(world);
    await first.kill();
    post.release();
    expect(firstLines(world, card)).toHaveLength(1);

    await expectWholeStory(world, await startBotProcess(world), card, whole);
  });

  it("at an edit of the card that is lost on its way, edits it", async () => {
    const world = await startWorld();
    const { slack } = world;
    const first = await startBotProcess(world);
    const card = await askToRevoke(slack);
    await slack.waitFor(() => firstLines(world, card).length === 1);
    const edit = slack.faults.hold("chat.update");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await edit.arrived;
    await succeeded(world);
    await first.kill();
    edit.release();
    expect(wordsOf(slack, card)).toContain("Needs 1 approval");

    await expectWholeStory(world, await startBotProcess(world), card, whole);
  });
});

async function succeeded(world: World): Promise<void> {
  await vi.waitFor(
    () => expect(query(world, "SELECT status FROM requests")).toEqual([{ status: "succeeded" }]),
    {
      timeout: 40_000,
      interval: 10,
    },
  );
}
