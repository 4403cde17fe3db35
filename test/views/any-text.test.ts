import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { describeRequest } from "../../src/actions/describe.ts";
import { UserError } from "../../src/errors.ts";
import { sessionsMessage } from "../../src/views/look-ups/sessions.ts";
import { userSummary } from "../../src/views/look-ups/user-summary.ts";
import { noticeMessage, noticeModal } from "../../src/views/notice.ts";
import { askModal } from "../../src/views/request/ask-modal.ts";
import { askedMessage, askedModal } from "../../src/views/request/asked.ts";
import { breakGlassModal } from "../../src/views/request/break-glass-modal.ts";
import { approvalCard } from "../../src/views/card/card.ts";
import { denyModal } from "../../src/views/request/deny-modal.ts";
import { detailsModal } from "../../src/views/request/details-modal.ts";
import { pausedAnswer, pausedNews } from "../../src/views/request/pause.ts";
import { reviewModal } from "../../src/views/request/review-modal.ts";
import { clean } from "../../src/views/text.ts";
import { outcomeMessage, threadMessage } from "../../src/views/request/thread.ts";
import { ACTION_NAMES } from "../../src/requests/plan.ts";
import { STATUSES } from "../../src/requests/request.ts";
import {
  ACCOUNT,
  anyText,
  makeFailure,
  makeRegistration,
  makeSession,
  makeSummary,
  makeUser,
  makeRequest,
  messageProblems,
  NOW,
  viewProblems,
} from "./support.ts";

/** Somebody all of whose names are this text. */
function named(text: string) {
  const app = { uid: "app-1", name: text, hostname: text, type: null };
  return makeSummary({
    user: makeUser({ name: text, email: text }),
    sessions: { ok: true, value: [makeSession({ apps: [app] })] },
    failedLogins: { ok: true, value: [makeFailure({ appName: text, rayId: text })] },
    registrations: { ok: true, value: [makeRegistration({ deviceName: text })] },
    identity: { ok: false, reason: text },
  });
}

describe("whatever names and reasons are", () => {
  it(
    "Slack makes nothing of them but text, in everything that is said of a request",
    { tags: ["slow"] },
    () => {
      fc.assert(
        fc.property(
          anyText.filter((text) => clean(text) !== ""),
          fc.constantFrom(...STATUSES),
          fc.constantFrom(...ACTION_NAMES),
          (text, status, action) => {
            const summary = named(text);
            const request = makeRequest({
              status,
              action,
              summary,
              reason: text,
              result: { failure: { why: text, next: text } },
            });
            const words = describeRequest(request);
            const { headline } = words;
            const alone = { ...request, breakGlass: { by: "U0BOB0001", at: NOW, reason: text } };
            const pause = { by: text, at: NOW, reason: text };
            const problem = new UserError({ what: text, why: text, next: text }).detail;
            const asked = {
              request,
              headline,
              link: null,
              trouble: text,
              quorum: 2,
              mayUseBreakGlass: true,
              pause,
            };
            const rules = {
              approvers: ["U0BOB0001"],
              quorum: 2,
              alone: [],
              stepUp: { votes: false, alone: false },
            };
            const chosen = { userId: summary.user.id, email: text, name: text };
            const form = { action, chosen, facts: [text], material: { kind: "none" } as const, prefill: {} };
            expect([
              ...messageProblems(approvalCard({ request, words, rules, now: NOW })),
              ...messageProblems(approvalCard({ request: alone, words, rules, now: NOW })),
              ...messageProblems(threadMessage(request, words, { kind: "evidence" })),
              ...messageProblems(
                threadMessage(request, words, { kind: "call-started", at: NOW, call: text }),
              ),
              ...messageProblems(threadMessage(request, words, { kind: "summary" })),
              ...messageProblems(outcomeMessage(request, words, null)),
              ...messageProblems(askedMessage(asked)),
              ...messageProblems(pausedNews(pause)),
              ...messageProblems(pausedAnswer(pause, { isFirst: true, isTold: false })),
              ...messageProblems(noticeMessage(problem)),
              ...messageProblems(userSummary({ summary, accountId: ACCOUNT, now: NOW })),
              ...messageProblems(sessionsMessage(summary.user, [makeSession()], { now: NOW, page: 1 })),
              ...viewProblems(askedModal(asked)),
              ...viewProblems(noticeModal(text, problem)),
              ...viewProblems(denyModal(request, headline)),
              ...viewProblems(detailsModal(request, words, [])),
              ...viewProblems(breakGlassModal({ request, words, reason: text, takesCode: false, problem })),
              ...viewProblems(reviewModal({ request: alone, words, note: text, problem })),
              ...viewProblems(
                askModal({ ...form, reason: text, requireReason: true, originChannel: "C0SECURE1", problem }),
              ),
            ]).toEqual([]);
          },
        ),
        { numRuns: 150 },
      );
    },
  );
});
