import { describe, expect, it } from "vitest";

import { describeRequest } from "../../../src/actions/describe.ts";
import type { BreakGlassUse, Request, Review } from "../../../src/requests/request.ts";
import {
  breakGlassMessage,
  breakGlassReviewedMessage,
  BREAK_GLASS_ACTIONS,
} from "../../../src/views/card/break-glass.ts";
import { ASKED_ACTIONS, askedMessage, askedModal } from "../../../src/views/request/asked.ts";
import { auditWords } from "../../../src/views/request/audit-words.ts";
import { breakGlassModal, parseBreakGlassForm } from "../../../src/views/request/break-glass-modal.ts";
import { approvalCard } from "../../../src/views/card/card.ts";
import { detailsModal } from "../../../src/views/request/details-modal.ts";
import { parseReviewForm, reviewModal } from "../../../src/views/request/review-modal.ts";
import { threadMessage } from "../../../src/views/request/thread.ts";
import { readWords } from "../../support/words.ts";
import { everyRequest, HOSTILE, makeRequest, messageProblems, NOW, viewProblems } from "../support.ts";

const LINK = "https://example.slack.com/archives/C0APPROV1/p1773489909000100";
const GLASS: BreakGlassUse = {
  by: "U0BOB0001",
  at: NOW,
  reason: "nobody else is awake, it is 3 in the morning",
};
const REVIEW: Review = { by: "U0CAROL01", at: NOW, verdict: "justified", note: "" };

function alone(
  options: Parameters<typeof makeRequest>[0],
  review: Review | null = null,
  glass = GLASS,
): Request {
  return { ...makeRequest(options), breakGlass: glass, review, reviewDue: review === null ? NOW : null };
}

function draw(request: Request, members: readonly string[] | null = ["U0BOB0001"]) {
  return approvalCard({
    request,
    words: describeRequest(request),
    rules: { approvers: ["S0LEADS01"], quorum: 1, alone: members, stepUp: { votes: false, alone: false } },
    now: NOW,
  });
}

function actionsOf({ blocks }: { blocks: readonly object[] }): string[] {
  return [...JSON.stringify(blocks).matchAll(/"action_id":"([^"]+)"/g)].map(([, id = ""]) => id);
}

describe("the card", () => {
  it("offers to break the glass only while it is pending and the policy lets somebody", () => {
    const pending = makeRequest({ status: "pending" });
    expect(actionsOf(draw(pending))).toContain(BREAK_GLASS_ACTIONS.breakGlass);
    expect(actionsOf(draw(pending, null))).not.toContain(BREAK_GLASS_ACTIONS.breakGlass);
    expect(actionsOf(draw(makeRequest({ status: "approved" })))).not.toContain(
      BREAK_GLASS_ACTIONS.breakGlass,
    );
  });

  it.each(["approved", "executing", "unknown", "succeeded", "failed", "voided"] as const)(
    "says who used it and why, once, and keeps its button for a review when it is %s",
    (status) => {
      const card = draw(alone({ status }));
      const words = readWords(card);
      expect(words).toContain("🚨 Break-glass by @U0BOB0001: nobody else is awake");
      expect(words).toContain("🟡 Needs review by another approver");
      expect(words).not.toContain("pproved");
      expect(actionsOf(card).filter((action) => !action.startsWith("form:"))).toEqual([
        BREAK_GLASS_ACTIONS.review,
        "request_details",
      ]);
      expect(card.text).toContain("Break-glass by <@U0BOB0001>, needs review.");
    },
  );

  it("says of whom it is unknown whether they are at risk, and to whoever is told", () => {
    const why = "the API token lacks <Zero Trust: PII Read>";
    const words = `⚠️ Unknown whether @U0BOB0001 is at risk: ${why}`;
    const request = alone({ status: "executing" }, null, { ...GLASS, unchecked: why });
    // A decided card has no room for why: Details and the thread say it.
    expect(readWords(draw(request))).toContain("⚠️ Unknown whether @U0BOB0001 is at risk");
    expect(readWords(breakGlassMessage(request, describeRequest(request), LINK))).toContain(words);
    expect(readWords(draw(alone({ status: "executing" })))).not.toContain("Unknown whether");
  });

  it.each<[Review, string]>([
    [REVIEW, "☑️ Justified, reviewed by @U0CAROL01"],
    [
      { ...REVIEW, verdict: "not-justified", note: "bob was online" },
      "🔴 Not justified, reviewed by @U0CAROL01 2026-03-14 14:02:31 UTC: bob was online",
    ],
  ])("says what the review said, and has no button any more", (review, expected) => {
    const card = draw(alone({ status: "succeeded" }, review));
    expect(readWords(card)).toContain(expected);
    expect(readWords(card)).not.toContain("Needs review");
    expect(actionsOf(card)).toEqual(["request_details"]);
  });
});

describe("the answer to who asked", () => {
  const request = makeRequest({ status: "pending" });
  const asked = { request, headline: "x", link: LINK, trouble: null, quorum: 1, pause: null };

  it("offers to break the glass to a member alone", () => {
    expect(actionsOf(askedMessage({ ...asked, mayUseBreakGlass: true }))).toEqual([
      ASKED_ACTIONS.refresh,
      BREAK_GLASS_ACTIONS.breakGlass,
    ]);
    expect(actionsOf(askedModal({ ...asked, mayUseBreakGlass: true }))).toEqual([
      BREAK_GLASS_ACTIONS.breakGlass,
    ]);
    expect(actionsOf(askedMessage({ ...asked, mayUseBreakGlass: false }))).toEqual([ASKED_ACTIONS.refresh]);
  });
});

/** Exactly what was typed, as Slack sends it. */
const typed = (reason: string | null) => ({
  private_metadata: "ZT-7K3M2QF",
  state: { values: { reason: { reason: { value: reason } } } },
});

describe("the form to act alone", () => {
  const request = makeRequest({ status: "pending" });
  const form = breakGlassModal({ request, words: describeRequest(request), takesCode: true });

  it("says what will happen, that it can't wait for anybody, and what follows for who does it", () => {
    const words = readWords(form);
    for (const part of [
      "Break-glass",
      "happens at once, without approval",
      "Revoke all sessions and devices of mallory@example.com",
      "• Ends 2 sessions on 1 app",
      "They can sign in again in about a minute",
      "Revoked devices can be restored",
      "told at once",
      "Until another approver reviews it",
      "Revoke now",
    ])
      expect(words).toContain(part);
  });

  it.each([
    ["nothing", null],
    ["spaces", " ".repeat(40)],
    ["fourteen characters", `  ${"x".repeat(14)}  `],
    ["more than fits", "x".repeat(1001)],
  ])("is sent back beside its field with %s for a reason", (_what, reason) => {
    expect(parseBreakGlassForm(typed(reason)).errors).toEqual({ reason: expect.any(String) as string });
  });

  it.each([15, 1000])("takes a reason of %d characters, without the spaces around", (length) => {
    expect(parseBreakGlassForm(typed(` ${"x".repeat(length)}\n`))).toEqual({
      requestId: "ZT-7K3M2QF",
      reason: "x".repeat(length),
      code: "",
      errors: {},
    });
  });

  it("that comes back has what was typed in it, under what is wrong", () => {
    const back = breakGlassModal({
      takesCode: false,
      request,
      words: describeRequest(request),
      reason: GLASS.reason,
      problem: { what: "Slack did not answer.", next: "Try again." },
    });
    expect(readWords(back)).toContain("⚠️ Slack did not answer.\n→ Try again.");
    expect(JSON.stringify(back.blocks)).toContain(`"initial_value":"${GLASS.reason}"`);
  });
});

describe("the news of it", () => {
  it("tells whoever reads it who may read the record, where the card is gone", () => {
    const request = alone({ status: "succeeded" });
    const words = readWords(breakGlassMessage(request, describeRequest(request), null, { kind: "gone" }));
    expect(words).toContain("/zt audit ZT-7K3M2QF has the story, for operators and approvers.");
  });
});

describe("the form to review", () => {
  const filled = (verdict: string | null, note: string | null) => ({
    private_metadata: "ZT-7K3M2QF",
    state: {
      values: {
        verdict: { verdict: { selected_option: verdict === null ? null : { value: verdict } } },
        note: { note: { value: note } },
      },
    },
  });

  it("shows who did what and why, and how it ended", () => {
    const request = alone({ status: "succeeded" });
    const words = readWords(reviewModal({ request, words: describeRequest(request) }));
    for (const part of [
      "Revoke all sessions and devices of mallory@example.com",
      "Accepted by Cloudflare, not confirmed",
      "🚨 Break-glass by @U0BOB0001",
      GLASS.reason,
      "Requested by @U0ALICE01: laptop stolen",
      "Not justified",
    ])
      expect(words).toContain(part);
  });

  it.each<[string, string | null, string | null, Record<string, string>]>([
    ["no verdict", null, "fine", { verdict: "Choose one." }],
    ["a verdict that is none", "whatever", "fine", { verdict: "Choose one." }],
    ["no word why not", "not-justified", "  ", { note: expect.stringContaining("Say why not") as string }],
    [
      "more than fits",
      "justified",
      "x".repeat(1001),
      { note: expect.stringContaining("At most 1000") as string },
    ],
    ["a verdict alone", "justified", null, {}],
    ["both", "not-justified", "bob was online", {}],
  ])("of %s is judged beside its fields", (_what, verdict, note, errors) => {
    expect(parseReviewForm(filled(verdict, note)).errors).toEqual(errors);
  });

  it("that comes back keeps both", () => {
    const request = alone({ status: "succeeded" });
    const back = reviewModal({
      request,
      words: describeRequest(request),
      verdict: "not-justified",
      note: "bob was online",
      problem: { what: "No." },
    });
    const [verdict, note] = back.blocks.slice(-2);
    expect(verdict).toMatchObject({ element: { initial_option: { value: "not-justified" } } });
    expect(note).toMatchObject({ element: { initial_value: "bob was online" } });
  });
});

describe("a reminder", () => {
  it("says for how long nobody has reviewed it, and who could", () => {
    const request = alone({ status: "succeeded" });
    const say = (asked: string[]) =>
      threadMessage(request, describeRequest(request), {
        kind: "review-reminder",
        at: NOW + 3_600_000,
        since: NOW,
        asked,
      });
    expect(readWords(say(["S0LEADS01"]))).toContain(
      "⏰ Break-glass 60 min ago still needs review by @S0LEADS01",
    );
    expect(readWords(say([]))).toContain("no one can review it");
    expect(messageProblems(say(Array.from({ length: 40 }, (_, index) => `U0LEAD${index}`)))).toEqual([]);
  });
});

describe("the record", () => {
  const row = {
    seq: 1,
    at: NOW,
    actor: "U0BOB0001",
    requestId: "ZT-7K3M2QF",
    target: null,
    users: 1,
    action: null,
  };
  const say = (event: string, data: Record<string, unknown>) =>
    auditWords({ ...row, event, data, label: "Revoke sessions" });

  it("tells an approval from what one person did alone, and what was said of it", () => {
    expect(say("request.approved", {})).toBe("approved it");
    expect(say("request.approved", { break_glass: true, reason: "3 in the morning" })).toBe(
      "used break-glass: 3 in the morning",
    );
    expect(say("request.reviewed", { verdict: "justified" })).toBe("reviewed the break-glass, justified");
    expect(say("request.reviewed", { verdict: "not-justified", note: "bob was online" })).toBe(
      "reviewed the break-glass, not justified: bob was online",
    );
  });
});

describe("whatever was typed", () => {
  it(
    "stays within Slack's limits, pings nobody and breaks no markup, on every surface",
    { tags: ["slow"] },
    () => {
      const problems: string[] = [];
      // Only what takes access from one user can be done alone.
      for (const { what, request: base } of everyRequest()) {
        if (base.plan.action !== "revoke") continue;
        const text = base.reason;
        for (const review of [null, { ...REVIEW, verdict: "not-justified", note: text } as const]) {
          const glass = { ...GLASS, reason: text, ...(review === null ? {} : { unchecked: text }) };
          const request = { ...base, breakGlass: glass, review, reviewDue: review === null ? NOW : null };
          const words = describeRequest(request);
          const problem = { what: HOSTILE.repeat(40), why: HOSTILE.repeat(40), next: HOSTILE.repeat(40) };
          problems.push(
            ...[
              ...messageProblems(draw(request), "chat.postMessage", "chat.update"),
              ...messageProblems(breakGlassMessage(request, words, LINK)),
              ...messageProblems(breakGlassReviewedMessage(request, words, null)),
              ...messageProblems(threadMessage(request, words, { kind: "decision", at: NOW })),
              ...(review === null
                ? []
                : messageProblems(threadMessage(request, words, { kind: "reviewed" }))),
              ...viewProblems(breakGlassModal({ request, words, takesCode: true, reason: text, problem })),
              ...viewProblems(reviewModal({ request, words, note: text, problem })),
              ...viewProblems(detailsModal(request, words, [])),
            ].map((one) => `${what}: ${one}`),
          );
        }
      }
      expect([...new Set(problems)].slice(0, 5)).toEqual([]);
    },
  );
});
