import type { AuditRow } from "../../../src/audit/append.ts";
import { createCommands } from "../../../src/commands/index.ts";
import type { UserMessage } from "../../../src/errors.ts";
import type { TargetRow } from "../../../src/requests/targets.ts";
import { targetsOf } from "../../../src/requests/plan.ts";
import { answeredModal, launcherModal } from "../../../src/views/forms/launcher.ts";
import { loadingModal, noticeModal } from "../../../src/views/notice.ts";
import { breakGlassModal } from "../../../src/views/request/break-glass-modal.ts";
import { codeModal } from "../../../src/views/request/code-modal.ts";
import { denyModal } from "../../../src/views/request/deny-modal.ts";
import { detailsModal } from "../../../src/views/request/details-modal.ts";
import { reviewModal } from "../../../src/views/request/review-modal.ts";
import { ALICE, BOB, bulkRequest, LINK, MINUTE, NOW, RECEIPT, request, told, VERIFIED } from "../story.ts";

const pending = told(request("pending"));
const done = told(request("succeeded", { result: { receipt: RECEIPT, verification: VERIFIED } }));
const used = told(
  request("succeeded", {
    votes: [],
    decidedBy: ALICE,
    breakGlass: { by: ALICE, at: NOW - 2 * MINUTE, reason: "Payroll is being downloaded right now." },
    result: { receipt: RECEIPT, verification: VERIFIED },
  }),
);
const several = told(
  bulkRequest("executing", {
    result: { bulk: { total: 10, done: 2, failed: 1, untouched: 0, endsAt: NOW + MINUTE, waitsUntil: null } },
  }),
);

const WRONG_CODE: UserMessage = {
  what: "Wrong code.",
  why: "After 4 more wrong codes you are locked out for 15 minutes.",
  next: "Type the six digits that it shows now.",
};

const row = (
  minutes: number,
  actor: string,
  event: string,
  data: Record<string, unknown> = {},
): AuditRow => ({
  seq: 100 - minutes,
  at: NOW - minutes * MINUTE,
  actor,
  event,
  data,
});
const TRAIL = [
  row(5, ALICE, "request.created", { reason: request("pending").reason }),
  row(2, BOB, "request.approved"),
  row(2, "system", "request.executing"),
  row(1, "system", "target.checked", { ok: true }),
  row(1, "system", "call.sent", { call: "revoke_user for mallory@example.com" }),
  row(1, "system", "call.answered", { ok: true, status: 200, cf_ray: RECEIPT.cfRay }),
  row(0, "system", "target.verified", { confirmed: true, summary: "revoked 3 sessions and 2 devices" }),
  row(0, "system", "request.succeeded", {
    verification: { confirmed: true, summary: "revoked 3 sessions and 2 devices" },
  }),
];

const states = ["done", "done", "failed", "sending", "sent"] as const;
const TARGETS = targetsOf(several.request.plan).map((target, position): TargetRow => ({
  position,
  target,
  state: states[position] ?? "waiting",
  attempts: 1,
  dueAt: NOW,
  sentAt: null,
  answeredAt: null,
  baseline: null,
  outcome: {},
  looks: 0,
  note: null,
}));

/** What opens over a card, a message or a Home. */
export const MODALS = {
  deny: denyModal(pending.request, pending.words.headline),
  "approve-with-a-code": codeModal(pending),
  "approve-with-a-code-again": codeModal({ ...pending, problem: WRONG_CODE }),
  "approve-what-is-irreversible": codeModal(told(request("pending", {}, { action: "delete-user" }))),
  "break-glass": breakGlassModal({ ...pending, takesCode: false }),
  "break-glass-with-a-code-again": breakGlassModal({
    ...pending,
    takesCode: true,
    reason: "Payroll is being downloaded right now.",
    problem: WRONG_CODE,
  }),
  review: reviewModal(used),
  "review-again": reviewModal({
    ...used,
    verdict: "not-justified",
    note: "Call me first.",
    problem: { what: "This is already reviewed.", by: BOB, next: "Nothing was changed." },
  }),
  "details-done": detailsModal(done.request, done.words, TRAIL),
  "details-break-glass": detailsModal(used.request, used.words, TRAIL.slice(0, 1)),
  "details-several": detailsModal(several.request, several.words, TRAIL.slice(0, 3), TARGETS),
  "details-delete-devices": detailsModal(
    request("pending", {}, { action: "delete-devices" }),
    told(request("pending", {}, { action: "delete-devices" })).words,
    TRAIL.slice(0, 1),
  ),
  launcher: launcherModal(createCommands().all),
  answered: answeredModal("user mallory@example.com", LINK),
  "answered-without-a-link": answeredModal("user mallory@example.com", null),
  loading: loadingModal("Revoke sessions", "Reading from Cloudflare…"),
  "not-done": noticeModal("Not done", {
    what: "This request is already approved and in progress.",
    by: BOB,
    next: "Nothing was changed.",
  }),
  approved: noticeModal("Approve", { what: "Approved.", next: "See the card." }, "☑️"),
};
