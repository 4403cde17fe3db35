import { writeFileSync } from "node:fs";

import { expect, it, vi } from "vitest";

import { POLICY } from "../../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  newEphemeral,
  PEOPLE,
  press,
  startWorld,
  wordsOf,
} from "../../support/harness.ts";
import { readAudit } from "../../e2e/support.ts";
import { spawnBot, startBotProcess } from "../../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

it("SIGHUP puts a changed policy.yml in force at the next command and the next click", async () => {
  const world = await startWorld();
  const { slack, cloudflare } = world;
  const bot = await startBotProcess(world);
  const card = await askToRevoke(slack);

  writeFileSync(
    world.env["ZT_POLICY_FILE"] ?? "",
    POLICY.replace(/^operators: .*$/m, `operators: [${PEOPLE.bob}, ${PEOPLE.carol}]`).replace(
      /^approvers: .*$/m,
      `approvers: [${PEOPLE.carol}]`,
    ),
  );
  bot.signal("SIGHUP");
  await bot.logged("policy reloaded");

  const { words } = await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
  expect(words).not.toContain("mallory@example.com");
  expect(words).toMatch(/operator/i);
  const before = slack.ephemerals(PEOPLE.bob).length;
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  const refusal = slack.visibleText(await newEphemeral(slack, PEOPLE.bob, before));
  expect(refusal).toMatch(/approve/i);
  expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
});

it("SIGHUP with a broken policy.yml keeps the old one in force, and the log says what is wrong", async () => {
  const world = await startWorld();
  const bot = await startBotProcess(world);

  writeFileSync(
    world.env["ZT_POLICY_FILE"] ?? "",
    POLICY.replace(/^operators: .*$/m, "operators: everybody"),
  );
  bot.signal("SIGHUP");
  const line = await bot.logged("policy not reloaded: the old one stays in force");
  expect(line).toMatchObject({ level: "error", err: { message: expect.stringContaining("operators") } });

  const { words } = await answerTo(world.slack, PEOPLE.alice, "user mallory@example.com");
  expect(words).toContain("3 active sessions");
});

it("SIGHUP while the bot is still starting does not end it, and is not lost", async () => {
  const world = await startWorld();
  const identity = world.slack.faults.hold("auth.test");
  const bot = spawnBot(world.env);
  await identity.arrived;
  bot.signal("SIGHUP");
  identity.release();
  expect(await bot.logged("ready")).toMatchObject({ level: "info" });
  await bot.logged("policy reloaded");
});

it("every policy that was in force is in the record, a broken one too, and a card that waits names who may approve now", async () => {
  const world = await startWorld();
  const { slack } = world;
  const bot = await startBotProcess(world);
  const card = await askToRevoke(slack);
  const file = world.env["ZT_POLICY_FILE"] ?? "";

  writeFileSync(file, "operators: everybody");
  bot.signal("SIGHUP");
  await bot.logged("policy not reloaded: the old one stays in force");
  writeFileSync(file, POLICY.replace(/^approvers: .*$/m, `approvers: [${PEOPLE.carol}]`));
  bot.signal("SIGHUP");
  await slack.waitFor(() => /Needs 1 approval from @carol/.test(wordsOf(slack, card)) || undefined);

  const rows = readAudit(world).filter(({ event }) => event.startsWith("policy."));
  expect(rows.map(({ event, actor }) => [event, actor])).toEqual([
    ["policy.refused", "zt-bot"],
    ["policy.loaded", "zt-bot"],
  ]);
  expect(rows[0]?.data["problems"]).toContain("policy.yml: channels is missing".replace("policy.yml", file));
  expect(rows[1]?.data["previous"]).toBe(rows[0]?.data["policy_hash"]);
});
