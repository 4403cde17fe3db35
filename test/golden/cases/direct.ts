import { describeRequest } from "../../../src/actions/describe.ts";
import type { Request } from "../../../src/requests/request.ts";
import type { Message } from "../../../src/views/blocks.ts";
import { approverMessage } from "../../../src/views/request/approver-message.ts";
import { breakGlassMessage, breakGlassReviewedMessage } from "../../../src/views/card/break-glass.ts";
import { cardLateMessage, cardThereMessage } from "../../../src/views/request/direct.ts";
import { mentionedMessage } from "../../../src/views/request/elsewhere.ts";
import { cancelledMessage, outcomeMessage } from "../../../src/views/request/thread.ts";
import {
  ALICE,
  BOB,
  bulkRequest,
  LINK,
  MINUTE,
  NOT_CONFIRMED,
  NOW,
  RECEIPT,
  request,
  RULES,
  told,
  VERIFIED,
  vote,
} from "../story.ts";

const outcome = (one: Request, behind: Parameters<typeof outcomeMessage>[3] = null): Message =>
  outcomeMessage(one, describeRequest(one), LINK, behind);
const toApprover = (one: Request, rules = RULES): Message =>
  approverMessage({ ...told(one), rules, now: NOW, link: LINK, to: BOB });

const done = request("succeeded", { result: { receipt: RECEIPT, verification: VERIFIED } });
const FAILURE = {
  why: "Cloudflare returned an error (502)",
  next: "Request it again. If it lasts, see www.cloudflarestatus.com.",
};
const used = request("approved", {
  votes: [],
  decidedBy: ALICE,
  breakGlass: { by: ALICE, at: NOW - MINUTE, reason: "Payroll is being downloaded right now." },
});
const trouble = (code: string) => ({ kind: "trouble" as const, code, since: NOW - 10 * MINUTE });
const alarm = breakGlassMessage(used, describeRequest(used), LINK);

/** What one person gets as a direct message. */
export const DIRECT = {
  "to-an-approver": toApprover(request("pending")),
  "to-an-approver-with-a-code": toApprover(request("pending"), {
    ...RULES,
    quorum: 2,
    stepUp: { votes: true, alone: true },
  }),
  "to-an-approver-who-approved": toApprover(request("pending", { votes: [vote(BOB)] }), {
    ...RULES,
    quorum: 2,
  }),
  "to-an-approver-when-done": toApprover(done),
  "to-an-approver-when-denied": toApprover(
    request("denied", { decidedBy: BOB, decisionReason: "She is in São Paulo this week, I called her." }),
  ),
  "to-an-approver-when-expired": toApprover(request("expired")),
  "outcome-done": outcome(done),
  "outcome-not-confirmed": outcome(
    request("succeeded", { result: { receipt: RECEIPT, verification: NOT_CONFIRMED } }),
  ),
  "outcome-denied": outcome(
    request("denied", { decidedBy: BOB, decisionReason: "She is in São Paulo this week, I called her." }),
  ),
  "outcome-expired": outcome(request("expired")),
  "outcome-failed": outcome(request("failed", { result: { failure: FAILURE } })),
  "outcome-voided": outcome(
    request("voided", {
      result: {
        failure: {
          why: "mallory@example.com was removed from Access since the request",
          next: "Look them up again before requesting anything else.",
        },
      },
    }),
  ),
  "outcome-several-failed": outcome(
    bulkRequest("failed", {
      result: {
        bulk: { total: 10, done: 8, failed: 2, untouched: 0, endsAt: null, waitsUntil: null },
        failure: { why: "8 of 10 users done, 2 failed", next: "Retry those that failed." },
      },
    }),
  ),
  "outcome-card-behind": outcome(done, trouble("ratelimited")),
  "outcome-channel-archived": outcome(done, trouble("is_archived")),
  "outcome-card-deleted": outcome(done, { kind: "gone" }),
  cancelled: cancelledMessage(
    request("cancelled", { decidedBy: ALICE }),
    describeRequest(request("cancelled")),
    LINK,
  ),
  "break-glass": alarm,
  "break-glass-not-checked": breakGlassMessage(
    {
      ...used,
      breakGlass: {
        by: ALICE,
        at: NOW - MINUTE,
        reason: "Payroll is being downloaded right now.",
        unchecked: "Cloudflare did not answer in time",
      },
    },
    describeRequest(used),
    LINK,
    { kind: "gone" },
  ),
  "break-glass-justified": breakGlassReviewedMessage(
    { ...used, review: { by: BOB, at: NOW, verdict: "justified", note: "" } },
    describeRequest(used),
    LINK,
  ),
  "break-glass-not-justified": breakGlassReviewedMessage(
    {
      ...used,
      review: { by: BOB, at: NOW, verdict: "not-justified", note: "I was at my desk. Call me first." },
    },
    describeRequest(used),
    LINK,
  ),
  "card-late": cardLateMessage(
    request("pending"),
    describeRequest(request("pending")),
    trouble("not_in_channel"),
  ),
  "card-late-by-rate-limit": cardLateMessage(
    request("pending"),
    describeRequest(request("pending")),
    trouble("ratelimited"),
  ),
  "card-deleted": cardLateMessage(request("pending"), describeRequest(request("pending")), { kind: "gone" }),
  "card-there": cardThereMessage(request("pending"), describeRequest(request("pending")), {
    link: LINK,
    isAgain: false,
  }),
  "card-there-again": cardThereMessage(request("pending"), describeRequest(request("pending")), {
    link: LINK,
    isAgain: true,
  }),
  "mention-instead": mentionedMessage(BOB, alarm, "messages_tab_disabled"),
  "mention-instead-for-now": mentionedMessage(BOB, alarm, "user_not_visible"),
};
