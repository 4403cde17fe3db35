import { expect, it, vi } from "vitest";

import type { StoredMessage } from "../../sandbox/slack/index.ts";
import { POLICY } from "../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { askToRevoke, CHANNELS, PEOPLE, press, startWorld, type, wordsOf } from "../support/harness.ts";
import { query, startBotProcess } from "../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 240_000 });

const channel = CHANNELS.incident;

it("killed after each step of an incident, the bot tells the same story, and nothing twice", async () => {
  const policy = POLICY.replace("channels:\n", `channels:\n  incidents: ${channel}\n`);
  const world = await startWorld({ mode: "http", policy });
  const { slack } = world;
  let bot = await startBotProcess(world);
  const killAndStart = async () => {
    await bot.kill();
    bot = await startBotProcess(world);
  };
  const heads = () =>
    slack.messages(channel).filter((one) => slack.visibleText(one).includes("Phishing wave"));
  const thread = (head: StoredMessage) => slack.thread(channel, head.ts).map((one) => slack.visibleText(one));
  const isTold = (head: StoredMessage, words: string) =>
    slack.waitFor(() => thread(head).some((line) => line.includes(words)), 60_000);

  await type(slack, PEOPLE.alice, 'incident open mallory@example.com "Phishing wave"');
  await slack.waitFor(() => heads()[0]);
  // Before everyone was read.
  await killAndStart();
  const head = heads()[0] as StoredMessage;
  await isTold(head, "Mallory Archer");
  const card = await askToRevoke(slack);
  await killAndStart();
  await isTold(head, "requested");
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  // A click is acknowledged before it is written: as soon as it is, whatever of it is under way.
  const isDecided = () => query(world, "SELECT 1 FROM requests WHERE status <> 'pending'").length;
  await vi.waitFor(() => expect(isDecided()).toBe(1), { timeout: 30_000, interval: 5 });
  await killAndStart();
  await isTold(head, "verified at");
  await isTold(head, "Contained");
  await slack.waitFor(
    () => /🟠 Mallory Archer · revoked .* · 2 devices active/.test(wordsOf(slack, head)),
    60_000,
  );
  await type(
    slack,
    PEOPLE.alice,
    `incident close ${/INC-[0-9A-Z]{5}/.exec(wordsOf(slack, head))?.[0] ?? ""}`,
  );
  const isClosed = () => query(world, "SELECT 1 FROM incidents WHERE status = 'closed'").length;
  await vi.waitFor(() => expect(isClosed()).toBe(1), { timeout: 30_000, interval: 5 });
  await killAndStart();
  await isTold(head, "Summary: Phishing wave");
  await isTold(head, "Sign-ins of Mallory Archer");
  await bot.stop();

  expect(heads()).toHaveLength(1);
  const lines = thread(head);
  const isSummary = (line: string) => line.includes("Summary: Phishing wave");
  expect(lines.filter(isSummary)).toHaveLength(1);
  const rest = lines.filter((line) => !isSummary(line));
  for (const told of [
    "takeover|High risk",
    "requested",
    "approved",
    "verified at",
    "Contained",
    "Closed by",
    "Sign-ins of",
  ])
    expect(
      rest.filter((line) => new RegExp(told).test(line)),
      told,
    ).toHaveLength(1);
});
