import type { AuditRowProps } from "../../../src/views/request/audit-words.ts";
import { auditMessage } from "../../../src/views/request/audit.ts";
import { describeRequest } from "../../../src/actions/describe.ts";
import type { Request } from "../../../src/requests/request.ts";
import { requestsMessage, type RequestRow, type RequestsProps } from "../../../src/views/request/requests.ts";
import {
  ALICE,
  BOB,
  bulkRequest,
  CAROL,
  DAVE,
  HOUR,
  LINK,
  MINUTE,
  NOW,
  RECEIPT,
  request,
  VERIFIED,
} from "../story.ts";

let rows = 0;
/** No two rows are about the same request. */
const rowOf = (one: Request, offered: RequestRow["offered"] = []): RequestRow => ({
  request: { ...one, id: `ZT-7K3M2Q${"FGHJKMNPQR"[rows++ % 10]}` },
  words: describeRequest(one),
  link: LINK,
  quorum: 1,
  offered,
});

const requests = (changes: Partial<RequestsProps>) =>
  requestsMessage({
    unreviewed: [],
    unreviewedTotal: 0,
    rows: [],
    shown: { kind: "open" },
    mayAsk: true,
    mayAudit: true,
    pause: null,
    shortUntil: null,
    page: 1,
    params: {},
    now: NOW,
    ...changes,
  });

const used = request("succeeded", {
  votes: [],
  decidedBy: ALICE,
  breakGlass: { by: ALICE, at: NOW - 4 * HOUR, reason: "Payroll was being downloaded." },
  result: { receipt: RECEIPT, verification: VERIFIED },
});
const OPEN = [
  rowOf(request("pending"), ["approve", "deny"]),
  rowOf(
    request("approved", { held: { code: "paused", why: "zt-bot is paused by Carol", since: NOW - MINUTE } }),
    ["deny"],
  ),
  rowOf(
    bulkRequest("executing", {
      result: {
        bulk: { total: 10, done: 4, failed: 0, untouched: 0, endsAt: NOW + MINUTE, waitsUntil: null },
      },
    }),
    ["stop"],
  ),
];
const CLOSED = [
  rowOf(request("succeeded", { result: { receipt: RECEIPT, verification: VERIFIED } })),
  rowOf(
    request("denied", { decidedBy: BOB, decisionReason: "She is in São Paulo this week, I called her." }),
  ),
  rowOf(request("expired")),
];

const row = (
  minutes: number,
  actor: string,
  event: string,
  data: Record<string, unknown> = {},
): AuditRowProps => ({
  seq: 1000 - minutes,
  at: NOW - minutes * MINUTE,
  actor,
  event,
  data,
  requestId: event.startsWith("request.") || event.startsWith("call.") ? "ZT-7K3M2QF" : null,
  action: "revoke",
  label: "Revoke sessions",
  target: event.startsWith("request.") || event.startsWith("call.") ? "mallory@example.com" : null,
  users: 0,
});

const audit = (rows: AuditRowProps[], changes: Partial<Parameters<typeof auditMessage>[0]> = {}) =>
  auditMessage({ rows, subject: undefined, since: undefined, page: 1, params: {}, now: NOW, ...changes });

const system = "system";
const STORY = [
  row(1, system, "request.succeeded", { verification: VERIFIED }),
  row(1, system, "target.verified", {
    confirmed: true,
    summary: "revoked 3 sessions and 2 devices",
    notes: [],
  }),
  row(2, system, "call.answered", { ok: true, status: 200, cf_ray: RECEIPT.cfRay }),
  row(2, system, "call.sent", { call: "revoke_user for mallory@example.com" }),
  row(2, system, "request.executing"),
  row(3, BOB, "request.approved", { step_up: "a1" }),
  row(5, ALICE, "request.created", { reason: "two sign-ins from Brazil" }),
];
const TROUBLE = [
  row(1, DAVE, "click.refused", { what: "Approve", code: "not-an-approver" }),
  row(2, DAVE, "command.refused", { command: "pause" }),
  row(3, system, "messages.trouble", { code: "is_archived" }),
  row(4, system, "messages.recovered", { code: "ratelimited" }),
  row(5, system, "card.replaced", { why: "deleted" }),
  row(6, system, "call.answered", { ok: false, status: 502, error: "Cloudflare returned an error (502)" }),
  row(7, system, "call.reconciled", { summary: "0 of 3 sessions remain" }),
  row(8, system, "target.verified", { confirmed: false, summary: "1 of 3 sessions still open", notes: [] }),
  row(9, system, "request.unproven", {
    findings: ["the request is approved, but the record has no approval"],
  }),
  row(10, system, "request.unknown", { why: "Cloudflare returned an error (502)" }),
];
const DECISIONS = [
  row(1, BOB, "request.voted", { counting: 1, quorum: 2 }),
  row(2, BOB, "request.denied", { reason: "She is in São Paulo this week" }),
  row(3, ALICE, "request.cancelled"),
  row(4, system, "request.expired"),
  row(5, system, "request.held", { why: "zt-bot is paused by Carol" }),
  row(6, system, "request.unheld"),
  row(7, system, "request.reminded", { missing: 1 }),
  row(8, system, "request.escalated", { missing: 1 }),
  row(9, CAROL, "request.stopped", { untouched: 4 }),
  row(10, system, "request.voided", { why: "the user was removed from Access" }),
];
const KEEPING = [
  row(1, CAROL, "bot.paused", { reason: "testing the new policy" }),
  row(2, CAROL, "bot.resumed", { reason: "done" }),
  row(3, DAVE, "authenticator.asked", { user: DAVE }),
  row(4, BOB, "authenticator.effective", { user: DAVE, confirmed_by: BOB }),
  row(5, BOB, "authenticator.declined", { user: DAVE }),
  row(6, DAVE, "code.refused", { what: "approve", why: "wrong" }),
  row(7, system, "policy.loaded", { policy_hash: "a".repeat(64) }),
  row(8, system, "audit.archived", { rows: { from: 1, to: 900 }, file: "audit-2026-02.jsonl" }),
  row(9, ALICE, "request.approved", { break_glass: true, reason: "Payroll is being downloaded" }),
  row(10, BOB, "request.reviewed", { verdict: "justified", note: "Good call." }),
];

/** `/zt requests`, `/zt cancel` and `/zt audit`. */
export const LISTS = {
  "requests-open": requests({ rows: OPEN }),
  "requests-rate-limit": requests({ rows: OPEN.slice(2), shortUntil: NOW + 3 * MINUTE }),
  "requests-all": requests({ rows: [...OPEN, ...CLOSED], shown: { kind: "all" } }),
  "requests-all-second-page": requests({ rows: CLOSED, shown: { kind: "all" }, page: 2 }),
  "requests-mine": requests({ rows: CLOSED, shown: { kind: "mine", userId: ALICE } }),
  "requests-cancellable": requests({
    rows: [rowOf(request("pending"), ["cancel"])],
    shown: { kind: "cancellable", userId: ALICE },
  }),
  "requests-none": requests({}),
  "requests-none-for-a-viewer": requests({ mayAsk: false, mayAudit: false }),
  "requests-none-at-all": requests({ shown: { kind: "all" } }),
  "requests-none-of-mine": requests({ shown: { kind: "mine", userId: ALICE } }),
  "requests-none-to-cancel": requests({ shown: { kind: "cancellable", userId: ALICE } }),
  "requests-past-the-end": requests({ page: 3 }),
  "requests-to-review": requests({ unreviewed: [rowOf(used)], unreviewedTotal: 3, rows: OPEN.slice(0, 1) }),
  "requests-while-paused": requests({
    rows: OPEN.slice(0, 2),
    pause: { by: CAROL, reason: "We are testing the new policy.", at: NOW - 12 * MINUTE },
  }),
  "requests-card-not-posted": requests({
    rows: [
      rowOf(request("pending", { deliveryFailure: { code: "not_in_channel", since: NOW - 10 * MINUTE } })),
      rowOf(request("pending")),
    ],
  }),
  "requests-just-decided": requests({
    rows: OPEN.slice(1),
    said: { decided: request("approved"), words: describeRequest(request("approved")) },
  }),
  "requests-refused": requests({
    rows: OPEN.slice(0, 1),
    said: { problem: { what: "This request is already denied.", by: BOB, next: "Nothing was changed." } },
  }),
  "audit-request": audit(STORY, { subject: { kind: "request", id: "ZT-7K3M2QF" } }),
  "audit-trouble": audit(TROUBLE),
  "audit-decisions": audit(DECISIONS),
  "audit-keeping": audit(KEEPING, { since: NOW - 24 * HOUR }),
  "audit-next-page": audit([...STORY, ...TROUBLE], {
    subject: { kind: "email", email: "mallory@example.com" },
  }),
  "audit-none": audit([]),
  "audit-none-since": audit([], { since: NOW - 24 * HOUR, subject: { kind: "mention", userId: ALICE } }),
  "audit-none-of-a-request": audit([], { subject: { kind: "request", id: "ZT-7K3M2QF" } }),
  "audit-none-of-a-user": audit([], { subject: { kind: "email", email: "mallory@example.com" } }),
  "audit-past-the-end": audit([], { page: 4 }),
};
