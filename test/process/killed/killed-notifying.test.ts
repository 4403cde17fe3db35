import { expect, it, vi } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { cardWhere, CHANNELS, PEOPLE, press, startWorld, type, wordsOf } from "../../support/harness.ts";
import { startBotProcess } from "../../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const { alice, bob, carol } = PEOPLE;
const POLICY = `channels: { approvals: ${CHANNELS.approvals} }
operators: [${alice}]
approvers: [${bob}, ${carol}]
notify_approvers: dm
`;

it("killed while it writes to approvers, and while it closes their messages, the bot tells each once and closes all", async () => {
  const world = await startWorld({ policy: POLICY });
  const { slack } = world;
  const asked = (user: string): StoredMessage[] =>
    slack.messages(slack.dm(user)).filter(({ text }) => text.includes("mallory@example.com"));
  let bot = await startBotProcess(world);

  // Both messages are in Slack, and the bot does not know.
  const opened = slack.faults.hold("conversations.open");
  await type(slack, alice, "revoke mallory@example.com --reason laptop stolen");
  await opened.arrived;
  const post = slack.faults.holdAnswer("chat.postMessage");
  opened.release();
  await slack.waitFor(() => asked(bob).length + asked(carol).length === 2);
  await bot.kill();
  post.release();
  bot = await startBotProcess(world);
  const card = await cardWhere(slack, (words) => words.includes("Needs 1 approval"));

  const edit = slack.faults.hold("chat.update");
  const [toBob] = asked(bob);
  if (toBob === undefined) throw new Error("Bob was not asked");
  await press(slack, bob, toBob, CARD_ACTIONS.approve);
  await edit.arrived;
  await bot.kill();
  edit.release();
  await startBotProcess(world);

  for (const user of [bob, carol]) {
    await slack.waitFor(() => {
      const [message] = asked(user);
      return message !== undefined && !slack.visibleText(message).includes("Approve\n");
    }, 60_000);
    expect(asked(user)[0]?.blocks).toHaveLength(1);
    // The outcome goes to the requester alone.
    expect(asked(user)).toHaveLength(1);
  }
  await slack.waitFor(() => wordsOf(slack, card).includes("verified"), 60_000);
});
