import { describeRequest } from "../../../src/actions/describe.ts";
import type { PostData } from "../../../src/requests/posts.ts";
import type { Request } from "../../../src/requests/request.ts";
import type { Message } from "../../../src/views/blocks.ts";
import { besideThreadMessage } from "../../../src/views/request/elsewhere.ts";
import { threadMessage } from "../../../src/views/request/thread.ts";
import {
  ALICE,
  BLOCKED,
  BOB,
  bulkRequest,
  CALM,
  CAROL,
  HOUR,
  LEADS,
  LINK,
  MINUTE,
  NOT_CONFIRMED,
  NOW,
  RECEIPT,
  request,
  SECOPS,
  TAKEN_OVER,
  VERIFIED,
  vote,
} from "../story.ts";

const reply = (data: PostData, one: Request = request("executing")): Message =>
  threadMessage(one, describeRequest(one), data);

const CALL = "revoke_user for mallory@example.com (with device registrations)";
const accepted = {
  kind: "call-accepted",
  at: NOW,
  call: CALL,
  cfRay: RECEIPT.cfRay,
  reconciled: false,
} as const;
const reminder = { kind: "reminder", at: NOW, expiresAt: NOW + 30 * MINUTE, missing: 1 } as const;
const escalated = {
  kind: "escalated",
  at: NOW,
  createdAt: NOW - 15 * MINUTE,
  expiresAt: NOW + 45 * MINUTE,
  missing: 1,
} as const;
const used = {
  votes: [],
  decidedBy: ALICE,
  breakGlass: { by: ALICE, at: NOW - 2 * MINUTE, reason: "Payroll is being downloaded right now." },
} satisfies Partial<Request>;
const FAILURE = {
  why: "Cloudflare returned an error (502)",
  next: "Request it again. If it lasts, see www.cloudflarestatus.com.",
};

/** The replies under a card, in about the order in which they are posted. */
export const THREADS = {
  evidence: reply({ kind: "evidence" }),
  "evidence-calm": reply({ kind: "evidence" }, request("pending", {}, { summary: CALM })),
  "evidence-new-user": reply({ kind: "evidence" }, request("pending", {}, { action: "create-user" })),
  "evidence-several": reply(
    { kind: "evidence", others: { count: 9, recent: 4, devices: 11 } },
    bulkRequest("pending"),
  ),
  "evidence-several-devices-unknown": reply(
    { kind: "evidence", others: { count: 9, recent: 4, devices: null } },
    bulkRequest("pending"),
  ),
  "approvers-asked": reply({ kind: "approvers", asked: [LEADS] }),
  vote: reply({ kind: "vote", counting: 1, quorum: 2, ...vote(BOB) }),
  "vote-with-code": reply({ kind: "vote", counting: 1, quorum: 3, ...vote(BOB, { stepUp: "a1" }) }),
  reminder: reply({ ...reminder, asked: [LEADS] }),
  "reminder-no-one-left": reply({ ...reminder, asked: [] }),
  escalated: reply({ ...escalated, also: [SECOPS], asked: [LEADS] }),
  "escalated-to-no-one": reply({ ...escalated, also: [], asked: [] }),
  approved: reply({ kind: "decision", at: NOW }, request("approved")),
  "approved-by-two": reply(
    { kind: "decision", at: NOW },
    request("approved", { decidedBy: CAROL, votes: [vote(BOB), vote(CAROL, { stepUp: "a1" })] }),
  ),
  denied: reply(
    { kind: "decision", at: NOW },
    request("denied", { decidedBy: BOB, decisionReason: "She is in São Paulo this week, I called her." }),
  ),
  cancelled: reply({ kind: "decision", at: NOW }, request("cancelled", { decidedBy: ALICE })),
  expired: reply({ kind: "decision", at: NOW }, request("expired")),
  "break-glass": reply({ kind: "decision", at: NOW }, request("approved", used)),
  "held-paused": reply({ kind: "held", at: NOW, why: "zt-bot is paused by Carol", code: "paused" }),
  "held-target-busy": reply({
    kind: "held",
    at: NOW,
    why: "another request is working on this user (ZT-4K2H8Q7)",
    code: "target-busy",
  }),
  voided: reply(
    { kind: "voided", at: NOW },
    request("voided", {
      result: {
        failure: {
          why: "mallory@example.com was removed from Access since the request",
          next: "Look them up again before requesting anything else.",
        },
      },
    }),
  ),
  "call-started": reply({ kind: "call-started", at: NOW, call: CALL }),
  "call-waiting": reply({
    kind: "call-waiting",
    at: NOW,
    call: CALL,
    why: "Cloudflare's rate limit is reached",
    retryAt: NOW + MINUTE,
    isUnknown: false,
  }),
  "call-without-a-clear-answer": reply({
    kind: "call-waiting",
    at: NOW,
    call: CALL,
    why: "Cloudflare returned an error (502)",
    retryAt: NOW + MINUTE,
    isUnknown: true,
  }),
  "call-cut": reply({ kind: "call-cut", at: NOW, call: CALL }),
  "call-unrecorded": reply({ kind: "call-cut", at: NOW, call: CALL, isUnrecorded: true }),
  "call-accepted": reply(accepted),
  "call-accepted-again": reply({ ...accepted, isAgain: true }),
  "call-already-so": reply({ ...accepted, wasSo: true, cfRay: null }),
  "call-already-done": reply({ ...accepted, reconciled: true, cfRay: null }),
  verified: reply({ kind: "verification", verification: VERIFIED }),
  "not-confirmed": reply({ kind: "verification", verification: NOT_CONFIRMED }),
  "first-of-several-verified": reply(
    { kind: "first-verified", verification: VERIFIED, others: 9 },
    bulkRequest("executing"),
  ),
  stopped: reply({ kind: "stopped", by: CAROL, at: NOW }, bulkRequest("executing")),
  failures: reply(
    {
      kind: "failures",
      page: 1,
      pages: 1,
      from: 1,
      total: 2,
      failures: [
        { email: "ada@example.com", why: "Cloudflare did not answer in time" },
        { email: "ben@example.com", why: "removed from Access since the request" },
      ],
    },
    bulkRequest("failed"),
  ),
  "failures-second-page": reply(
    {
      kind: "failures",
      page: 2,
      pages: 2,
      from: 31,
      total: 31,
      failures: [{ email: "ivy@example.com", why: "Cloudflare did not answer in time" }],
    },
    bulkRequest("failed"),
  ),
  "end-done": reply(
    { kind: "summary" },
    request("succeeded", { result: { receipt: RECEIPT, verification: VERIFIED } }),
  ),
  "end-done-blocked-before": reply(
    { kind: "summary" },
    request(
      "succeeded",
      { result: { receipt: RECEIPT, verification: VERIFIED } },
      { summary: { ...TAKEN_OVER, blocked: BLOCKED } },
    ),
  ),
  "end-done-devices": reply(
    { kind: "summary" },
    request(
      "succeeded",
      { result: { receipt: RECEIPT, verification: { ...VERIFIED, summary: "Revoked 2 devices" } } },
      { action: "revoke-devices" },
    ),
  ),
  "end-done-reset-risk": reply(
    { kind: "summary" },
    request(
      "succeeded",
      { result: { receipt: RECEIPT, verification: { ...VERIFIED, summary: "Risk level low" } } },
      { action: "reset-risk" },
    ),
  ),
  "end-not-confirmed": reply(
    { kind: "summary" },
    request("succeeded", { result: { receipt: RECEIPT, verification: NOT_CONFIRMED } }),
  ),
  "end-failed": reply({ kind: "summary" }, request("failed", { result: { failure: FAILURE } })),
  "end-several-done": reply(
    { kind: "summary" },
    bulkRequest("succeeded", {
      result: { verification: { ...VERIFIED, summary: "Revoked 14 sessions of 10 users" } },
    }),
  ),
  "end-several-failed": reply(
    { kind: "summary" },
    bulkRequest("failed", {
      result: {
        bulk: { total: 10, done: 6, failed: 1, untouched: 3, endsAt: null, waitsUntil: null },
        failure: { why: "6 of 10 users done, 1 failed, 3 not touched", next: "Retry those that failed." },
      },
      stop: { by: CAROL, at: NOW },
    }),
  ),
  "review-reminder": reply({ kind: "review-reminder", at: NOW, since: NOW - 4 * HOUR, asked: [LEADS] }),
  "review-reminder-no-one-left": reply({
    kind: "review-reminder",
    at: NOW,
    since: NOW - 4 * HOUR,
    asked: [],
  }),
  "reviewed-justified": reply(
    { kind: "reviewed" },
    request("succeeded", { ...used, review: { by: BOB, at: NOW, verdict: "justified", note: "Good call." } }),
  ),
  "reviewed-not-justified": reply(
    { kind: "reviewed" },
    request("succeeded", {
      ...used,
      review: { by: BOB, at: NOW, verdict: "not-justified", note: "I was at my desk. Call me first." },
    }),
  ),
  unproven: reply({
    kind: "unproven",
    at: NOW,
    findings: ["the request is approved, but the record has no approval"],
  }),
  "beside-a-locked-thread": besideThreadMessage(
    request("succeeded"),
    reply({ kind: "verification", verification: VERIFIED }),
    LINK,
  ),
};
