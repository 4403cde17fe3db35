import { writeFileSync } from "node:fs";

import { describe, expect, it, vi } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { POLICY } from "../../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { addCrowd, revokedEmails } from "../../support/crowd.ts";
import { answerTo, askToRevoke, finishedThread, PEOPLE, press, wordsOf } from "../../support/harness.ts";
import { startScene, type Scene } from "../support.ts";

const { alice, bob, carol } = PEOPLE;

/** Bob's approval is lost while zt-bot is paused, and zt-bot goes on. */
async function loseApproval({ slack, env, bot }: Scene, card: StoredMessage): Promise<string> {
  expect((await answerTo(slack, carol, "pause --reason a drill")).words).toContain("Paused");
  await slack.waitFor(() => wordsOf(slack, card).includes("zt-bot is paused: a drill") || undefined);
  const policy = POLICY.replace(/^approvers: .*$/m, `approvers: [${carol}]`);
  writeFileSync(env["ZT_POLICY_FILE"] ?? "", policy);
  await bot.reloadPolicy();
  await answerTo(slack, carol, "resume");
  return (await finishedThread(slack, card)).join("\n");
}

describe("an approval that is lost between two attempts of a call", () => {
  it("lets no second call go out, and the thread says why", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    cloudflare.faults.set("revoke-user", { kind: "rate-limit", retryAfter: 2, times: 1 });
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => revokedEmails(cloudflare).length === 1 || undefined);

    const thread = await loseApproval(scene, card);
    expect(revokedEmails(cloudflare)).toEqual(["mallory@example.com"]);
    expect(thread).toMatch(/Void.*Bob Okafor is no longer an approver/s);
    expect(wordsOf(slack, card)).toContain("no longer an approver");
    await vi.waitFor(() => expect(slack.messages(slack.dm(alice))).toHaveLength(1));
  });

  it("lets nobody of several be called for a second time", { tags: ["slow"] }, async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const [first = "", ...others] = addCrowd(cloudflare, 3);
    const card = await askToRevoke(slack, {
      text: `revoke ${[first, ...others].join(" ")} --reason stuffing`,
    });
    cloudflare.faults.set("revoke-user", { kind: "rate-limit", retryAfter: 2, times: 1 });
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => revokedEmails(cloudflare).length === 1 || undefined);

    const thread = await loseApproval(scene, card);
    expect(revokedEmails(cloudflare)).toEqual([first]);
    expect(thread).toMatch(/Void.*Bob Okafor is no longer an approver/s);
  });

  it("leaves those of several alone who come after the first one", { tags: ["slow"] }, async () => {
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
    cloudflare.faults.set("revoke-user", { kind: "rate-limit", retryAfter: 5, times: others.length });
    look.release();
    await slack.waitFor(() => revokedEmails(cloudflare).length === 1 + others.length || undefined);

    const thread = await loseApproval(scene, card);
    expect(revokedEmails(cloudflare).toSorted()).toEqual([first, ...others]);
    expect(wordsOf(slack, card)).toContain("1 of 3 done");
    expect(thread).toContain("no longer an approver");
  });
});
