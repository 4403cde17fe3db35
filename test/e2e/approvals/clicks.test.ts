import { describe, expect, it } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { POLICY } from "../../../sandbox/workspace.ts";
import { askToRevoke, callsTo, finishedThread, PEOPLE, press, wordsOf } from "../../support/harness.ts";
import {
  addOthers,
  approve,
  openModal,
  OTHERS,
  pressForWords,
  privateAnswer,
  publicMessages,
  readAudit,
  requestIdOf,
  type Scene,
  startScene,
} from "../support.ts";

const HOUR = 3_600_000;

/** Everybody a policy could name by mistake, so that a refusal comes from who they are and not from the list. */
const GENEROUS_POLICY = POLICY.replace(
  "approvers: [S0LEADS01]",
  `approvers: [S0LEADS01, ${PEOPLE.alice}, ${OTHERS.stranger}, ${OTHERS.guest}, ${OTHERS.mallory}, ${OTHERS.bot}]`,
);

function revokeCalls({ cloudflare }: Scene) {
  return callsTo(cloudflare, "POST", "/access/organizations/revoke_user");
}

/** The refusals recorded so far, as who was refused what and why. */
function refusals(scene: Scene): string[] {
  return readAudit(scene)
    .filter((row) => row.event === "click.refused")
    .map((row) => `${row.actor} ${String(row.data["what"])} ${String(row.data["code"])}`);
}

describe("clicks", () => {
  it("of two approvers at the same moment one approves, and the other reads who was first", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    // Both are past every check but the last write.
    const gate = slack.faults.hold("users.info");
    await Promise.all([
      press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve),
      press(slack, PEOPLE.carol, card, CARD_ACTIONS.approve),
    ]);
    await slack.waitFor(() => pendingChecks(scene) >= 2);
    gate.release();
    await finishedThread(slack, card);

    const winner = readAudit(scene).find((row) => row.event === "request.approved")?.actor;
    const [first, second] =
      winner === PEOPLE.bob ? (["bob", PEOPLE.carol] as const) : (["carol", PEOPLE.bob] as const);
    const told = await slack.waitFor(() => slack.ephemerals(second).at(-1));
    expect(slack.visibleText(told)).toContain("This request is already");
    expect(slack.visibleText(told)).toContain(`(by @${first})`);
    expect(slack.ephemerals(winner ?? "")).toEqual([]);
    expect(refusals(scene)).toEqual([`${second} approve decided`]);
    expect(revokeCalls(scene)).toHaveLength(1);
    expect(slack.messages(card.channel)).toHaveLength(1);
  });

  it("a double click, and a payload that Slack sends again, approve once", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const [delivery] = await Promise.all([
      press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve),
      press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve),
    ]);
    const thread = await finishedThread(slack, card);
    const told = await slack.waitFor(() => slack.ephemerals(PEOPLE.bob).at(-1));
    expect(slack.visibleText(told)).toContain("This request is already");

    expect(await privateAnswer(slack, PEOPLE.bob, () => slack.replay(delivery))).toContain("already done");
    expect(revokeCalls(scene)).toHaveLength(1);
    expect(thread.filter((text) => text.includes("Approved by"))).toHaveLength(1);
    const refused = `${PEOPLE.bob} approve decided`;
    expect(refusals(scene)).toEqual([refused, refused]);
  });

  it("an approval after the deadline loses even while the card still shows its buttons", async () => {
    let ahead = 0;
    const scene = await startScene({ now: () => Date.now() + ahead });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    ahead = 2 * HOUR;
    const words = await pressForWords(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    expect(words).toContain("This request has expired");
    expect(words).toContain("Request it again");
    expect(refusals(scene)).toEqual([`${PEOPLE.bob} approve expired`]);
    expect(revokeCalls(scene)).toEqual([]);
  });

  it("an expired card loses its buttons, the requester is told, and a click on a stale copy is answered", async () => {
    const scene = await startScene({
      policy: POLICY.replace("revoke: { ttl: 1h }", "revoke: { ttl: 1s }"),
    });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await slack.waitFor(() => wordsOf(slack, card).includes("Expired"));
    expect(JSON.stringify(slack.messages(card.channel)[0]?.blocks)).not.toContain(CARD_ACTIONS.approve);
    const told = await slack.waitFor(() => slack.messages(slack.dm(PEOPLE.alice)).at(-1));
    expect(slack.visibleText(told)).toContain("Expired");

    for (const [user, actionId] of [
      [PEOPLE.bob, CARD_ACTIONS.approve],
      [PEOPLE.alice, CARD_ACTIONS.cancel],
    ] as const) {
      const stale = { user, channel: card.channel, ts: card.ts, actionId };
      expect(await privateAnswer(slack, user, () => slack.clickStale(stale))).toContain(
        "This request has expired",
      );
    }
    await slack.clickStale({
      user: PEOPLE.carol,
      channel: card.channel,
      ts: card.ts,
      actionId: CARD_ACTIONS.deny,
    });
    expect(slack.visibleText(await openModal(slack, PEOPLE.carol))).toContain("This request has expired");
    expect(refusals(scene)).toEqual([
      `${PEOPLE.bob} approve expired`,
      `${PEOPLE.alice} cancel expired`,
      `${PEOPLE.carol} deny expired`,
    ]);
    expect(revokeCalls(scene)).toEqual([]);
  });

  it("nobody but an approver who is neither requester nor target decides, and each is told why", async () => {
    const scene = await startScene({ policy: GENEROUS_POLICY });
    const { slack } = scene;
    addOthers(slack);
    const card = await askToRevoke(slack);
    const before = publicMessages(slack);
    const asked = wordsOf(slack, card);

    for (const [user, words] of [
      [PEOPLE.alice, "You requested this: you can't approve it."],
      [OTHERS.mallory, "This request is about you: you can't approve it."],
      [OTHERS.stranger, "You are from another workspace or organization."],
      [OTHERS.guest, "Guests can't decide here."],
      [OTHERS.bot, "Bots and deactivated accounts can't decide here."],
      [OTHERS.nobody, "You can't approve this request."],
    ] as const) {
      expect(await pressForWords(slack, user, card, CARD_ACTIONS.approve)).toContain(words);
    }
    for (const [user, words] of [
      [PEOPLE.alice, "You requested this yourself."],
      [OTHERS.mallory, "This request is about you: you can't deny it."],
      [OTHERS.stranger, "You are from another workspace or organization."],
      [OTHERS.guest, "Guests can't decide here."],
      [OTHERS.bot, "Bots and deactivated accounts can't decide here."],
      [OTHERS.nobody, "You can't deny this request."],
    ] as const) {
      await press(slack, user, card, CARD_ACTIONS.deny);
      const modal = await openModal(slack, user);
      expect(slack.visibleText(modal)).toContain(words);
      // Nobody writes a reason in vain.
      expect(modal.submit).toBeFalsy();
    }
    for (const user of [
      PEOPLE.bob,
      OTHERS.mallory,
      OTHERS.stranger,
      OTHERS.guest,
      OTHERS.bot,
      OTHERS.nobody,
    ]) {
      expect(await pressForWords(slack, user, card, CARD_ACTIONS.cancel)).toContain(
        "Only the requester can cancel",
      );
    }

    expect(refusals(scene)).toEqual([
      `${PEOPLE.alice} approve requester`,
      `${OTHERS.mallory} approve target`,
      `${OTHERS.stranger} approve stranger`,
      `${OTHERS.guest} approve stranger`,
      `${OTHERS.bot} approve unknown-person`,
      `${OTHERS.nobody} approve not-an-approver`,
      `${PEOPLE.alice} deny requester`,
      `${OTHERS.mallory} deny target`,
      `${OTHERS.stranger} deny stranger`,
      `${OTHERS.guest} deny stranger`,
      `${OTHERS.bot} deny unknown-person`,
      `${OTHERS.nobody} deny not-an-approver`,
      ...[PEOPLE.bob, OTHERS.mallory, OTHERS.stranger, OTHERS.guest, OTHERS.bot, OTHERS.nobody].map(
        (user) => `${user} cancel not-the-requester`,
      ),
    ]);
    // Nothing of it is public, and the request still waits for somebody who may decide.
    expect(publicMessages(slack)).toEqual(before);
    expect(wordsOf(slack, card)).toBe(asked);
    expect(revokeCalls(scene)).toEqual([]);
    await approve(slack, card);
    expect(revokeCalls(scene)).toHaveLength(1);
  });

  it("who neither asks nor decides reads no details", async () => {
    const scene = await startScene();
    const { slack } = scene;
    addOthers(slack);
    const card = await askToRevoke(slack);
    for (const [user, words] of [
      [OTHERS.nobody, "You can't see the details of this request."],
      [OTHERS.mallory, "You can't see the details of this request."],
      [OTHERS.guest, "Guests can't decide here."],
      [OTHERS.stranger, "You are from another workspace or organization."],
    ] as const) {
      await press(slack, user, card, CARD_ACTIONS.details);
      expect(slack.visibleText(await openModal(slack, user))).toContain(words);
    }
    expect(refusals(scene)).toEqual([
      `${OTHERS.nobody} details not-an-approver`,
      `${OTHERS.mallory} details not-an-approver`,
      `${OTHERS.guest} details stranger`,
      `${OTHERS.stranger} details stranger`,
    ]);
    await press(slack, PEOPLE.carol, card, CARD_ACTIONS.details);
    const details = slack.visibleText(await openModal(slack, PEOPLE.carol));
    expect(details).toContain("Record");
    expect(details).toContain("@alice: requested: Revoke sessions: laptop stolen");
    expect(details).not.toContain("request.created");
  });

  it("an approver that a request is about does not decide it", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await askToRevoke(slack, { text: "revoke bob@example.com --reason odd log-ins" });
    expect(await pressForWords(slack, PEOPLE.bob, card, CARD_ACTIONS.approve)).toContain(
      "This request is about you",
    );
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.deny);
    expect(slack.visibleText(await openModal(slack, PEOPLE.bob))).toContain("This request is about you");
    await press(slack, PEOPLE.carol, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    expect(revokeCalls(scene)).toHaveLength(1);
    expect(refusals(scene)).toEqual([`${PEOPLE.bob} approve target`, `${PEOPLE.bob} deny target`]);
  });

  it("an approver who becomes a guest, or is deactivated, has no say from the next click on", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    // Slack has just told us that bob and carol are members.
    for (const user of [PEOPLE.bob, PEOPLE.carol]) {
      await press(slack, user, card, CARD_ACTIONS.details);
      await openModal(slack, user);
    }
    slack.setPerson(PEOPLE.bob, { isRestricted: true });
    expect(await pressForWords(slack, PEOPLE.bob, card, CARD_ACTIONS.approve)).toContain(
      "Guests can't decide",
    );

    const gate = slack.faults.hold("users.info");
    const answer = privateAnswer(slack, PEOPLE.carol, () =>
      press(slack, PEOPLE.carol, card, CARD_ACTIONS.approve),
    );
    await gate.arrived;
    slack.setPerson(PEOPLE.carol, { deleted: true });
    gate.release();
    expect(await answer).toContain("deactivated accounts can't decide");
    expect(refusals(scene)).toEqual([
      `${PEOPLE.bob} approve stranger`,
      `${PEOPLE.carol} approve unknown-person`,
    ]);
    expect(revokeCalls(scene)).toEqual([]);
  });

  it("after a denial nothing can be approved, and the requester reads why", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.deny);
    const form = await openModal(slack, PEOPLE.bob);
    await slack.submitView({
      user: PEOPLE.bob,
      viewId: form.id,
      values: { reason: { reason: "false alarm, it was the pen test" } },
    });
    await slack.waitFor(() => wordsOf(slack, card).includes("Denied by @bob"));
    expect(wordsOf(slack, card)).toContain("false alarm, it was the pen test");
    expect(
      slack.visibleText(await openModal(slack, PEOPLE.bob, (words) => words.includes("Denied."))),
    ).toMatch(/☑️ Denied\. The requester gets your reason/);
    const told = await slack.waitFor(() => slack.messages(slack.dm(PEOPLE.alice)).at(-1));
    expect(slack.visibleText(told)).toContain("false alarm, it was the pen test");

    const stale = { user: PEOPLE.carol, channel: card.channel, ts: card.ts, actionId: CARD_ACTIONS.approve };
    const words = await privateAnswer(slack, PEOPLE.carol, () => slack.clickStale(stale));
    expect(words).toContain("This request is already denied. (by @bob)");
    expect(words).toContain("Nothing was changed");
    expect(refusals(scene)).toEqual([`${PEOPLE.carol} approve decided`]);
    expect(revokeCalls(scene)).toEqual([]);
  });

  it("a cancelled request cannot be approved", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await press(slack, PEOPLE.alice, card, CARD_ACTIONS.cancel);
    await slack.waitFor(() => wordsOf(slack, card).includes("Cancelled by @alice"));
    const stale = { user: PEOPLE.bob, channel: card.channel, ts: card.ts, actionId: CARD_ACTIONS.approve };
    expect(await privateAnswer(slack, PEOPLE.bob, () => slack.clickStale(stale))).toContain(
      "This request is already cancelled. (by @alice)",
    );
    expect(refusals(scene)).toEqual([`${PEOPLE.bob} approve decided`]);
    expect(revokeCalls(scene)).toEqual([]);
  });

  it("a denial that is sent after somebody approved changes nothing, and its form says who was first", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.deny);
    const form = await openModal(slack, PEOPLE.bob);
    await press(slack, PEOPLE.carol, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    await slack.submitView({
      user: PEOPLE.bob,
      viewId: form.id,
      values: { reason: { reason: "too late" } },
    });
    const said = await openModal(slack, PEOPLE.bob, (words) => words.includes("already done"));
    expect(slack.visibleText(said)).toContain("(by @carol)");
    expect(wordsOf(slack, card)).toContain("verified at");
    expect(refusals(scene)).toEqual([`${PEOPLE.bob} deny decided`]);
    expect(revokeCalls(scene)).toHaveLength(1);
  });

  it("a denial without a word as its reason is sent back beside its field", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.deny);
    const form = await openModal(slack, PEOPLE.bob);
    const sent = await slack.submitView({
      user: PEOPLE.bob,
      viewId: form.id,
      values: { reason: { reason: "   " } },
    });
    expect(sent.errors).toEqual({ reason: expect.stringContaining("Say why") });
    expect(wordsOf(slack, card)).toContain("Needs 1 approval");
  });

  it("a click for a request that nobody knows is answered and recorded", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const elsewhere = slack.ephemerals(PEOPLE.alice)[0];
    if (elsewhere === undefined) throw new Error("no answer to click on");
    for (const actionId of [CARD_ACTIONS.approve, CARD_ACTIONS.cancel]) {
      const forged = {
        user: PEOPLE.alice,
        channel: elsewhere.channel,
        ts: elsewhere.ts,
        actionId,
        value: "ZT-0000000",
      };
      expect(await privateAnswer(slack, PEOPLE.alice, () => slack.clickStale(forged))).toContain(
        "This request is unknown.",
      );
    }
    expect(refusals(scene)).toEqual([
      `${PEOPLE.alice} approve unknown-request`,
      `${PEOPLE.alice} cancel unknown-request`,
    ]);
    expect(wordsOf(slack, card)).toContain("Needs 1 approval");
    expect(readAudit(scene).some((row) => row.requestId === requestIdOf(slack, card))).toBe(true);
    expect(revokeCalls(scene)).toEqual([]);
  });
});

/** How many look-ups of people stand at the gate. */
function pendingChecks({ slack }: Scene): number {
  return slack.calls.filter((call) => call.method === "users.info" && call.response === undefined).length;
}
