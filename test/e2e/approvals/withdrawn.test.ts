import { describe, expect, it } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { addCrowd, revokedEmails, stillIn } from "../../support/crowd.ts";
import { answerTo, askToRevoke, finishedThread, PEOPLE, press, wordsOf } from "../../support/harness.ts";
import { newModal, readAudit, startScene, type Scene } from "../support.ts";

const { alice, bob, carol } = PEOPLE;

/** Pauses, and waits until the card says that it is kept back because of that. */
async function pauseHolding({ slack }: Scene, card: StoredMessage): Promise<void> {
  await answerTo(slack, carol, "pause --reason a drill");
  await slack.waitFor(() => wordsOf(slack, card).includes("zt-bot is paused: a drill") || undefined);
}

async function cancel({ slack }: Scene, card: StoredMessage): Promise<string> {
  expect(await press(slack, alice, card, CARD_ACTIONS.cancel)).toMatchObject({ ok: true });
  return (await finishedThread(slack, card)).join("\n");
}

async function deny({ slack }: Scene, card: StoredMessage): Promise<string> {
  const form = await newModal(slack, bob, () => press(slack, bob, card, CARD_ACTIONS.deny));
  await slack.submitView({
    user: bob,
    viewId: form.id,
    values: { reason: { reason: { value: "a mistake" } } },
  });
  return (await finishedThread(slack, card)).join("\n");
}

describe("a request that is kept back after it has begun", () => {
  it("is void when it is cancelled and no call took effect", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    cloudflare.faults.set("revoke-user", { kind: "rate-limit", retryAfter: 2, times: 1 });
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => revokedEmails(cloudflare).length === 1 || undefined);
    await pauseHolding(scene, card);

    const thread = await cancel(scene, card);
    await answerTo(slack, carol, "resume");
    expect(thread).toMatch(/Voided, nothing was done.*cancelled it/);
    expect(wordsOf(slack, card)).toContain("Voided, nothing was done");
    expect(revokedEmails(cloudflare)).toHaveLength(1);
    expect(stillIn(cloudflare, ["mallory@example.com"])).toHaveLength(1);
  });

  it(
    "is not sent again when it is denied after a call without an answer, and does not say that nothing was done",
    { tags: ["slow"] },
    async () => {
      const scene = await startScene({ cloudflareTimeoutMs: 300 });
      const { slack, cloudflare } = scene;
      const card = await askToRevoke(slack);
      const hang = cloudflare.faults.hold("revoke-user");
      await press(slack, bob, card, CARD_ACTIONS.approve);
      await hang.arrived;
      await pauseHolding(scene, card);
      hang.release();

      const thread = await deny(scene, card);
      await answerTo(slack, carol, "resume");
      expect(revokedEmails(cloudflare)).toHaveLength(1);
      expect(`${thread}${wordsOf(slack, card)}`).not.toContain("nothing was done");
      expect(wordsOf(slack, card)).toContain("Failed");
      const events = readAudit(scene).map(({ event }) => event);
      expect(events.filter((event) => event === "call.sent")).toHaveLength(1);
    },
  );

  it("about several is denied for those who come later, and says who was done", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const [first = "", ...others] = addCrowd(cloudflare, 3);
    const card = await askToRevoke(slack, {
      text: `revoke ${[first, ...others].join(" ")} --reason stuffing`,
    });
    const hold = cloudflare.faults.hold("revoke-user");
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await hold.arrived;
    const look = cloudflare.faults.hold("sessions.list");
    hold.release();
    await look.arrived;
    await answerTo(slack, carol, "pause --reason a drill");
    look.release();
    await slack.waitFor(() => wordsOf(slack, card).includes("zt-bot is paused: a drill") || undefined);

    const thread = await deny(scene, card);
    await answerTo(slack, carol, "resume");
    expect(revokedEmails(cloudflare)).toEqual([first]);
    expect(stillIn(cloudflare, others)).toEqual(others);
    expect(thread).toContain("1 of 3 done, 2 not touched");
    expect(`${thread}${wordsOf(slack, card)}`).not.toContain("nothing was done");
  });
});
