import { expect, it } from "vitest";

import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { askToRevoke, finishedThread, PEOPLE, press, startAll } from "../support/harness.ts";

it("a thread message whose blocks Slack refuses goes out in words alone, and the story goes on", async () => {
  const { slack } = await startAll();
  const card = await askToRevoke(slack);
  await slack.waitFor(() => slack.thread(card.channel, card.ts).length === 1);
  slack.faults.set("chat.postMessage", { error: "invalid_blocks", times: 1 });

  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  const thread = await finishedThread(slack, card);

  expect(thread).toHaveLength(5);
  expect(thread[1]).toContain("Approved");
});
