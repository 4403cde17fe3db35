import { describe, expect, it } from "vitest";

import { CARD_ACTIONS } from "../../src/views/card.ts";
import { addCrowd, revokedEmails, stillIn } from "../support/crowd.ts";
import { answerTo, askToRevoke, finishedThread, MODES, PEOPLE, press, wordsOf } from "../support/harness.ts";
import { startScene } from "./support.ts";

describe.each(MODES)("a revocation of 12 users in %s mode", (mode) => {
  it("is one request: the first alone and verified, then the others, told on one card", async () => {
    const { slack, cloudflare } = await startScene({ mode });
    const emails = addCrowd(cloudflare, 12);

    const card = await askToRevoke(slack, {
      text: `revoke ${emails.join(" ")} --reason credential stuffing`,
    });
    const asked = slack.visibleText(card);
    expect(asked).toContain("Revoke all sessions of 12 users");
    expect(asked).toContain("1. user-001@crowd.example.com (first, alone)");
    expect(asked).toContain("10. user-010@crowd.example.com\nand 2 more: Details lists all of them");

    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    const thread = await finishedThread(slack, card);

    expect(thread.map((text) => text.split("\n")[0])).toEqual([
      expect.stringContaining("Evidence before of the first user"),
      expect.stringContaining("Approved"),
      expect.stringContaining("Calling Cloudflare: revoke_user for user-001@crowd.example.com"),
      expect.stringContaining("Cloudflare accepted it"),
      expect.stringMatching(/The first user is verified: 0 of 1 session remains, .*other 11/),
      expect.stringContaining("Revoke all sessions of 12 users"),
    ]);
    const end = wordsOf(slack, card);
    expect(end).toContain("Done and verified: 12 of 12 done, every one verified");
    expect(end).toContain("████████████████████ 100 %");
    expect(end).not.toContain("Stop");
    expect(revokedEmails(cloudflare)[0]).toBe(emails[0]);
    expect(revokedEmails(cloudflare).toSorted()).toEqual(emails);
    expect(stillIn(cloudflare, emails)).toEqual([]);
    const told = await slack.waitFor(() => slack.messages(slack.dm(PEOPLE.alice)).at(-1));
    expect(slack.visibleText(told)).toContain("12 of 12 done");
  });
});

describe("names that are not known", () => {
  it("are told before anybody is asked, with a way on for the others", async () => {
    const { slack, cloudflare } = await startScene();
    const emails = addCrowd(cloudflare, 3);
    const { words } = await answerTo(
      slack,
      PEOPLE.alice,
      `revoke ${emails.join(" ")} nobody@example.com sam.lee@example.com --reason x`,
    );
    expect(words).toContain("2 of 5 names are not an Access user has been asked yet");
  });
});
