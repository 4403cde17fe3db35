import type { ActionName } from "../../../src/requests/plan.ts";
import type { Held, Request, Result } from "../../../src/requests/request.ts";
import type { Message } from "../../../src/views/blocks.ts";
import { approvalCard } from "../../../src/views/card/card.ts";
import {
  ALICE,
  BOB,
  bulkRequest,
  CAROL,
  DAVE,
  HOUR,
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

const card = (one: Request): Message => approvalCard({ ...told(one), rules: RULES, now: NOW });

const done = (action: ActionName, summary: string): Message =>
  card(
    request(
      "succeeded",
      { result: { receipt: RECEIPT, verification: { ...VERIFIED, summary } } },
      { action },
    ),
  );

const held = (code: Held["code"], why: string): Partial<Request> => ({
  held: { code, why, since: NOW - MINUTE },
});

const breakGlass: Partial<Request> = {
  votes: [],
  decidedBy: ALICE,
  breakGlass: { by: ALICE, at: NOW - 2 * MINUTE, reason: "Payroll is being downloaded right now." },
};

const progress = (bulk: Partial<NonNullable<Result["bulk"]>>): Result => ({
  bulk: { total: 10, done: 4, failed: 0, untouched: 0, endsAt: NOW + 2 * MINUTE, waitsUntil: null, ...bulk },
});

const FAILURE = {
  why: "Cloudflare returned an error (502)",
  next: "Request it again. If it lasts, see www.cloudflarestatus.com.",
};

/** What stays of a card once it is decided: 60 words at most, the folded part included. */
export const DECIDED_CARDS = {
  approved: card(request("approved")),
  "approved-by-three": card(
    request("approved", { decidedBy: DAVE, votes: [vote(BOB), vote(CAROL), vote(DAVE)] }),
  ),
  "on-hold-paused": card(request("approved", held("paused", "zt-bot is paused by Carol"))),
  "on-hold-target-busy": card(
    request("approved", held("target-busy", "another request is working on this user (ZT-4K2H8Q7)")),
  ),
  "on-hold-unchecked": card(
    request(
      "approved",
      held("unchecked", "unknown whether Bob is at risk: Cloudflare did not answer in time"),
    ),
  ),
  denied: card(
    request("denied", { decidedBy: BOB, decisionReason: "She is in São Paulo this week, I called her." }),
  ),
  cancelled: card(request("cancelled", { decidedBy: ALICE })),
  expired: card(request("expired")),
  "expired-with-one-approval": card(
    request("expired", { votes: [vote(BOB)], decisionReason: "1 of 2 approvals" }),
  ),
  voided: card(
    request("voided", {
      result: {
        failure: {
          why: "mallory@example.com was removed from Access since the request",
          next: "Look them up again.",
        },
      },
    }),
  ),
  executing: card(request("executing")),
  verifying: card(request("executing", { result: { receipt: RECEIPT } })),
  "no-clear-answer": card(request("unknown")),
  "on-hold-after-no-clear-answer": card(request("unknown", held("paused", "zt-bot is paused by Carol"))),
  done: done("revoke", "revoked 3 sessions and 2 devices"),
  "done-revoke-devices": done("revoke-devices", "Revoked 2 devices"),
  "done-restore-devices": done("restore-devices", "Restored 2 devices"),
  "done-delete-devices": done("delete-devices", "Deleted 2 device registrations"),
  "done-reset-risk": done("reset-risk", "Risk level low, no events since the reset"),
  "done-create-user": done("create-user", "Created the Access user mallory@example.com"),
  "done-rename-user": done("rename-user", "Renamed to “Mallory Quill-Jones”"),
  "done-delete-user": done("delete-user", "Removed from Access"),
  "not-confirmed": card(request("succeeded", { result: { receipt: RECEIPT, verification: NOT_CONFIRMED } })),
  "accepted-and-never-looked-at": card(request("succeeded", { result: { receipt: RECEIPT } })),
  failed: card(request("failed", { result: { failure: FAILURE } })),
  "failed-after-a-look": card(
    request("failed", { result: { failure: FAILURE, verification: NOT_CONFIRMED } }),
  ),
  "break-glass-starting": card(request("approved", breakGlass)),
  "break-glass-needs-review": card(
    request("succeeded", { ...breakGlass, result: { receipt: RECEIPT, verification: VERIFIED } }),
  ),
  "break-glass-not-checked": card(
    request("succeeded", {
      ...breakGlass,
      breakGlass: {
        by: ALICE,
        at: NOW - 2 * MINUTE,
        reason: "Payroll is being downloaded right now.",
        unchecked: "Cloudflare did not answer in time",
        stepUp: "a1",
      },
      result: { receipt: RECEIPT, verification: VERIFIED },
    }),
  ),
  "break-glass-justified": card(
    request("succeeded", {
      ...breakGlass,
      result: { receipt: RECEIPT, verification: VERIFIED },
      review: { by: BOB, at: NOW, verdict: "justified", note: "" },
    }),
  ),
  "break-glass-not-justified": card(
    request("succeeded", {
      ...breakGlass,
      result: { receipt: RECEIPT, verification: VERIFIED },
      review: { by: BOB, at: NOW, verdict: "not-justified", note: "I was at my desk. Call me first." },
    }),
  ),
  "several-starting": card(bulkRequest("executing", { result: progress({ done: 0, endsAt: null }) })),
  "several-in-progress": card(bulkRequest("executing", { result: progress({}) })),
  "several-waiting-for-the-rate-limit": card(
    bulkRequest("executing", { result: progress({ waitsUntil: NOW + 3 * MINUTE, failed: 1 }) }),
  ),
  "several-stopping": card(
    bulkRequest("executing", { result: progress({}), stop: { by: CAROL, at: NOW - MINUTE } }),
  ),
  "several-stopped": card(
    bulkRequest("failed", {
      result: {
        ...progress({ done: 6, untouched: 4, endsAt: null }),
        failure: { why: "6 of 10 users done, 4 not touched", next: "Request the others again." },
      },
      stop: { by: CAROL, at: NOW - MINUTE },
    }),
  ),
  "several-done": card(
    bulkRequest("succeeded", {
      result: {
        ...progress({ done: 10, endsAt: null }),
        verification: { ...VERIFIED, summary: "Revoked 14 sessions of 10 users" },
      },
    }),
  ),
  "several-some-failed": card(
    bulkRequest("failed", {
      result: {
        ...progress({ done: 8, failed: 2, endsAt: null }),
        failure: { why: "8 of 10 users done, 2 failed", next: "Retry those that failed." },
      },
    }),
  ),
  "several-first-failed": card(
    bulkRequest("failed", {
      result: {
        ...progress({ done: 0, failed: 1, untouched: 9, endsAt: null }),
        failure: { why: "The first user could not be revoked, so no one else was touched", next: "Retry." },
      },
    }),
  ),
  "approved-yesterday": card(request("approved", { decidedAt: NOW - 26 * HOUR })),
};
