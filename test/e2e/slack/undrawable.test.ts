import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect, it } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  startAll,
  wordsOf,
} from "../../support/harness.ts";
import { openIncident, startScene, threadWords } from "../support.ts";

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

it("a message of an incident that can't be drawn is told as such after a while, and those after it go out", async () => {
  let ahead = 0;
  const scene = await startScene({
    policy: `channels: { approvals: ${CHANNELS.approvals}, incidents: ${CHANNELS.incident} }
operators: [${PEOPLE.alice}]
approvers: [${PEOPLE.bob}]
`,
    sweepMs: 100,
    now: () => Date.now() + ahead,
  });
  const { slack } = scene;
  const { message, id } = await openIncident(scene);
  await slack.waitFor(() => wordsOf(slack, message).includes("3 sessions open"));
  const database = new DatabaseSync(join(scene.folder, "data", "zt.db"));
  try {
    database
      .prepare(
        "INSERT INTO thread_replies (thread_id, key, data, version, shown_version, created_at) VALUES (?, 'broken', ?, 1, 0, 1)",
      )
      .run(id, JSON.stringify({ kind: "request", requestId: "ZT-GONE" }));
  } finally {
    database.close();
  }
  await answerTo(slack, PEOPLE.alice, `incident note ${id} called her`);
  const shown = async () => (await answerTo(slack, PEOPLE.alice, `incident show ${id}`)).words;
  await expect.poll(shown).toContain("zt-bot can't show one of its messages");
  expect(threadWords(slack, message).join("\n")).not.toContain("called her");

  ahead = 61_000;
  await slack.waitFor(() => threadWords(slack, message).at(-1)?.includes("called her"));
  expect(threadWords(slack, message).at(-2)).toContain("⚠️ zt-bot can't show this message.");
  await expect.poll(shown).not.toContain("can't show one of its messages");
  expect(scene.logs()).toMatch(/"level":"error".*can't be drawn/);
  // It was tried again ever less often, not at every sweep.
  expect(scene.logs().split("thread not posted").length).toBeLessThan(8);
});
