import { decide, decideDetails, type Click, type ClickFacts } from "../../../src/approvals/decide.ts";
import type { ApproverRisk, Known } from "../../../src/approvals/eligibility.ts";
import { targetsOf } from "../../../src/requests/plan.ts";
import type { Request } from "../../../src/requests/request.ts";
import type { Person } from "../../../src/slack/directory.ts";
import { noticeMessage } from "../../../src/views/notice.ts";
import { ALICE, BOB, bulkRequest, CAROL, DAVE, LEADS, MINUTE, NOW, request, vote } from "../story.ts";

const HOME = "T0HOME";

const person = (id: string, changes: Partial<Person> = {}): Person => ({
  id,
  teamId: HOME,
  name: id,
  email: `${id.toLowerCase()}@example.com`,
  isBot: false,
  isDeactivated: false,
  isGuest: false,
  isStranger: false,
  ...changes,
});

const known = (
  id: string,
  changes: Partial<Person> = {},
  approverRisk: ApproverRisk = { kind: "fine" },
): Known => ({
  person: person(id, changes),
  approverRisk,
});

const factsOf = (one: Request, changes: Partial<ClickFacts>): ClickFacts => ({
  request: one,
  access: "takes",
  isUrgent: true,
  homeTeamId: HOME,
  approvers: new Map([
    [BOB, LEADS],
    [CAROL, LEADS],
  ]),
  quorum: 1,
  maxAgeMs: 60 * MINUTE,
  stepUp: { votes: false, alone: false },
  protection: {
    of: new Map(targetsOf(one.plan).map(({ email }) => [email, "not-protected" as const])),
    lostGroups: [],
    unchecked: null,
  },
  breakGlass: new Map([[ALICE, ALICE]]),
  people: new Map([ALICE, BOB, CAROL, DAVE].map((id) => [id, known(id)])),
  silence: null,
  gatheredAt: NOW,
  now: NOW,
  clickerId: BOB,
  ...changes,
});

/** What one reads who pressed a button that does not count. */
function refused(click: Click, changes: Partial<ClickFacts> = {}, one: Request = request("pending")) {
  const verdict = decide(click, factsOf(one, changes));
  if (verdict.allowed) throw new Error(`${click} is allowed`);
  return noticeMessage({ what: verdict.why, by: verdict.by, next: verdict.next });
}

/** Bob, if something were so of him. */
const bob = (changes: Partial<Person>, approverRisk?: ApproverRisk): Partial<ClickFacts> => ({
  people: new Map([[BOB, known(BOB, changes, approverRisk)]]),
});

const used = request("succeeded", {
  votes: [],
  decidedBy: ALICE,
  breakGlass: { by: ALICE, at: NOW - MINUTE, reason: "Payroll is being downloaded right now." },
});

const details = decideDetails(
  { ...factsOf(request("pending"), { clickerId: DAVE }), approvers: new Map([[BOB, LEADS]]) },
  new Map([[ALICE, ALICE]]),
);
if (details.allowed) throw new Error("Dave may see the details");

/** Why a click does not count. */
export const REFUSALS = {
  "not-an-approver": refused("approve", { clickerId: DAVE }),
  "no-approvers": refused("approve", { clickerId: DAVE, approvers: new Map() }),
  requester: refused("approve", { clickerId: ALICE }),
  "requester-denies": refused("deny", { clickerId: ALICE }),
  target: refused("approve", bob({ email: "mallory@example.com" })),
  "target-denies": refused("deny", bob({ email: "mallory@example.com" })),
  "no-address-in-slack": refused("approve", bob({ email: null })),
  "unknown-to-slack": refused("approve", { people: new Map() }),
  deactivated: refused("approve", bob({ isDeactivated: true })),
  stranger: refused("approve", bob({ teamId: "T0OTHER" })),
  guest: refused("approve", bob({ isGuest: true })),
  "high-risk": refused("approve", bob({}, { kind: "high-risk" })),
  "just-revoked": refused("approve", bob({}, { kind: "revoked", at: NOW - 60 * MINUTE })),
  "risk-unknown": refused("approve", {
    ...bob({}, { kind: "unknown", why: "Cloudflare did not answer in time" }),
    isUrgent: false,
    access: "gives",
  }),
  "already-approved-by-you": refused("approve", { quorum: 2 }, request("pending", { votes: [vote(BOB)] })),
  "code-needed": refused("approve", { stepUp: { votes: true, alone: true } }),
  expired: refused("approve", {}, request("expired")),
  denied: refused("approve", {}, request("denied", { decidedBy: CAROL })),
  cancelled: refused("approve", {}, request("cancelled", { decidedBy: ALICE })),
  "in-progress": refused("approve", {}, request("executing")),
  done: refused("approve", {}, request("succeeded")),
  failed: refused("approve", {}, request("failed")),
  voided: refused("deny", {}, request("voided")),
  "cancel-by-an-approver": refused("cancel", {}),
  "cancel-by-another": refused("cancel", { clickerId: DAVE }),
  "stop-nothing-running": refused("stop", {}, request("succeeded")),
  "stop-already-stopped": refused("stop", {}, bulkRequest("executing", { stop: { by: CAROL, at: NOW } })),
  "break-glass-not-available": refused("break-glass", { clickerId: ALICE, breakGlass: null }),
  "break-glass-not-yours": refused("break-glass", {}),
  "break-glass-last-not-reviewed": refused("break-glass", { clickerId: ALICE, unreviewed: "ZT-4K2H8Q7" }),
  "review-nothing-to-review": refused("review", {}),
  "review-already-reviewed": refused(
    "review",
    {},
    {
      ...used,
      review: { by: CAROL, at: NOW, verdict: "justified", note: "" },
    },
  ),
  "review-your-own": refused("review", { clickerId: ALICE }, used),
  "review-not-an-approver": refused("review", { clickerId: DAVE }, used),
  details: noticeMessage({ what: details.why, next: details.next }),
};
