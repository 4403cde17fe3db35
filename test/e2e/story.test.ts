import { describe, expect, it } from "vitest";

import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { SUMMARY_ACTIONS } from "../../src/views/look-ups/user-summary.ts";
import {
  answerTo,
  callsTo,
  cardWhere,
  finishedThread,
  MODES,
  PEOPLE,
  press,
  startAll,
  wordsOf,
} from "../support/harness.ts";

describe.each(MODES)("the main job in %s mode", (mode) => {
  it("looks a user up, asks to revoke, is approved by a colleague, revokes, verifies and tells the story", async () => {
    const { slack, cloudflare } = await startAll({ mode });

    const { message, words } = await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
    expect(words).toContain("mallory@example.com");
    expect(words).toContain(
      "🔴 Likely account takeover. Impossible travel GB → BR. 17 denied sign-ins, then 2 allowed from 203.0.113.199 → Payroll, Admin panel. High risk: Malware detected on device. 3 sessions open.",
    );
    expect(words).toContain("High risk");
    expect(words).toContain("3 active sessions");

    const opened = await slack.click({
      user: PEOPLE.alice,
      channel: message.channel,
      ts: message.ts,
      actionId: SUMMARY_ACTIONS.revoke,
    });
    expect(opened.ok).toBe(true);
    const form = await slack.waitFor(() =>
      slack.views(PEOPLE.alice).find((view) => view.callback_id === "ask"),
    );
    const sent = await slack.submitView({
      user: PEOPLE.alice,
      viewId: form.id,
      values: { reason: { reason: "impossible travel, laptop stolen" } },
    });
    expect(sent.ok).toBe(true);

    const card = await cardWhere(slack, (text) => text.includes("Needs 1 approval"));
    const asked = slack.visibleText(card);
    expect(asked).toContain("Revoke all sessions and devices of mallory@example.com");
    expect(asked).toContain("impossible travel, laptop stolen");
    // Recommended, and so filled in.
    expect(asked).toContain("Revokes 2 device registrations");
    expect(asked).toContain("Ends 3 sessions on 5 apps");
    expect(asked).toContain("They can sign in again in about a minute");

    const approved = await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    expect(approved.ok).toBe(true);
    const thread = await finishedThread(slack, card);

    expect(wordsOf(slack, card)).toContain("verified at");
    expect(
      slack
        .messages(card.channel)
        .find((one) => one.ts === card.ts)
        ?.blocks.some((block) => block.type === "actions"),
    ).toBe(false);
    expect(thread.map((text) => text.split("\n")[0])).toEqual([
      expect.stringContaining("🔎 Before"),
      expect.stringContaining("Approved"),
      expect.stringContaining("Calling Cloudflare: revoke_user for mallory@example.com"),
      expect.stringContaining("Cloudflare accepted it"),
      expect.stringMatching(/^✅ Revoked 3 sessions and 2 device registrations, verified at /),
    ]);
    expect(callsTo(cloudflare, "POST", "/access/organizations/revoke_user")).toHaveLength(1);

    const told = await slack.waitFor(() => slack.messages(slack.dm(PEOPLE.alice)).at(-1));
    expect(slack.visibleText(told)).toContain("verified at");
    expect(slack.violations).toEqual([]);
  });
});
