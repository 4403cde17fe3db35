import { describe, expect, it } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { askToRevoke, CHANNELS, finishedThread, PEOPLE, press, wordsOf } from "../../support/harness.ts";
import {
  addOthers,
  approve,
  openModal,
  OTHERS,
  readAudit,
  requestIdOf,
  type Scene,
  startScene,
} from "../support.ts";

const { alice, bob, carol } = PEOPLE;
const ERIN = "U0ERIN001";

/** Alice requests, and approvers are told in this way. */
async function startWith(
  notify: string,
  { approvers = [bob, carol], more = "" }: { approvers?: readonly string[]; more?: string } = {},
): Promise<Scene & { forward(ms: number): void }> {
  let ahead = 0;
  const scene = await startScene({
    now: () => Date.now() + ahead,
    sweepMs: 100,
    policy: `channels: { approvals: ${CHANNELS.approvals} }
operators: [${alice}]
approvers: [${approvers.join(", ")}]
notify_approvers: ${notify}
${more}
`,
  });
  scene.slack.setPerson(ERIN, { name: "erin", realName: "Erin Vale", email: "erin@example.com" });
  return { ...scene, forward: (ms) => void (ahead += ms) };
}

/** The newest direct message to this person that says so. */
function directTo({ slack }: Scene, user: string, part: string): Promise<StoredMessage> {
  return slack.waitFor(() =>
    slack.messages(slack.dm(user)).findLast((message) => slack.visibleText(message).includes(part)),
  );
}

function threadOf({ slack }: Scene, card: StoredMessage): string[] {
  return slack.thread(card.channel, card.ts).map((message) => slack.visibleText(message));
}

const ASKS = "🟡 Needs";

describe("notify_approvers: dm", () => {
  it("writes to each approver who could decide, with the card's buttons and a link, and to no one else", async () => {
    const scene = await startWith("dm", { approvers: [bob, carol, alice, OTHERS.guest, OTHERS.mallory] });
    const { slack } = scene;
    addOthers(slack);
    const card = await askToRevoke(slack);
    for (const user of [bob, carol]) {
      const message = await directTo(scene, user, ASKS);
      expect(slack.visibleText(message)).toMatch(
        /mallory@example\.com[^]*laptop stolen[^]*Approve[^]*Deny[^]*Details/,
      );
      expect(JSON.stringify(message.blocks)).toContain("/archives/");
    }
    await approve(slack, card);
    for (const user of [alice, OTHERS.guest, OTHERS.mallory])
      expect(slack.messages(slack.dm(user)).filter((one) => slack.visibleText(one).includes(ASKS))).toEqual(
        [],
      );
    expect(threadOf(scene, card).filter((words) => words.includes("needs your approval"))).toEqual([]);
    const created = readAudit(scene).find(({ event }) => event === "request.created");
    expect(created?.data).toMatchObject({ told_directly: [bob, carol] });
  });

  it("is decided there as on the card, and recorded as done in a direct message; then both messages are one line", async () => {
    const scene = await startWith("dm");
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const [toBob, toCarol] = await Promise.all([directTo(scene, bob, ASKS), directTo(scene, carol, ASKS)]);
    await press(slack, bob, toBob, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    for (const message of [toBob, toCarol]) {
      await slack.waitFor(() => {
        const now = slack.messages(message.channel).find(({ ts }) => ts === message.ts);
        const words = now === undefined ? "" : slack.visibleText(now);
        return (
          !words.includes("Approve") && now?.blocks.length === 1 && words.includes("mallory@example.com")
        );
      });
    }
    // Whoever agreed sees what came of it.
    await slack.waitFor(() => wordsOf(slack, toBob).includes("verified"));
    const id = requestIdOf(slack, card);
    const approved = readAudit(scene).find((row) => row.requestId === id && row.event === "request.approved");
    expect(approved).toMatchObject({
      actor: bob,
      data: { surface: "direct message", channel: slack.dm(bob) },
    });
  });

  it("shows who has agreed that they have, while others are still asked", async () => {
    const scene = await startWith("dm", { more: "quorum: 2" });
    const { slack } = scene;
    await askToRevoke(slack);
    const [toBob, toCarol] = await Promise.all([directTo(scene, bob, ASKS), directTo(scene, carol, ASKS)]);
    await press(slack, bob, toBob, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, toBob).startsWith("👍 You approved"));
    expect(wordsOf(slack, toCarol)).toContain(ASKS);
    await press(slack, carol, toCarol, CARD_ACTIONS.approve);
    await slack.waitFor(() => !wordsOf(slack, toCarol).includes(ASKS));
  });

  it("authorises each click again: who is no approver by now is refused in words, there", async () => {
    const scene = await startWith("dm");
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const toBob = await directTo(scene, bob, ASKS);
    slack.setPerson(bob, { deleted: false, isRestricted: true });
    const before = slack.ephemerals(bob).length;
    await press(slack, bob, toBob, CARD_ACTIONS.approve);
    const refusal = await slack.waitFor(() => slack.ephemerals(bob).at(before));
    expect(slack.visibleText(refusal)).toContain("Guests");
    expect(wordsOf(slack, card)).toContain("Needs 1 approval");
    const refused = readAudit(scene).find(({ event }) => event === "click.refused");
    expect(refused?.data).toMatchObject({ surface: "direct message", code: "stranger" });
  });

  it("opens the form for a denial there, and closes the others' messages", async () => {
    const scene = await startWith("dm");
    const { slack } = scene;
    await askToRevoke(slack);
    const [toBob, toCarol] = await Promise.all([directTo(scene, bob, ASKS), directTo(scene, carol, ASKS)]);
    await press(slack, bob, toBob, CARD_ACTIONS.deny);
    const form = await openModal(slack, bob, (words) => words.includes("Why not?"));
    await slack.submitView({
      user: bob,
      viewId: form.id,
      values: { reason: { reason: "known test device" } },
    });
    await slack.waitFor(() => wordsOf(slack, toCarol).includes("known test device"));
    expect(wordsOf(slack, toCarol)).not.toContain(ASKS);
  });

  it("mentions in the thread whom it can't write to, and writes to the others", async () => {
    const scene = await startWith("dm", { approvers: [bob, carol, ERIN] });
    const { slack } = scene;
    slack.faults.set("conversations.open", { error: "cannot_dm_bot", times: 1 });
    const card = await askToRevoke(slack);
    const told = () =>
      [bob, carol, ERIN].filter((user) =>
        slack.messages(slack.dm(user)).some((message) => slack.visibleText(message).includes(ASKS)),
      );
    await slack.waitFor(() => told().length === 2);
    const mention = await slack.waitFor(() =>
      slack.thread(card.channel, card.ts).find(({ text }) => text.includes("this needs your approval")),
    );
    const [left] = [bob, carol, ERIN].filter((user) => !told().includes(user));
    expect(mention.text.match(/<@\w+>/g)).toEqual([`<@${left}>`]);
  });

  it("mentions all of them in one message where the app may write no direct messages", async () => {
    const scene = await startWith("dm");
    const { slack } = scene;
    const opened = slack.faults.hold("conversations.open");
    const asking = askToRevoke(slack);
    await opened.arrived;
    slack.faults.set("chat.postMessage", { error: "messages_tab_disabled", times: 2 });
    opened.release();
    const card = await asking;
    const words = await slack.waitFor(() =>
      threadOf(scene, card).find((text) => text.includes("this needs your approval")),
    );
    expect(words).toContain("@bob @carol");
    await approve(slack, card);
    expect(threadOf(scene, card).filter((text) => text.includes("this needs your approval"))).toHaveLength(1);
  });

  it("writes to those who may approve from an escalation on", async () => {
    const more = `actions: { revoke: { remind_after: false, escalate: { after: 30m, to: [${ERIN}] } } }`;
    const scene = await startWith("dm", { more });
    const { slack } = scene;
    await askToRevoke(slack);
    await directTo(scene, bob, ASKS);
    expect(slack.messages(slack.dm(ERIN))).toEqual([]);
    scene.forward(31 * 60_000);
    const toErin = await directTo(scene, ERIN, ASKS);
    await press(slack, ERIN, toErin, CARD_ACTIONS.approve);
    await slack.waitFor(() => !wordsOf(slack, toErin).includes(ASKS));
    const escalated = readAudit(scene).find(({ event }) => event === "request.escalated");
    expect(escalated?.data).toMatchObject({ told_directly: [ERIN] });
  });

  it("of more than twenty approvers writes to twenty, and mentions them all in the thread", async () => {
    const crowd = Array.from({ length: 24 }, (_one, index) => `U0CROWD${String(index).padStart(2, "0")}`);
    const scene = await startWith("dm", { approvers: ["S0LEADS01"] });
    const { slack } = scene;
    for (const id of crowd)
      slack.setPerson(id, { name: id.toLowerCase(), email: `${id.toLowerCase()}@example.com` });
    slack.setUserGroup("S0LEADS01", { users: crowd });
    const card = await askToRevoke(slack);
    await slack.waitFor(() =>
      threadOf(scene, card).some((words) => words.includes("this needs your approval")),
    );
    const told = () => crowd.filter((user) => slack.messages(slack.dm(user)).length > 0);
    await slack.waitFor(() => told().length >= 20);
    expect(told()).toHaveLength(20);
  });
});

describe("notify_approvers, otherwise", () => {
  it("mention: mentions who could decide in the thread, and writes to no one", async () => {
    const scene = await startWith("mention");
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const words = await slack.waitFor(() =>
      threadOf(scene, card).find((text) => text.includes("this needs your approval")),
    );
    expect(words).toContain("@bob @carol");
    expect(slack.messages(slack.dm(bob))).toEqual([]);
  });

  it("none: leaves it at the card", async () => {
    const scene = await startWith("none");
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await approve(slack, card);
    expect(slack.messages(slack.dm(bob))).toEqual([]);
    expect(threadOf(scene, card).filter((text) => text.includes("needs your approval"))).toEqual([]);
  });
});
