import { describe, expect, it } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  callsTo,
  cardWhere,
  finishedThread,
  PEOPLE,
  press,
  wordsOf,
} from "../../support/harness.ts";
import { openFormBy, sendForm, startScene } from "../support.ts";

const { alice, bob, carol } = PEOPLE;
const MALLORY = "mallory@example.com";

describe("what was sent and had no answer", { tags: ["slow"] }, () => {
  it("is found done after a pause, also where it changed what is looked at before a call", async () => {
    const scene = await startScene({ cloudflareTimeoutMs: 2000 });
    const { slack, cloudflare } = scene;
    const form = await openFormBy(slack, alice, `delete-user ${MALLORY} --reason left the company`);
    await sendForm(slack, alice, form, { typed: { typed: MALLORY } });
    const card = await cardWhere(slack, (words) => words.includes("Delete the Access user"));
    cloudflare.faults.set("users.delete", { kind: "hang", times: 1 });
    await press(slack, bob, card, CARD_ACTIONS.approve);
    const deletions = () => callsTo(cloudflare, "DELETE", "/access/users/").length;
    await slack.waitFor(() => deletions() === 1 || undefined);
    await answerTo(slack, carol, "pause --reason a drill");
    await slack.waitFor(() => wordsOf(slack, card).includes("zt-bot is paused: a drill") || undefined);

    // It takes effect late: while it is paused.
    cloudflare.state.users = cloudflare.state.users.filter(({ email }) => email !== MALLORY);
    await answerTo(slack, bob, "resume");
    const thread = (await finishedThread(slack, card)).join("\n");
    expect(thread).toContain("Already done by the earlier call; nothing was sent again");
    expect(wordsOf(slack, card)).toContain("verified at");
    expect(deletions()).toBe(1);
  });

  it("is not sent again blindly where it may give access back: first it is looked whether it is done", async () => {
    const scene = await startScene({ cloudflareTimeoutMs: 500 });
    const { slack, cloudflare } = scene;
    await answerTo(slack, alice, `restore-devices ${MALLORY} --all --reason laptop found`);
    const card = await cardWhere(slack, (words) => words.includes("Restore"));
    const restored = () => callsTo(cloudflare, "POST", "registrations/unrevoke").length;
    const held = cloudflare.faults.holdAnswer("registrations.unrevoke");
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await held.arrived;
    // It has taken effect; nobody is told, and nobody can look.
    cloudflare.faults.set("registrations.list", { kind: "status", status: 503 });
    await slack.waitFor(
      () =>
        slack
          .thread(card.channel, card.ts)
          .some((message) => slack.visibleText(message).includes("Can't read Cloudflare")) || undefined,
    );
    expect(restored()).toBe(1);
    cloudflare.faults.clear("registrations.list");
    const thread = (await finishedThread(slack, card)).join("\n");
    expect(thread).toContain("Already done by the earlier call; nothing was sent again");
    expect(restored()).toBe(1);
    held.release();
  });
});
