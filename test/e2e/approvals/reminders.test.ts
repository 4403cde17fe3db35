import { describe, expect, it, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import {
  answerTo,
  askToRevoke,
  cardWhere,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  wordsOf,
} from "../../support/harness.ts";
import {
  addOthers,
  approve,
  OTHERS,
  pressForWords,
  readAudit,
  requestIdOf,
  type Scene,
  startScene,
} from "../support.ts";

const { alice, bob, carol } = PEOPLE;
const ERIN = "U0ERIN001";
const MINUTE = 60_000;
const NOBODY = "No approver seems active in Slack. Call one of them.";

/** Alice asks; Bob and Carol approve, and whoever else is named. The bot's clock can be put forward. */
async function startWith(
  revoke: string,
  { approvers = [bob, carol], more = "" }: { approvers?: readonly string[]; more?: string } = {},
): Promise<Scene & { forward(ms: number): void }> {
  let ahead = 0;
  const scene = await startScene({
    now: () => Date.now() + ahead,
    sweepMs: 100,
    policy: `channels: { approvals: ${CHANNELS.approvals} }
operators: [${alice}]
approvers: [${approvers.join(", ")}]
actions: { revoke: { ${revoke} } }
${more}
`,
  });
  scene.slack.setPerson(ERIN, { name: "erin", realName: "Erin Vale", email: "erin@example.com" });
  return { ...scene, forward: (ms) => void (ahead += ms) };
}

/** The words of the thread's messages that begin so, once there are `count`. */
function threadWords({ slack }: Scene, card: StoredMessage, sign: string, count = 1): Promise<string[]> {
  return slack.waitFor(() => {
    const words = slack
      .thread(card.channel, card.ts)
      .map((message) => slack.visibleText(message))
      .filter((text) => text.startsWith(sign));
    return words.length >= count ? words : undefined;
  }, 45_000);
}

function eventsOf(scene: Scene, card: StoredMessage, ...events: string[]) {
  const id = requestIdOf(scene.slack, card);
  return readAudit(scene).filter((row) => row.requestId === id && events.includes(row.event));
}

describe("a request that nobody decides", () => {
  it("reminds those who could decide and have not answered, with what is missing, until it is decided", async () => {
    const scene = await startWith("remind_after: 1m", {
      more: "quorum: 2",
      // A guest, the target and who asked are approvers as well: none of them could decide.
      approvers: [bob, carol, alice, OTHERS.guest, OTHERS.mallory],
    });
    const { slack } = scene;
    addOthers(slack);
    const card = await askToRevoke(slack);

    scene.forward(MINUTE);
    const [first] = await threadWords(scene, card, "⏰");
    expect(first).toBe("⏰ Still needs 2 approvals from @bob @carol · expires in 59 min");
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("Needs 1 more approval") || undefined);
    const before = (await threadWords(scene, card, "⏰")).length;
    scene.forward(2 * MINUTE);
    const later = await threadWords(scene, card, "⏰", before + 1);
    expect(later.at(-1)).toBe("⏰ Still needs 1 approval from @carol · expires in 57 min");

    await press(slack, carol, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    const reminded = eventsOf(scene, card, "request.reminded", "request.approved");
    expect(reminded.at(-1)?.event).toBe("request.approved");
    expect(reminded[0]?.data).toMatchObject({ number: 1, missing: 2, reminded: [bob, carol] });
  });

  it("is put before further people, who may approve from then on", async () => {
    const scene = await startWith(`remind_after: false, escalate: { after: 4m, to: [${ERIN}] }`);
    const { slack } = scene;
    const card = await askToRevoke(slack);
    expect(await pressForWords(slack, ERIN, card, CARD_ACTIONS.approve)).toContain("You can't approve");

    scene.forward(4 * MINUTE);
    const [told] = await threadWords(scene, card, "📣");
    expect(told).toMatch(/^📣 No decision for 4 min: @erin can now approve too, needs 1 approval/);
    await slack.waitFor(() => wordsOf(slack, card).includes("more approvers added") || undefined);
    expect(wordsOf(slack, card)).toContain("Needs 1 approval from @bob @carol @erin");
    await press(slack, ERIN, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    expect(wordsOf(slack, card)).toContain("approved by @erin");
    expect(eventsOf(scene, card, "request.escalated")).toMatchObject([{ data: { to: [ERIN] } }]);
  });
});

describe("reminders", () => {
  it("mention further people too, once they were asked", async () => {
    const scene = await startWith(`remind_after: 2m, escalate: { after: 1m, to: [${ERIN}] }`);
    const card = await askToRevoke(scene.slack);
    scene.forward(MINUTE);
    const [told] = await threadWords(scene, card, "📣");
    expect(told).toContain(": @erin can now approve too, needs 1 approval · still waiting for @bob @carol");
    scene.forward(2 * MINUTE);
    const [reminder] = await threadWords(scene, card, "⏰");
    expect(reminder).toContain(" from @bob @carol @erin ");
  });

  it("name whom the policy names where Slack does not say who could decide", async () => {
    const scene = await startWith("remind_after: 2m", { approvers: ["S0LEADS01", alice] });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    slack.faults.set("users.info", { error: "fatal_error" });
    scene.forward(2 * MINUTE);
    const [reminder] = await threadWords(scene, card, "⏰");
    expect(reminder).toContain("from @security-leads ·");
  });

  it("that Slack did not take are not all posted when it does again: the last one is enough", async () => {
    const scene = await startWith("remind_after: 1m");
    const { slack } = scene;
    const card = await askToRevoke(slack);
    slack.faults.set("chat.postMessage", { error: "fatal_error" });
    const recorded = () => eventsOf(scene, card, "request.reminded").length;
    for (const number of [1, 2]) {
      scene.forward(number * MINUTE);
      await vi.waitFor(() => expect(recorded()).toBe(number), 30_000);
    }
    slack.faults.clear();
    scene.forward(MINUTE / 2);
    const posted = await threadWords(scene, card, "⏰");
    expect(posted.length).toBeLessThan(recorded());
  });

  it("that Slack did not take in time are not posted any more once it is decided", async () => {
    const scene = await startWith("remind_after: 1m");
    const { slack } = scene;
    const card = await askToRevoke(slack);
    // Whatever is posted from here on fails, and the reminder with it.
    slack.faults.set("chat.postMessage", { error: "fatal_error" });
    scene.forward(MINUTE);
    await vi.waitFor(() => expect(eventsOf(scene, card, "request.reminded")).not.toEqual([]), 30_000);
    await press(slack, bob, card, CARD_ACTIONS.approve);
    // Who posts has seen the decision once it is what fails.
    const isDecision = ({ method, args }: (typeof slack.calls)[number]) =>
      method === "chat.postMessage" && JSON.stringify(args).includes("Approved by");
    await slack.waitFor(() => slack.calls.some(isDecision) || undefined);
    slack.faults.clear();
    const thread = await finishedThread(slack, card);
    expect(thread.filter((words) => words.startsWith("⏰"))).toEqual([]);
  });
});

describe("where no approver is active in Slack", { tags: ["slow"] }, () => {
  function setPresence({ slack }: Scene, presence: "active" | "away"): void {
    for (const person of [bob, carol]) slack.setPerson(person, { presence });
  }

  it("the answer and the card say so, until one is", async () => {
    const scene = await startWith("remind_after: 3m");
    const { slack } = scene;
    setPresence(scene, "away");
    const { words } = await answerTo(slack, alice, "revoke mallory@example.com --reason laptop stolen");
    expect(words).toContain(NOBODY);
    const card = await cardWhere(slack, (text) => text.includes(NOBODY));

    setPresence(scene, "active");
    // Longer than an answer of Slack's is remembered: the next reminder looks again.
    scene.forward(3 * MINUTE);
    await slack.waitFor(() => !wordsOf(slack, card).includes(NOBODY) || undefined, 90_000);
    expect(eventsOf(scene, card, "approvers.away", "approvers.back").map(({ event }) => event)).toEqual([
      "approvers.away",
      "approvers.back",
    ]);
  });

  it("nobody who could not decide counts, however active", async () => {
    const scene = await startWith("remind_after: false", { approvers: [bob, alice, OTHERS.guest] });
    addOthers(scene.slack);
    setPresence(scene, "away");
    const { slack } = scene;
    await askToRevoke(slack);
    const card = await cardWhere(slack, (text) => text.includes(NOBODY));
    expect(eventsOf(scene, card, "approvers.away")).toHaveLength(1);
  });

  it("the card does not say so after the decision", async () => {
    const scene = await startWith("remind_after: false");
    const { slack } = scene;
    setPresence(scene, "away");
    await askToRevoke(slack);
    const card = await cardWhere(slack, (text) => text.includes(NOBODY));
    await approve(slack, card);
    expect(wordsOf(slack, card)).not.toContain(NOBODY);
  });

  it("and Slack does not say of all of them, nothing is claimed; the request goes its way", async () => {
    const scene = await startWith("remind_after: 1m");
    const { slack } = scene;
    setPresence(scene, "away");
    slack.faults.set("users.getPresence", { retryAfter: 30 });
    const { words } = await answerTo(slack, alice, "revoke mallory@example.com --reason laptop stolen");
    expect(words).toContain("Requested:");
    const card = await cardWhere(slack);
    scene.forward(MINUTE);
    await threadWords(scene, card, "⏰");
    expect(slack.calls.some(({ method }) => method === "users.getPresence")).toBe(true);
    expect(words + wordsOf(slack, card)).not.toContain(NOBODY);
  });

  it.each([
    [20, true],
    [21, false],
  ])("of %i, it is claimed only where all of them were looked at", async (count, isClaimed) => {
    const approvers = Array.from({ length: count }, (_, index) => `U0LEAD${100 + index}`);
    const scene = await startWith("remind_after: false", { approvers });
    const { slack } = scene;
    for (const [index, id] of approvers.entries()) {
      const name = `lead${index}`;
      // One more than are looked at is active.
      const presence = index < 20 ? "away" : "active";
      slack.setPerson(id, { name, realName: name, email: `${name}@example.com`, presence });
    }
    await askToRevoke(slack);
    const looks = () => slack.calls.filter(({ method }) => method === "users.getPresence").length;
    await slack.waitFor(() => looks() === 20);
    const card = await cardWhere(slack, (text) => text.includes(NOBODY) === isClaimed);
    expect(eventsOf(scene, card, "approvers.away")).toHaveLength(isClaimed ? 1 : 0);
  });

  it("and Slack takes long to say so, neither the card nor the answer waits for it", async () => {
    const scene = await startWith("remind_after: false");
    const { slack } = scene;
    setPresence(scene, "away");
    const presence = slack.faults.hold("users.getPresence");
    const { words } = await answerTo(slack, alice, "revoke mallory@example.com --reason laptop stolen");
    expect(words).toContain("Open the card");
    expect(words).not.toContain(NOBODY);
    presence.release();
    await cardWhere(slack, (text) => text.includes(NOBODY));
  });
});

describe("a request that expires", () => {
  it("tells who asked, and the thread, who had approved in vain", async () => {
    const scene = await startWith("remind_after: false", { more: "quorum: 2" });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("Needs 1 more approval") || undefined);
    scene.forward(60 * MINUTE);
    const direct = await slack.waitFor(() => slack.messages(slack.dm(alice)).at(-1), 45_000);
    expect(slack.visibleText(direct)).toContain("Expired: 1 of 2 approved in time (@bob), nothing was done");
    await slack.waitFor(() => wordsOf(slack, card).includes("⚪ Expired: 1 of 2 approved") || undefined);
    const [closing] = await threadWords(scene, card, "⚪");
    expect(closing).toMatch(/^⚪ Expired .*: 1 of 2 approved in time \(@bob\)\. Nothing was done\./);
  });

  it("had asked again whose approval had aged, and counts them once", async () => {
    const scene = await startWith("remind_after: 3h, approval_max_age: 2h, ttl: 1d", { more: "quorum: 2" });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("Needs 1 more approval") || undefined);
    scene.forward(180 * MINUTE);
    const [reminder] = await threadWords(scene, card, "⏰");
    expect(reminder).toContain("Still needs 2 approvals from @bob @carol");
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => eventsOf(scene, card, "request.voted").length === 2 || undefined);
    scene.forward(24 * 60 * MINUTE);
    await slack.waitFor(() => wordsOf(slack, card).includes("⚪ Expired: 1 of 2 approved") || undefined);
  });

  it("says that nobody decided where nobody did", async () => {
    const scene = await startWith("remind_after: false");
    const { slack } = scene;
    const card = await askToRevoke(slack);
    scene.forward(60 * MINUTE);
    const direct = await slack.waitFor(() => slack.messages(slack.dm(alice)).at(-1), 45_000);
    expect(slack.visibleText(direct)).toContain("Expired: no one decided in time, nothing was done");
    await slack.waitFor(() => wordsOf(slack, card).includes("⚪ Expired") || undefined);
  });
});
