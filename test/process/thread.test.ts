import { expect, it, vi } from "vitest";

import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { askToRevoke, finishedThread, PEOPLE, press, startWorld, wordsOf } from "../support/harness.ts";
import { query, startBotProcess } from "../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

it("the thread tells the end as it is, after the card shows it, when Slack was slow all the while", async () => {
  const world = await startWorld();
  const { slack } = world;
  await startBotProcess(world);
  const card = await askToRevoke(slack);
  const update = slack.faults.hold("chat.update");
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  await update.arrived;
  await vi.waitFor(
    () => expect(query(world, "SELECT status FROM requests")).toEqual([{ status: "succeeded" }]),
    { timeout: 10_000, interval: 10 },
  );
  update.release();

  const thread = await finishedThread(slack, card);
  expect(wordsOf(slack, card)).toContain("verified at");
  expect(thread.at(-1)).toContain("verified at");
  expect(thread.at(-1)).toContain("Next: To keep them out, disable the account in your IdP");
});
