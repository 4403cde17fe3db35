/** @module-tag slow */
import { expect, it, vi } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { addCrowd } from "../../support/crowd.ts";
import {
  askToRevoke,
  callsTo,
  cardWhere,
  CHANNELS,
  PEOPLE,
  press,
  type,
  wordsOf,
} from "../../support/harness.ts";
import { pressForWords, startScene, type Scene } from "../support.ts";

/** More than one process works on at once. */
const OTHERS = 40;

it("a click is answered and its card updated while Cloudflare does not answer for forty others", async () => {
  const scene = await startScene({ cloudflareTimeoutMs: 120_000 });
  const { slack, cloudflare } = scene;
  const others = await askForOthers(scene);
  const card = await askToRevoke(slack);
  const calls = cloudflare.faults.hold("revoke-user");
  await approveAll(scene, others);
  await vi.waitFor(() => expect(calls.waiting).toBeGreaterThanOrEqual(16), { timeout: 60_000 });
  await slack.waitFor(() => others.every((one) => wordsOf(slack, one).includes("pproved")), 60_000);

  await expectAnsweredMeanwhile(scene, card);
  expect(calls.waiting).toBeGreaterThanOrEqual(16);
  expect(callsTo(cloudflare, "POST", "revoke_user").filter(({ status }) => status !== null)).toEqual([]);
  calls.release();
  await slack.waitFor(
    () => [card, ...others].every((one) => wordsOf(slack, one).includes("verified at")),
    90_000,
  );
});

it("a click is answered and its card updated while Slack refuses the messages of forty others", async () => {
  const scene = await startScene();
  const { slack } = scene;
  const others = await askForOthers(scene);
  const card = await askToRevoke(slack);
  slack.faults.set("chat.postMessage", { retryAfter: 30 });
  const before = slack.thread(CHANNELS.approvals, card.ts).length;
  await approveAll(scene, others);
  await slack.waitFor(() => others.every((one) => wordsOf(slack, one).includes("verified at")), 90_000);

  await expectAnsweredMeanwhile(scene, card);
  expect(slack.thread(CHANNELS.approvals, card.ts)).toHaveLength(before);
  slack.faults.clear();
});

/** Who must not approve is told so, and who may sees the card change. */
async function expectAnsweredMeanwhile({ slack }: Scene, card: StoredMessage): Promise<void> {
  expect(await pressForWords(slack, PEOPLE.alice, card, CARD_ACTIONS.approve)).toMatch(/You requested this/);
  expect(await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve)).toMatchObject({ ok: true });
  await slack.waitFor(() => !wordsOf(slack, card).includes("Needs 1 approval"));
}

/** Requests about forty people, with their cards. */
async function askForOthers({ slack, cloudflare }: Scene): Promise<StoredMessage[]> {
  const emails = addCrowd(cloudflare, OTHERS);
  for (const email of emails)
    expect(await type(slack, PEOPLE.alice, `revoke ${email} --reason "in a leak"`)).toMatchObject({
      ok: true,
    });
  return Promise.all(emails.map((email) => cardWhere(slack, (words) => words.includes(email), 90_000)));
}

async function approveAll({ slack }: Scene, cards: readonly StoredMessage[]): Promise<void> {
  for (const card of cards)
    expect(await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve)).toMatchObject({ ok: true });
}
