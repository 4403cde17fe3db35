import { writeFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { createLogger } from "../../../src/log/log.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
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
  openModal,
  OTHERS,
  pressForWords,
  privateAnswer,
  readAudit,
  requestIdOf,
  type Scene,
  startScene,
} from "../support.ts";

async function ask({ slack }: Scene, email: string, user: string = PEOPLE.alice): Promise<StoredMessage> {
  return askToRevoke(slack, { user, text: `revoke ${email} --reason laptop stolen` });
}

async function turn({ slack }: Scene, message: StoredMessage, which: string): Promise<string> {
  const actionId = `screen:requests:${which}`;
  await slack.click({ user: PEOPLE.carol, channel: message.channel, ts: message.ts, actionId });
  return slack.waitFor(() => {
    const now = slack.ephemerals(PEOPLE.carol).find((one) => one.ts === message.ts);
    return now !== undefined && now.history.length > 0 ? slack.visibleText(now) : undefined;
  });
}

describe("/zt requests", () => {
  it("shows what is open, who asked for it, how it stands, until when, and where its card is", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await ask(scene, "dana@example.com");
    const { message, words } = await answerTo(slack, PEOPLE.carol, "requests");
    expect(words).toContain("Open requests · 1");
    expect(words).toContain("Revoke all sessions of dana@example.com");
    expect(words).toContain("🟡 waiting for approval");
    expect(words).toMatch(/alice (under 1|\d+) s ago · expires in 60 min/i);
    expect(words).toContain(requestIdOf(slack, card));
    expect(words).not.toContain("messages are waiting");
    expect(JSON.stringify(message.blocks)).toContain(`/archives/${CHANNELS.approvals}/p`);
  });

  it("leaves out what is over, unless all or one's own are asked for: open ones first", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const denied = await ask(scene, "dana@example.com");
    await press(slack, PEOPLE.alice, denied, CARD_ACTIONS.cancel);
    await slack.waitFor(() => wordsOf(slack, denied).includes("Cancelled"));
    await ask(scene, "devon@example.com");
    await ask(scene, "erin@example.com", PEOPLE.bob);

    const { words: open } = await answerTo(slack, PEOPLE.carol, "requests open");
    expect(open).not.toContain("dana@example.com");
    const { words: all } = await answerTo(slack, PEOPLE.carol, "requests all");
    const order = ["erin", "devon", "dana"].map((name) => all.indexOf(`${name}@example.com`));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(all).toContain("⚪ cancelled, nothing was done");
    const { words: mine } = await answerTo(slack, PEOPLE.alice, "requests mine");
    expect(mine).toContain("devon@example.com");
    expect(mine).toContain("dana@example.com");
    expect(mine).not.toContain("erin@example.com");
  });

  it("says what to do where there is nothing to show", async () => {
    const { slack } = await startScene();
    for (const [text, says] of [
      ["requests", "No open requests"],
      ["requests mine", "You have no requests yet"],
      ["requests all", "No requests yet"],
      ["requests all --page 7", "No more requests"],
    ] as const) {
      const { words } = await answerTo(slack, PEOPLE.alice, text);
      expect(words).toContain(says);
      expect(words).toContain("→");
    }
  });

  it("turns its pages in place, five requests each, and takes a page by its number", async () => {
    const scene = await startScene();
    const { slack } = scene;
    for (let index = 0; index < 12; index += 1) {
      const email = `new.person${index}@example.com`;
      await answerTo(slack, PEOPLE.alice, `create-user ${email} New Person --reason starts on Monday`);
    }
    const { message, words } = await answerTo(slack, PEOPLE.carol, "requests");
    expect(words).toContain("Open requests · 1–5");
    expect(words).toContain("new.person11@example.com");
    const next = await turn(scene, message, "next");
    expect(next).toContain("Open requests · 6–10");
    expect(next).toContain("new.person2@example.com");
    const { words: second } = await answerTo(slack, PEOPLE.carol, "requests --page 2");
    expect(second).toContain("Open requests · 6–10");
    const { words: none } = await answerTo(slack, PEOPLE.carol, "requests --page zero");
    expect(none).toContain('Can\'t read "zero" as a page');
  });

  it("is shown to viewers and approvers, and to nobody whom the policy does not name", async () => {
    const scene = await startScene({
      policy: `channels: { approvals: ${CHANNELS.approvals} }\noperators: [${PEOPLE.alice}]\nviewers: [${OTHERS.mallory}]\napprovers: [${PEOPLE.bob}]\n`,
    });
    const { slack } = scene;
    addOthers(slack);
    await ask(scene, "dana@example.com");
    const buttons: string[] = [];
    for (const user of [PEOPLE.alice, PEOPLE.bob, OTHERS.mallory]) {
      const { message, words } = await answerTo(slack, user, "requests");
      expect(words).toContain("dana@example.com");
      buttons.push(buttonsIn(message).join(" "));
    }
    // Nobody is offered a step that they can't take.
    expect(buttons).toEqual(["Cancel Details Refresh", "Approve Deny… Details Refresh", "Details Refresh"]);
    expect((await answerTo(slack, PEOPLE.carol, "requests")).words).toContain("You can't use /zt requests");
  });
});

describe("the buttons of /zt requests", () => {
  it("approve from the list as on the card, and show what became of it", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await ask(scene, "dana@example.com");
    const { message } = await answerTo(slack, PEOPLE.bob, "requests");
    const blockId = blockOf(message, requestIdOf(slack, card));
    await slack.click({ user: PEOPLE.bob, ...at(message), actionId: CARD_ACTIONS.approve, blockId });
    expect(await slack.waitFor(() => redrawnText(scene, PEOPLE.bob, message))).toContain(
      "Revoke all sessions of dana@example.com",
    );
    await finishedThread(slack, card);
    expect(wordsOf(slack, card)).toContain("Revoked 12 sessions");
  });

  it("are authorised again: who lost the role since is refused, and nothing happens", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const card = await ask(scene, "dana@example.com");
    const { message } = await answerTo(slack, PEOPLE.bob, "requests");
    writeFileSync(
      scene.config.policyFile,
      `channels: { approvals: ${CHANNELS.approvals} }\noperators: [${PEOPLE.alice}, ${PEOPLE.bob}]\napprovers: [${PEOPLE.carol}]\n`,
    );
    await scene.policy.reload(createLogger("silent"));
    const blockId = blockOf(message, requestIdOf(slack, card));
    const words = await privateAnswer(slack, PEOPLE.bob, () =>
      slack.click({ user: PEOPLE.bob, ...at(message), actionId: CARD_ACTIONS.approve, blockId }),
    );
    expect(words).toContain("approve");
    expect(wordsOf(slack, card)).toContain("🟡 Needs 1 approval");
    expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
  });

  it("open the denial form, as on the card", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await ask(scene, "dana@example.com");
    const { message } = await answerTo(slack, PEOPLE.bob, "requests");
    const blockId = blockOf(message, requestIdOf(slack, card));
    await slack.click({ user: PEOPLE.bob, ...at(message), actionId: CARD_ACTIONS.deny, blockId });
    const form = await openModal(slack, PEOPLE.bob);
    await slack.submitView({ user: PEOPLE.bob, viewId: form.id, values: { reason: { reason: "a drill" } } });
    await slack.waitFor(() => wordsOf(slack, card).includes("Denied by @bob"));
    expect(wordsOf(slack, card)).toContain("a drill");
  });
});

function at({ channel, ts }: StoredMessage) {
  return { channel, ts };
}

/** What the buttons of a message say, in order. */
function buttonsIn({ blocks }: Pick<StoredMessage, "blocks">): string[] {
  return [...JSON.stringify(blocks).matchAll(/"type":"button","text":\{[^}]*?"text":"([^"]*)"/g)].map(
    ([, text = ""]) => text,
  );
}

/** The block with the buttons of a request in a list. */
function blockOf({ blocks }: Pick<StoredMessage, "blocks">, requestId: string): string {
  const found = blocks.map((block) => String(block.block_id)).find((id) => id.endsWith(requestId));
  if (found === undefined) throw new Error(`the list has no buttons for ${requestId}`);
  return found;
}

/** The words of an ephemeral message once it was edited. */
function redrawnText({ slack }: Scene, user: string, { ts }: StoredMessage): string | undefined {
  const now = slack.ephemerals(user).find((one) => one.ts === ts);
  return now !== undefined && now.history.length > 0 ? slack.visibleText(now) : undefined;
}

describe("while zt-bot is paused", () => {
  it("the list and the answer to who asks say so, with who and why and what ends it", async () => {
    const scene = await startScene();
    const { slack } = scene;
    await answerTo(slack, PEOPLE.carol, "pause --reason the token may have leaked");
    const asked = await answerTo(slack, PEOPLE.alice, "revoke dana@example.com --reason laptop stolen");
    const list = await answerTo(slack, PEOPLE.alice, "requests");
    for (const { words } of [asked, list]) {
      expect(words).toMatch(
        /zt-bot is paused by @carol .* ago: the token may have leaked\. Nothing is carried out/,
      );
      expect(words).toContain("/zt resume");
    }
    await answerTo(slack, PEOPLE.bob, "resume");
    expect((await answerTo(slack, PEOPLE.alice, "requests")).words).not.toContain("paused");
  });
});

describe("/zt cancel", () => {
  it("takes back one's own request, in whichever case its id is typed, and says how it stands", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const card = await ask(scene, "dana@example.com");
    const id = requestIdOf(slack, card);
    const { words } = await answerTo(slack, PEOPLE.alice, `cancel ${id.toLowerCase()}`);
    expect(words).toContain("Revoke all sessions of dana@example.com");
    expect(words).toContain("⚪ Cancelled by @alice");
    expect(words).toContain("Nothing was done");
    expect(words).toContain("Request it again if it is needed after all");
    await slack.waitFor(() => wordsOf(slack, card).includes("Cancelled"));
    expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
    const row = readAudit(scene).find(({ event }) => event === "request.cancelled");
    expect(row).toMatchObject({
      actor: PEOPLE.alice,
      data: { surface: "command", channel: CHANNELS.security },
    });
  });

  it("takes back one whose card was never there", async () => {
    const { slack } = await startScene();
    slack.setChannel(CHANNELS.approvals, { isArchived: true });
    const asked = await answerTo(slack, PEOPLE.alice, "revoke dana@example.com --reason laptop stolen");
    const id = /ZT-[0-9A-Z]{7}/.exec(asked.words)?.[0] ?? "";
    const { words } = await answerTo(slack, PEOPLE.alice, `cancel ${id}`);
    expect(words).toContain("⚪ Cancelled");
    slack.setChannel(CHANNELS.approvals, { isArchived: false });
    await cardWhere(slack, (text) => text.includes("Cancelled"));
    expect(slack.messages(slack.dm(PEOPLE.alice))).toEqual([]);
  });

  it("refuses others with the words of the button, and records it", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await ask(scene, "dana@example.com");
    const id = requestIdOf(slack, card);
    const { words } = await answerTo(slack, PEOPLE.bob, `cancel ${id}`);
    expect(words).toContain("Only the requester can cancel a request.");
    expect(words).toContain("Press Deny on its card instead.");
    expect(words).toBe(await pressForWords(slack, PEOPLE.bob, card, CARD_ACTIONS.cancel));
    expect(readAudit(scene).filter(({ event }) => event === "click.refused")).toHaveLength(2);
    expect(wordsOf(slack, card)).toContain("Needs 1 approval");
  });

  it("comes too late for what is decided, and says who decided", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await ask(scene, "mallory@example.com");
    await approve(slack, card);
    const { words } = await answerTo(slack, PEOPLE.alice, `cancel ${requestIdOf(slack, card)}`);
    expect(words).toContain("This request is already done. (by @bob)");
    expect(words).toContain("Nothing was changed.");
  });

  it("without an id, or with one that is none, offers one's own requests that wait as buttons", async () => {
    const scene = await startScene();
    const { slack } = scene;
    for (const [text, says] of [
      ["cancel", ""],
      ["cancel ZT-0000000", "There is no request ZT-0000000."],
      ["cancel mallory", '"mallory" is not a request id.'],
    ] as const) {
      const { words } = await answerTo(slack, PEOPLE.alice, text);
      expect(words).toContain("You have no request to cancel");
      expect(words).toContain("→ /zt requests mine");
      expect(words).toContain(says);
    }
    const card = await ask(scene, "dana@example.com");
    const second = await ask(scene, "devon@example.com");
    await ask(scene, "erin@example.com", PEOPLE.bob);
    const { message, words } = await answerTo(slack, PEOPLE.alice, "cancel");
    expect(words).toContain("Which request should be cancelled? · 2");
    expect(words).not.toContain("erin@example.com");
    expect(buttonsIn(message)).toEqual(["Cancel", "Details", "Cancel", "Details", "Refresh"]);

    const blockId = blockOf(message, requestIdOf(slack, card));
    await slack.click({ user: PEOPLE.alice, ...at(message), actionId: CARD_ACTIONS.cancel, blockId });
    const redrawn = await slack.waitFor(() => redrawnText(scene, PEOPLE.alice, message));
    expect(redrawn).toContain("⚪ Cancelled by @alice");
    expect(redrawn).toContain("Which request should be cancelled? · 1");
    expect(redrawn).toContain(requestIdOf(slack, second));
    await slack.waitFor(() => wordsOf(slack, card).includes("Cancelled"));
    expect(wordsOf(slack, second)).toContain("🟡 Needs 1 approval");
  });

  it("names also what is approved and kept from being carried out", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await ask(scene, "dana@example.com");
    await answerTo(slack, PEOPLE.carol, "pause --reason a drill");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("zt-bot is paused") || undefined);
    const id = requestIdOf(slack, card);
    expect((await answerTo(slack, PEOPLE.alice, "cancel")).words).toContain(id);
    expect((await answerTo(slack, PEOPLE.alice, `cancel ${id}`)).words).toContain("Void");
    expect((await answerTo(slack, PEOPLE.alice, "cancel")).words).toContain("You have no request to cancel");
  });
});
