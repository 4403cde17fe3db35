import { describe, expect, it } from "vitest";

import { actionOf } from "../../../src/actions/index.ts";
import { describeRequest } from "../../../src/actions/describe.ts";
import { ACTION_NAMES } from "../../../src/requests/plan.ts";
import type { PostData } from "../../../src/requests/posts.ts";
import { STATUSES } from "../../../src/requests/request.ts";
import { askedMessage } from "../../../src/views/request/asked.ts";
import { nextStep, outcomeMessage, threadMessage } from "../../../src/views/request/thread.ts";
import { readWords } from "../../support/words.ts";
import { makeRequest, NOW } from "../support.ts";

type Options = Parameters<typeof makeRequest>[0];

const VERIFIED = {
  verification: { confirmed: true, summary: "Revoked 3 sessions", notes: [], checkedAt: NOW },
};

function post(data: PostData, options: Options = { status: "approved" }): string {
  const request = makeRequest(options);
  return readWords(threadMessage(request, describeRequest(request), data));
}

describe("the thread under a card", () => {
  it.each<[string, PostData, string]>([
    [
      "who has not answered, what is missing, and how long there is",
      {
        kind: "reminder",
        at: NOW,
        expiresAt: NOW + 25 * 60_000,
        asked: ["U0BOB0001", "S0LEADS01"],
        missing: 2,
      },
      "⏰ Still needs 2 approvals from @U0BOB0001 @S0LEADS01 · expires in 25 min",
    ],
    [
      "that no one is left to remind",
      { kind: "reminder", at: NOW, expiresAt: NOW + 25 * 60_000, asked: [], missing: 1 },
      "⏰ Still needs 1 approval, but no one can give it. Change policy.yml, or cancel this request · expires in 25 min",
    ],
    [
      "who else may approve now, and why they are asked",
      {
        kind: "escalated",
        at: NOW,
        createdAt: NOW - 20 * 60_000,
        expiresAt: NOW + 40 * 60_000,
        also: ["U0ERIN001"],
        asked: [],
        missing: 1,
      },
      "📣 No decision for 20 min: @U0ERIN001 can now approve too, needs 1 approval · expires in 40 min",
    ],
    [
      "who else may approve now, beside those who are reminded",
      {
        kind: "escalated",
        at: NOW,
        createdAt: NOW - 20 * 60_000,
        expiresAt: NOW + 40 * 60_000,
        also: ["S0CISO"],
        asked: ["U0BOB0001"],
        missing: 1,
      },
      "📣 No decision for 20 min: @S0CISO can now approve too, needs 1 approval · still waiting for @U0BOB0001 · expires in 40 min",
    ],
    [
      "that there is no one else",
      {
        kind: "escalated",
        at: NOW,
        createdAt: NOW - 20 * 60_000,
        expiresAt: NOW + 40 * 60_000,
        also: [],
        asked: ["U0BOB0001"],
        missing: 1,
      },
      "📣 No decision for 20 min: needs 1 approval, and no one else can approve · still waiting for @U0BOB0001 · expires in 40 min",
    ],
    [
      "that the call begins",
      { kind: "call-started", at: NOW, call: "revoke_user for mallory@example.com (sessions only)" },
      "⏳ Calling Cloudflare: revoke_user for mallory@example.com (sessions only) · 2026-03-14 14:02:31 UTC",
    ],
    [
      "that Cloudflare accepted it, with the ray",
      { kind: "call-accepted", at: NOW, call: "x", cfRay: "8f2d1c0a9b7e6d5c-FRA", reconciled: false },
      "☑️ Cloudflare accepted it; verifying… · 2026-03-14 14:02:31 UTC · ray 8f2d1c0a9b7e6d5c-FRA",
    ],
    [
      "that Cloudflare accepted it, where it gave no ray",
      { kind: "call-accepted", at: NOW, call: "x", cfRay: null, reconciled: false },
      "☑️ Cloudflare accepted it; verifying… · 2026-03-14 14:02:31 UTC",
    ],
    [
      "that an earlier call was enough",
      { kind: "call-accepted", at: NOW, call: "x", cfRay: null, reconciled: true },
      "☑️ Already done by the earlier call; nothing was sent again · 2026-03-14 14:02:31 UTC",
    ],
    [
      "that nothing was left to do",
      { kind: "call-accepted", at: NOW, call: "x", cfRay: null, reconciled: false, wasSo: true },
      "☑️ It was already done; verifying… · 2026-03-14 14:02:31 UTC",
    ],
    [
      "that a call which came to nothing was sent again",
      { kind: "call-accepted", at: NOW, call: "x", cfRay: null, reconciled: false, isAgain: true },
      "☑️ The earlier call had no effect. Sent again, and Cloudflare accepted it; verifying… · 2026-03-14 14:02:31 UTC",
    ],
    [
      "that nobody knows, as the process ended",
      { kind: "call-cut", at: NOW, call: "x" },
      "⚪ No clear answer: zt-bot stopped after sending x · 2026-03-14 14:02:31 UTC\nIt may be done; checking before anything is sent again.",
    ],
    [
      "that the database did not take the answer",
      { kind: "call-cut", at: NOW, call: "x", isUnrecorded: true },
      "⚪ No clear answer: the reply to x wasn't recorded · 2026-03-14 14:02:31 UTC\nIt may be done; checking before anything is sent again.",
    ],
    [
      "why it waits and until when",
      {
        kind: "call-waiting",
        at: NOW,
        call: "x",
        why: "Cloudflare's rate limit is reached",
        retryAt: NOW + 30_000,
        isUnknown: false,
      },
      "⏳ Cloudflare's rate limit is reached. Trying again at 2026-03-14 14:03:01 UTC.",
    ],
    [
      "that an outcome is not known, and that it looks before it sends again",
      {
        kind: "call-waiting",
        at: NOW,
        call: "x",
        why: "Cloudflare did not answer in time",
        retryAt: NOW + 2000,
        isUnknown: true,
      },
      "⚪ No clear answer from Cloudflare: Cloudflare did not answer in time. It may be done; checking again at 2026-03-14 14:02:33 UTC.",
    ],
    [
      "what was seen",
      { kind: "verification", ...VERIFIED },
      "✅ Revoked 3 sessions, verified at 2026-03-14 14:02:31 UTC",
    ],
    [
      "what was seen and does not add up, with its notes",
      {
        kind: "verification",
        verification: {
          confirmed: false,
          summary: "1 of 3 sessions still open",
          notes: ["1 new sign-in since"],
          checkedAt: NOW,
        },
      },
      "⚠️ Not confirmed: 1 of 3 sessions still open, checked at 2026-03-14 14:02:31 UTC\n⚠️ 1 new sign-in since",
    ],
  ])("says %s", (_what, data, words) => {
    expect(post(data)).toBe(words);
  });

  it("begins with the evidence as it stood when it was asked", () => {
    const words = post({ kind: "evidence" }, { status: "pending" });
    expect(words).toContain("🔎 Before, read at 2026-03-14 14:02:31 UTC");
    for (const part of [
      "Identity",
      "2 active sessions",
      "1 failed sign-in",
      "1 risk event",
      "1 registered device",
    ])
      expect(words).toContain(part);
  });

  it.each<[Options["status"], string]>([
    ["approved", "🔵 Approved by @U0BOB0001 2026-03-14 14:01:31 UTC"],
    [
      "denied",
      "⛔ Denied by @U0BOB0001 2026-03-14 14:01:31 UTC: not on a Sunday\nNext: Talk to the approver, or request it again with what was missing.",
    ],
    [
      "cancelled",
      "⚪ Cancelled by @U0BOB0001 2026-03-14 14:01:31 UTC. Nothing was done.\nNext: Request it again if it is needed after all.",
    ],
    [
      "expired",
      "⚪ Expired 2026-03-14 14:57:31 UTC: no one decided in time. Nothing was done.\nNext: Request it again if it is still needed, and tell an approver.\nRequest again…",
    ],
  ])("says who decided what: %s", (status, words) => {
    expect(
      post(
        { kind: "decision", at: NOW },
        { status, ...(status === "denied" ? { reason: "not on a Sunday" } : {}) },
      ),
    ).toBe(words);
  });

  it("closes with what was seen and what comes next, and leaves who approved it to the decision above", () => {
    const words = post({ kind: "summary" }, { status: "succeeded", result: VERIFIED });
    expect(words).toContain(
      "✅ Revoked 3 sessions, verified at 2026-03-14 14:02:31 UTC\nNext: To keep them out, disable the account in your IdP.",
    );
    expect(words).not.toContain("approved by");
  });

  it("says in its text, for notifications, what it says on screen", () => {
    const request = makeRequest({ status: "succeeded", result: VERIFIED });
    expect(threadMessage(request, describeRequest(request), { kind: "summary" }).text).toBe(
      "Revoke all sessions and devices of mallory@example.com: done and verified",
    );
  });
});

function next(options: Options): string {
  const request = makeRequest(options);
  return nextStep(request, describeRequest(request));
}

describe("the next step", () => {
  it.each(STATUSES)("is said for a request that is %s", (status) => {
    expect(next({ status })).not.toBe("");
  });

  it.each(ACTION_NAMES)("after %s is to keep them out only where access was taken away", (action) => {
    const watch = "`/zt user mallory@example.com` shows what happens from here.";
    const keepOut =
      "to keep them out, disable the account in your IdP. `/zt user mallory@example.com` shows if they come back.";
    expect(next({ status: "succeeded", action, result: VERIFIED })).toBe(
      actionOf({ action }).access === "takes" ? keepOut : watch,
    );
  });

  it("after a failure is the one that fixes it", () => {
    const result = { failure: { why: "x", next: "Add “Zero Trust Write” to the token." } };
    expect(next({ status: "failed", result })).toBe("Add “Zero Trust Write” to the token.");
  });
});

describe("what the requester is told", () => {
  const LINK = "https://example.slack.com/archives/C0APPROV1/p1";

  it("is how it ended, with a link to the card", () => {
    const request = makeRequest({ status: "denied", reason: "not on a Sunday" });
    const message = outcomeMessage(request, describeRequest(request), LINK);
    expect(readWords(message)).toContain("⛔ Denied by @U0BOB0001");
    expect(readWords(message)).toContain("Next: Talk to the approver");
    expect(JSON.stringify(message.blocks)).toContain(`<${LINK}|ZT-7K3M2QF>`);
    expect(message.text).toBe(
      "Revoke all sessions and devices of mallory@example.com: denied, nothing was done",
    );
  });

  it("has the id where there is no link", () => {
    const request = makeRequest({ status: "expired" });
    expect(readWords(outcomeMessage(request, describeRequest(request), null))).toContain(
      "Next: Request it again",
    );
  });

  it("at once is what was requested, what it needs, where the card is and when it expires", () => {
    const request = makeRequest({ status: "pending" });
    const asked = {
      request,
      headline: "Revoke all sessions of mallory@example.com",
      link: LINK,
      trouble: null,
      quorum: 1,
      mayUseBreakGlass: false,
      pause: null,
    };
    const words = readWords(askedMessage(asked));
    expect(words).toContain("🟡 Requested: Revoke all sessions of mallory@example.com");
    expect(words).toContain("Needs 1 approval · Open the card");
    expect(words).toContain("ZT-7K3M2QF · expires in 60 min");
    expect(readWords(askedMessage({ ...asked, quorum: 2 }))).toContain("Needs 2 approvals · Open the card");
  });

  it("is honest where the card is not there yet, and why", () => {
    const request = makeRequest({ status: "pending" });
    const asked = {
      request,
      headline: "x",
      link: null,
      trouble: "zt-bot is not a member of the approvals channel",
      quorum: 1,
      mayUseBreakGlass: false,
      pause: null,
    };
    expect(readWords(askedMessage(asked))).toContain(
      "is not in the approvals channel yet: zt-bot is not a member of the approvals channel",
    );
  });
});
