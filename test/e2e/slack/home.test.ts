import { describe, expect, it, vi } from "vitest";

import type { StoredView } from "../../../sandbox/slack/index.ts";
import { BREAK_GLASS_ACTIONS } from "../../../src/views/card/break-glass.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { HOME_ACTIONS } from "../../../src/views/home.ts";
import { answerTo, askToRevoke, CHANNELS, PEOPLE, press, type, wordsOf } from "../../support/harness.ts";
import { addOthers, openModal, OTHERS, readAudit, requestIdOf, startScene, type Scene } from "../support.ts";

const { alice, bob, carol } = PEOPLE;

const POLICY = `channels: { approvals: ${CHANNELS.approvals} }
operators: [${alice}]
approvers: [${bob}, ${carol}]
break_glass: { members: [${alice}], notify: [${bob}] }
`;

/** The words of somebody's Home, once they hold this. */
function homeWith({ slack }: Scene, user: string, part: string | RegExp): Promise<string> {
  return slack.waitFor(() => {
    const view = slack.home(user);
    const words = view === undefined ? "" : slack.visibleText(view);
    return words.search(part) !== -1 ? words : undefined;
  });
}

/** Opens somebody's Home; its words, once they hold this. */
async function open(scene: Scene, user: string, part: string | RegExp): Promise<string> {
  expect(await scene.slack.openHome({ user })).toMatchObject({ ok: true });
  return homeWith(scene, user, part);
}

function homeOf({ slack }: Scene, user: string): StoredView {
  const view = slack.home(user);
  if (view === undefined) throw new Error(`${user} has no Home`);
  return view;
}

const NOTHING = "Nothing needs you.";

describe("the App Home", () => {
  it("says that nothing needs an approver, and shows a request as soon as it does, with its reason and buttons", async () => {
    const scene = await startScene({ policy: POLICY });
    expect(await open(scene, bob, NOTHING)).toContain("Look up a person");
    const card = await askToRevoke(scene.slack);
    const words = await homeWith(scene, bob, "Needs you · 1");
    expect(words).toMatch(/mallory@example\.com[^]*@alice: laptop stolen[^]*Approve[^]*Deny[^]*Details/);
    expect(words).toContain(requestIdOf(scene.slack, card));
    expect(words).not.toContain(NOTHING);
  });

  it("approves there as on the card, recorded as done in the Home, and is up to date afterwards", async () => {
    const scene = await startScene({ policy: POLICY });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await open(scene, bob, "Needs you · 1");
    await slack.click({ user: bob, viewId: homeOf(scene, bob).id, actionId: CARD_ACTIONS.approve });
    await homeWith(scene, bob, NOTHING);
    await slack.waitFor(() => wordsOf(slack, card).includes("verified"));
    const id = requestIdOf(slack, card);
    const approved = readAudit(scene).find((row) => row.requestId === id && row.event === "request.approved");
    expect(approved).toMatchObject({ actor: bob, data: { surface: "home", channel: null } });
  });

  it("denies and shows details in a modal", async () => {
    const scene = await startScene({ policy: POLICY });
    const { slack } = scene;
    await askToRevoke(slack);
    expect(await open(scene, bob, "Needs you · 1")).toContain("laptop stolen");
    const { id: viewId } = homeOf(scene, bob);
    await slack.click({ user: bob, viewId, actionId: CARD_ACTIONS.details });
    await openModal(slack, bob, (words) => words.includes("laptop stolen"));
    await slack.click({ user: bob, viewId, actionId: CARD_ACTIONS.deny });
    const form = await openModal(slack, bob, (words) => words.includes("Why not?"));
    await slack.submitView({ user: bob, viewId: form.id, values: { reason: { reason: "not stolen" } } });
    await homeWith(scene, bob, NOTHING);
  });

  it(
    "shows the requester what became of their request, with a link to its card",
    { tags: ["slow"] },
    async () => {
      const scene = await startScene({ policy: POLICY });
      const { slack } = scene;
      await open(scene, alice, "You have requested nothing yet");
      const card = await askToRevoke(slack);
      const words = await homeWith(scene, alice, "Your requests");
      expect(words).toContain(NOTHING);
      expect(JSON.stringify(homeOf(scene, alice).blocks)).toContain(card.ts.replace(".", ""));
      await press(slack, bob, card, CARD_ACTIONS.approve);
      await homeWith(scene, alice, /✅[^]*done and verified/i);
    },
  );

  it("asks approvers to review what one person did alone", async () => {
    const scene = await startScene({ policy: POLICY });
    const { slack } = scene;
    const card = await askToRevoke(slack, { user: alice });
    await press(slack, alice, card, BREAK_GLASS_ACTIONS.breakGlass);
    const form = await openModal(slack, alice, (words) => words.includes("without approval"));
    await slack.submitView({
      user: alice,
      viewId: form.id,
      values: { reason: { reason: "no approver answers" } },
    });
    await open(scene, bob, /🚨[^]*no approver answers[^]*Review/);
    // Who did it can't review it.
    expect(await open(scene, alice, "Your requests")).toContain(NOTHING);
    const { id: viewId } = homeOf(scene, bob);
    await slack.click({ user: bob, viewId, actionId: BREAK_GLASS_ACTIONS.review });
    await openModal(slack, bob, (words) => words.includes("no approver answers"));
  });

  it("looks a person up when Enter is pressed: the answer is a direct message, and the modal leads there", async () => {
    const scene = await startScene({ policy: POLICY });
    const { slack } = scene;
    await open(scene, bob, NOTHING);
    const before = homeOf(scene, bob);
    const blockId = before.blocks.find(({ type }) => type === "input")?.block_id;
    await slack.click({
      user: bob,
      viewId: before.id,
      actionId: HOME_ACTIONS.search,
      value: "mallory@example.com",
    });
    const modal = await openModal(slack, bob);
    expect(slack.visibleText(modal)).toContain("your messages with zt-bot");
    const answer = slack.messages(slack.dm(bob)).at(-1);
    expect(answer === undefined ? "" : slack.visibleText(answer)).toContain("mallory@example.com");
    // The box is another one now, and so it is empty.
    await slack.waitFor(() => homeOf(scene, bob).blocks.every(({ block_id: id }) => id !== blockId));
  });

  it("answers in the modal where a search finds no one, and where a credential was typed keeps that to itself", async () => {
    const scene = await startScene({ policy: POLICY });
    const { slack } = scene;
    await open(scene, bob, NOTHING);
    const { id: viewId } = homeOf(scene, bob);
    const search = { user: bob, viewId, actionId: HOME_ACTIONS.search };
    await slack.click({ ...search, value: "nobody@elsewhere.example" });
    expect(slack.visibleText(await openModal(slack, bob))).toContain("⚠️");
    await slack.click({ ...search, value: "  " });
    await openModal(slack, bob, (words) => words.includes("nothing to look up"));
  });

  it("opens the form of the launcher, and help", async () => {
    const scene = await startScene({ policy: POLICY });
    const { slack } = scene;
    await open(scene, alice, "New request…");
    const { id: viewId } = homeOf(scene, alice);
    await slack.click({ user: alice, viewId, actionId: HOME_ACTIONS.help });
    await openModal(slack, alice, (words) => words.includes("/zt user"));
    await slack.click({ user: alice, viewId, actionId: HOME_ACTIONS.launcher });
    const launcher = await openModal(slack, alice, (words) => words.includes("Search Access users"));
    expect(launcher.submit?.text).toBe("Go");
  });

  it("says a sentence to people from elsewhere, and to those whom the policy does not name whom to ask", async () => {
    const scene = await startScene({ policy: POLICY });
    addOthers(scene.slack);
    await askToRevoke(scene.slack);
    for (const user of [OTHERS.stranger, OTHERS.guest]) {
      expect(await open(scene, user, "full members")).not.toContain("mallory");
    }
    const words = await open(scene, OTHERS.nobody, "You can't use zt-bot yet");
    expect(words).toContain("@alice");
    expect(words).not.toContain("mallory");
  });

  it("shows no request to its target, its requester or who has approved it", async () => {
    const scene = await startScene({
      policy: `channels: { approvals: ${CHANNELS.approvals} }
operators: [${alice}, ${bob}]
approvers: [${alice}, ${bob}, ${carol}, ${OTHERS.mallory}]
quorum: 2
`,
    });
    const { slack } = scene;
    addOthers(slack);
    const card = await askToRevoke(slack, { user: alice });
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("1 more approval"));
    for (const user of [alice, bob, OTHERS.mallory])
      expect(await open(scene, user, NOTHING)).not.toContain("Approve");
    expect(await open(scene, carol, "Needs you · 1")).toContain("1 of 2");
  });

  it("authorises a click again: a refusal is a modal, and the record names the Home", async () => {
    const scene = await startScene({ policy: POLICY });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await open(scene, bob, "Needs you · 1");
    slack.setPerson(bob, { isRestricted: true });
    await slack.click({ user: bob, viewId: homeOf(scene, bob).id, actionId: CARD_ACTIONS.approve });
    await openModal(slack, bob, (words) => words.includes("Guests"));
    expect(wordsOf(slack, card)).toContain("Needs 1 approval");
    const refused = readAudit(scene).find(({ event }) => event === "click.refused");
    expect(refused?.data).toMatchObject({ surface: "home", code: "stranger" });
    // And the Home is none of theirs any longer.
    await homeWith(scene, bob, "full members");
  });

  it("asks Slack who someone is when they click, also while a change is being shown to them", async () => {
    const scene = await startScene({ policy: POLICY });
    const { slack } = scene;
    await open(scene, bob, NOTHING);
    const change = slack.faults.hold("views.publish");
    await askToRevoke(slack);
    await change.arrived;
    slack.setPerson(bob, { isRestricted: true });
    await slack.click({ user: bob, viewId: homeOf(scene, bob).id, actionId: HOME_ACTIONS.help });
    await openModal(slack, bob, (words) => words !== "" && !words.includes("⏳"));
    change.release();
    expect(await homeWith(scene, bob, "full members")).not.toContain(NOTHING);
  });

  it("tells who has lost the trigger in a direct message", async () => {
    const scene = await startScene({ policy: POLICY });
    const { slack } = scene;
    await askToRevoke(slack);
    await open(scene, bob, "Needs you · 1");
    slack.setPerson(bob, { isRestricted: true });
    slack.faults.set("views.open", { error: "expired_trigger_id" });
    await slack.click({ user: bob, viewId: homeOf(scene, bob).id, actionId: CARD_ACTIONS.approve });
    const told = await slack.waitFor(() => slack.messages(slack.dm(bob)).at(-1));
    expect(slack.visibleText(told)).toContain("Guests");
  });

  it("says that zt-bot is paused as soon as it is, and that it goes on", { tags: ["slow"] }, async () => {
    const scene = await startScene({ policy: POLICY });
    await open(scene, alice, NOTHING);
    await answerTo(scene.slack, bob, "pause --reason a drill");
    const words = await homeWith(scene, alice, "zt-bot is paused");
    expect(words).not.toContain("🟢");
    await type(scene.slack, bob, "resume");
    await homeWith(scene, alice, `🟢 ${NOTHING}`);
  });

  it("says that messages are late while Slack does not take them", async () => {
    const scene = await startScene({ policy: POLICY });
    const { slack } = scene;
    await open(scene, bob, NOTHING);
    slack.setChannel(CHANNELS.approvals, { isArchived: true });
    await answerTo(slack, alice, "revoke mallory@example.com --reason laptop stolen");
    const words = await homeWith(scene, bob, "Messages are late");
    expect(words).toContain("archived");
    // It can be decided there all the same.
    expect(words).toContain("Needs you · 1");
  });

  it("shows what is unknown as unknown, and not as nothing", async () => {
    const scene = await startScene({ policy: POLICY });
    const { slack } = scene;
    await askToRevoke(slack);
    slack.faults.set("users.info", { error: "internal_error" });
    expect(await open(scene, bob, "Can't load what needs you.")).not.toContain(NOTHING);
    slack.faults.clear();
    await open(scene, bob, "Needs you · 1");
  });

  it(
    "is published again where Slack could not take it for a moment, and keeps nothing else from happening",
    { tags: ["slow"] },
    async () => {
      const scene = await startScene({ policy: POLICY });
      const { slack } = scene;
      slack.faults.set("views.publish", { error: "hash_conflict", times: 1 });
      await slack.openHome({ user: bob });
      await homeWith(scene, bob, NOTHING);
      slack.faults.set("views.publish", { error: "not_enabled" });
      const card = await askToRevoke(slack);
      await press(slack, bob, card, CARD_ACTIONS.approve);
      await slack.waitFor(() => wordsOf(slack, card).includes("verified"));
      await vi.waitFor(() => expect(scene.logs()).toContain("paste manifest.yml"));
    },
  );

  it("is left alone by what concerns others", async () => {
    const scene = await startScene({ policy: POLICY });
    const { slack } = scene;
    addOthers(slack);
    await open(scene, OTHERS.nobody, "You can't use zt-bot yet");
    await open(scene, bob, NOTHING);
    await askToRevoke(slack);
    await homeWith(scene, bob, "Needs you · 1");
    const published = slack.calls.filter(
      ({ method, args }) => method === "views.publish" && args["user_id"] === OTHERS.nobody,
    );
    expect(published).toHaveLength(1);
  });
});
