import type { UserSummary } from "../../../src/lookup/summary.ts";
import { ACTION_NAMES, type ActionName } from "../../../src/requests/plan.ts";
import type { Request } from "../../../src/requests/request.ts";
import type { Message } from "../../../src/views/blocks.ts";
import { approvalCard, compactCard } from "../../../src/views/card/card.ts";
import {
  ALICE,
  BLOCKED,
  BOB,
  bulkRequest,
  CAROL,
  HOUR,
  LEADS,
  MINUTE,
  NOW,
  request,
  RULES,
  SECOPS,
  TAKEN_OVER,
  told,
  vote,
} from "../story.ts";
import { makeRegistration } from "../../views/support.ts";

const card = (one: Request, rules = RULES): Message => approvalCard({ ...told(one), rules, now: NOW });

const revoked = makeRegistration({ revokedAt: NOW - 5 * MINUTE, deviceName: "Mallory's MacBook" });

/** The evidence that an action is requested with. */
const EVIDENCE: Partial<Record<ActionName, typeof TAKEN_OVER>> = {
  "restore-devices": { ...TAKEN_OVER, registrations: { ok: true, value: [revoked] } },
};

const ofAction = (action: ActionName): Request =>
  request("pending", {}, { action, ...(EVIDENCE[action] !== undefined && { summary: EVIDENCE[action] }) });

/** A block for so long, of someone who may be on the list by then. */
function blocking(forMs: number | undefined, blocked?: UserSummary["blocked"]): Request {
  const summary = { ...TAKEN_OVER, ...(blocked !== undefined && { blocked }) };
  const one = request("pending", {}, { action: "block", summary });
  if (one.plan.action !== "block" || forMs === undefined) return one;
  return { ...one, plan: { ...one.plan, options: { ...one.plan.options, forMs } } };
}

const UNREAD = { ok: false, reason: "Cloudflare did not answer in time" } as const;

/** What approvers see before it is decided. */
export const CARDS = {
  ...Object.fromEntries(ACTION_NAMES.map((action) => [action, card(ofAction(action))])),
  "revoke-without-devices": card(request("pending", {}, { isDevices: false })),
  "revoke-nothing-open": card(
    request(
      "pending",
      {},
      {
        summary: {
          ...TAKEN_OVER,
          sessions: { ok: true, value: [] },
          registrations: { ok: true, value: [] },
        },
      },
    ),
  ),
  "revoke-of-someone-blocked": card(
    request("pending", {}, { summary: { ...TAKEN_OVER, blocked: BLOCKED }, isDevices: false }),
  ),
  "block-for-a-time": card(blocking(8 * HOUR)),
  "block-again-for-a-time": card(blocking(8 * HOUR, BLOCKED)),
  "block-again-without-an-end": card(blocking(undefined, BLOCKED)),
  "block-of-someone-blocked-without-an-end": card(
    blocking(8 * HOUR, { ...BLOCKED, value: { ...BLOCKED.value, until: null } }),
  ),
  "revoke-several": card(bulkRequest("pending")),
  "evidence-unknown": card(
    request(
      "pending",
      {},
      {
        summary: {
          ...TAKEN_OVER,
          risk: UNREAD,
          sessions: UNREAD,
          places: UNREAD,
          signIns: UNREAD,
          failedLogins: UNREAD,
          identity: UNREAD,
          registrations: UNREAD,
        },
      },
    ),
  ),
  "one-of-two-approvals": card(request("pending", { votes: [vote(BOB)] }), { ...RULES, quorum: 2 }),
  "enough-approvals-to-be-counted-again": card(request("pending", { votes: [vote(BOB)] })),
  "approval-that-was-not-checked": card(
    request("pending", { votes: [vote(BOB, { unchecked: "Cloudflare did not answer in time" })] }),
    { ...RULES, quorum: 2 },
  ),
  protected: card(request("pending", { isProtected: true }), { ...RULES, quorum: 2 }),
  "with-codes": card(request("pending", { votes: [vote(BOB, { stepUp: "a1" }), vote(CAROL)] }), {
    ...RULES,
    quorum: 3,
    stepUp: { votes: true, alone: true },
  }),
  "break-glass-offered": card(request("pending"), { ...RULES, alone: [SECOPS] }),
  "no-approver-active": card(request("pending", { nobodyThereAt: NOW - MINUTE })),
  escalated: card(request("pending", { escalatedAt: NOW - MINUTE }), {
    ...RULES,
    approvers: [LEADS, SECOPS],
  }),
  "compact-pending": compactCard({ ...told(request("pending")), rules: RULES, now: NOW }),
  "compact-irreversible": compactCard({
    ...told(ofAction("delete-user")),
    rules: { ...RULES, quorum: 2, stepUp: { votes: true, alone: true } },
    now: NOW,
  }),
  "compact-decided": compactCard({
    ...told(request("denied", { decidedBy: BOB, decisionReason: "She is in São Paulo this week." })),
    rules: RULES,
    now: NOW,
  }),
  "requested-without-a-reason": card(request("pending", { reason: "none given", requesterId: ALICE })),
};
