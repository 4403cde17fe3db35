import { expect, it, vi } from "vitest";

import { POLICY } from "../../../sandbox/workspace.ts";
import { BREAK_GLASS_ACTIONS } from "../../../src/views/card/break-glass.ts";
import { sendForm, newModal } from "../../e2e/support.ts";
import {
  askToRevoke,
  callsTo,
  finishedThread,
  PEOPLE,
  press,
  startWorld,
  wordsOf,
} from "../../support/harness.ts";
import { startBotProcess } from "../../support/process.ts";
import { auditEvents, firstLines, liveSessions } from "./whole-story.ts";

// Starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const { alice, bob, carol } = PEOPLE;

it("killed after somebody acted alone and before anything was sent, it is done once, told once, and waits for review", async () => {
  const policy = `${POLICY}break_glass: { members: [${alice}], notify: [S0LEADS01] }\n`;
  const world = await startWorld({ policy });
  const { slack, cloudflare } = world;
  const first = await startBotProcess(world);
  const card = await askToRevoke(slack);
  const form = await newModal(slack, alice, () => press(slack, alice, card, BREAK_GLASS_ACTIONS.breakGlass));
  const held = cloudflare.faults.hold("users.get");
  // Nobody is told before it dies, either.
  const telling = slack.faults.hold("conversations.open");
  await slack.submitView({
    user: alice,
    viewId: form.id,
    values: { reason: { reason: "it is 3 in the morning and nobody answers" } },
  });
  await Promise.all([held.arrived, telling.arrived]);
  await first.kill();
  held.release();
  telling.release();
  expect(liveSessions(world)).toHaveLength(3);
  expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);

  let bot = await startBotProcess(world);
  await finishedThread(slack, card);
  await slack.waitFor(() => [alice, bob, carol].every((user) => slack.messages(slack.dm(user)).length > 0));
  expect(await bot.stop()).toHaveProperty("code", 0);
  expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
  expect(liveSessions(world)).toEqual([]);
  expect(firstLines(world, card)).toEqual([
    expect.stringMatching(/^🔎 Before/),
    expect.stringMatching(/Break-glass by @alice/),
    expect.stringMatching(/Calling Cloudflare: revoke_user/),
    expect.stringContaining("Cloudflare accepted it"),
    expect.stringMatching(/Revoked 3 sessions, verified at/),
  ]);
  for (const user of [bob, carol])
    expect(slack.messages(slack.dm(user)).map((message) => slack.visibleText(message))).toEqual([
      expect.stringContaining("Break-glass by @alice"),
    ]);
  expect(auditEvents(world)).toEqual([
    "request.created",
    "request.approved",
    "request.executing",
    "target.checked",
    "call.sent",
    "call.answered",
    "target.verified",
    "request.succeeded",
  ]);

  bot = await startBotProcess(world);
  const review = await newModal(slack, bob, () => press(slack, bob, card, BREAK_GLASS_ACTIONS.review));
  await sendForm(slack, bob, review, { verdict: { verdict: "justified" }, note: { note: "" } });
  await slack.waitFor(() => wordsOf(slack, card).includes("Justified, reviewed by @bob"));
  expect(await bot.stop()).toHaveProperty("code", 0);
  expect(slack.violations).toEqual([]);
});
