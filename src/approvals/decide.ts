import { plural } from "../pluralize.ts";
import { affectedBy, othersOf, type Plan } from "../requests/plan.ts";
import { isHeldBack, type Request, type Vote } from "../requests/request.ts";
import {
  addressRefusal,
  approverRefusal,
  breakGlassRefusal,
  knownOf,
  personRefusal,
  refuse,
  requesterRefusal,
  sayRefusal,
  targetRefusal,
  uncheckedOf,
  type Facts,
  type Known,
  type Named,
  type Refusal,
} from "./eligibility.ts";
import { countVotes, judgeTargets } from "./votes.ts";

/**
 * Who may do what to a request, and what follows from it: pure functions from facts to a verdict with its reason.
 * They are asked at every click and once more before anything is done; what a message shows is never an authority.
 */
export type Verdict = { allowed: true; outcome: Outcome } | Refusal;

export type Outcome =
  /** Agreed, and more have to. */
  | { kind: "voted"; vote: Vote; counting: number; quorum: number }
  /** That was the last one; null: enough had agreed before, as the policy wants fewer by now. */
  | { kind: "approved"; vote: Vote | null; counting: number; quorum: number }
  /** What was asked for is no longer what would be decided on. */
  | { kind: "voided"; why: string; next: string }
  | { kind: "done" };

export type Click = "approve" | "deny" | "cancel" | "stop" | "break-glass" | "review";

/** A code that was taken: of which authenticator. */
export interface GivenCode {
  authenticator: string;
}

export interface ClickFacts extends Facts {
  clickerId: string;
  /** Of whom clicked, the authenticator whose code was just taken; `later`: a form is about to ask for one. */
  code?: GivenCode | "later" | undefined;
  /** Of whom clicked, a break-glass action that no one has looked at yet: that request's id. */
  unreviewed?: string | null;
}

const DONE: Verdict = { allowed: true, outcome: { kind: "done" } };

const DECIDERS: Record<Click, (facts: ClickFacts) => Verdict> = {
  approve: decideApprove,
  deny: decideDeny,
  cancel: decideCancel,
  stop: decideStop,
  "break-glass": decideBreakGlass,
  review: decideReview,
};

/** What a click does: the one place where it is decided. */
export function decide(click: Click, facts: ClickFacts): Verdict {
  return DECIDERS[click](facts);
}

function decideApprove(facts: ClickFacts): Verdict {
  const { clickerId, request, quorum, now } = facts;
  const refusal = openRefusal(facts) ?? sayRefusal(clickerId, facts, "approve", facts.isUrgent);
  if (refusal !== null) return refusal;
  // What is unknown holds it up later, where it has to: an approval is no harm by itself.
  const targets = judgeTargets(facts, affectedBy(request.plan));
  if (targets?.kind === "void")
    return { allowed: true, outcome: { kind: "voided", why: targets.why, next: targets.next } };
  const { counting } = countVotes(facts);
  if (counting.some(({ by }) => by === clickerId)) {
    if (counting.length >= quorum) {
      return { allowed: true, outcome: { kind: "approved", vote: null, counting: counting.length, quorum } };
    }
    return refuse(
      "already-voted",
      `You already approved this: ${counting.length} of ${quorum}.`,
      `Needs ${plural(quorum - counting.length, "more approval")}.`,
    );
  }
  if (facts.stepUp.votes && facts.code === undefined) return NO_CODE;
  const vote: Vote = {
    by: clickerId,
    at: now,
    via: facts.approvers.get(clickerId) ?? clickerId,
    ...uncheckedOf(knownOf(facts, clickerId)),
    ...stepUpOf(facts),
  };
  const agreed = { vote, counting: counting.length + 1, quorum };
  return {
    allowed: true,
    outcome: agreed.counting >= quorum ? { kind: "approved", ...agreed } : { kind: "voted", ...agreed },
  };
}

/** The policy may have begun to ask for codes since the card was drawn, or the form opened. */
const NO_CODE = refuse(
  "no-code",
  "Your approval needs a code from your authenticator.",
  "Press the button again and enter the code.",
);

/** For the vote, and the record: the authenticator whose code came with it. */
export function stepUpOf({ code }: Pick<ClickFacts, "code">): { stepUp?: string } {
  return typeof code === "object" ? { stepUp: code.authenticator } : {};
}

/** Denying is guarded as approving is: the target could else keep a containment from happening. */
function decideDeny(facts: ClickFacts): Verdict {
  const { request, clickerId } = facts;
  const refusal =
    (isHeldBack(request) ? null : openRefusal(facts)) ??
    (clickerId === request.requesterId
      ? refuse("requester", "You requested this yourself.", "Use Cancel instead.")
      : null) ??
    sayRefusal(clickerId, facts, "deny");
  return refusal ?? (isHeldBack(request) ? withdrawn(facts, "An approver denied it") : DONE);
}

/** Only the requester may cancel it. */
function decideCancel(facts: ClickFacts): Verdict {
  return (
    (isHeldBack(facts.request) ? null : openRefusal(facts)) ??
    (facts.clickerId === facts.request.requesterId
      ? null
      : refuse(
          "not-the-requester",
          "Only the requester can cancel a request.",
          facts.approvers.has(facts.clickerId)
            ? "Press Deny on its card instead."
            : "An approver can deny it.",
        )) ??
    personRefusal(knownOf(facts, facts.clickerId), facts) ??
    (isHeldBack(facts.request) ? withdrawn(facts, "The requester cancelled it") : DONE)
  );
}

/** Who approved it stays: a decision is never another one afterwards. It is only no longer carried out. */
function withdrawn(facts: ClickFacts, what: string): Verdict {
  const name = facts.people.get(facts.clickerId)?.person?.name ?? facts.clickerId;
  return {
    allowed: true,
    outcome: {
      kind: "voided",
      why: `${what} while it was on hold (${name})`,
      next: "Request it again if it is still needed.",
    },
  };
}

type Group = ReadonlySet<string> | Named;

/** May this person, as someone who decides or asks, see the request in full? */
export function decideDetails(
  facts: Pick<ClickFacts, "clickerId" | "request" | "people" | "homeTeamId"> & { approvers: Group },
  operators: Group,
): Verdict {
  const { clickerId, request, approvers } = facts;
  const person = personRefusal(knownOf(facts, clickerId), facts);
  if (person !== null) return person;
  if (clickerId === request.requesterId || operators.has(clickerId)) return DONE;
  return approverRefusal(clickerId, approvers, "see the details of") ?? DONE;
}

/**
 * May this person stop a request about several users while it is carried out? The requester and who could have approved
 * may; an approver whom it is about may not, who could else escape it.
 */
function decideStop(facts: ClickFacts): Verdict {
  const { request, clickerId } = facts;
  return (
    runningRefusal(facts) ??
    (clickerId === request.requesterId
      ? personRefusal(knownOf(facts, clickerId), facts)
      : sayRefusal(clickerId, facts, "stop")) ??
    DONE
  );
}

/** May this person do it alone? One user, something that takes access away, and one such action at a time. */
function decideBreakGlass(facts: ClickFacts): Verdict {
  const { request, clickerId, breakGlass, access } = facts;
  return (
    openRefusal(facts) ??
    (breakGlass === null || access !== "takes" || affectedBy(request.plan).length > 1
      ? refuse(
          "no-break-glass",
          "Break-glass is not available for this request.",
          "Ask an approver: they are named on the card.",
        )
      : null) ??
    breakGlassRefusal(clickerId, facts) ??
    (facts.unreviewed
      ? refuse(
          "acted-alone",
          `Your last break-glass still needs review (${facts.unreviewed}).`,
          "Ask another approver to review that card, or ask an approver here.",
        )
      : null) ??
    (facts.stepUp.alone && facts.code === undefined ? NO_CODE : null) ??
    DONE
  );
}

/** May this person judge afterwards what someone did by break-glass? */
function decideReview(facts: ClickFacts): Verdict {
  const { request, clickerId } = facts;
  if (request.breakGlass === null)
    return refuse("not-reviewable", "No break-glass was used here.", "There is nothing to review.");
  if (request.review !== null) {
    return {
      ...refuse("not-reviewable", "This is already reviewed.", "Nothing was changed."),
      by: request.review.by,
    };
  }
  if (clickerId === request.breakGlass.by)
    return refuse("acted-alone", "You did this yourself.", "Another approver needs to review it.");
  return sayRefusal(clickerId, facts, "review") ?? DONE;
}

/** Could this approver decide a request that is about to be made? The refusal says why not. */
export function couldApprove(
  approver: Known["person"],
  { id, plan, requesterId, homeTeamId }: { id: string; plan: Plan; requesterId: string; homeTeamId: string },
): Refusal | null {
  const known = { person: approver };
  return (
    personRefusal(known, { homeTeamId }) ??
    requesterRefusal(id, requesterId, "approve") ??
    targetRefusal(known, plan, "approve") ??
    addressRefusal(known)
  );
}

function runningRefusal({ request }: Facts): Refusal | null {
  if (request.stop !== undefined) {
    return {
      ...refuse("stopped", "This is already stopped.", "See the card."),
      by: request.stop.by,
    };
  }
  const isRunning =
    request.status === "approved" || request.status === "executing" || request.status === "unknown";
  if (isRunning && othersOf(request.plan).length > 0) return null;
  return refuse("not-running", "There is nothing left to stop.", "See the card.");
}

function openRefusal({ request, now }: Facts): Refusal | null {
  if (request.status === "expired" || (request.status === "pending" && now >= request.expiresAt)) {
    return refuse(
      "expired",
      "This request has expired. Nothing was done.",
      "Request it again if it is still needed.",
    );
  }
  if (request.status === "pending") return null;
  return {
    ...refuse("decided", DECIDED[request.status] ?? "This request is closed.", "Nothing was changed."),
    ...(request.decidedBy === null ? {} : { by: request.decidedBy }),
  };
}

const UNDER_WAY = "This request is already approved and in progress.";
/** Where two approvers click at once, what the later one reads; who was first stands beside it. */
const DECIDED: Partial<Record<Request["status"], string>> = {
  denied: "This request is already denied.",
  cancelled: "This request is already cancelled.",
  approved: UNDER_WAY,
  executing: UNDER_WAY,
  unknown: UNDER_WAY,
  succeeded: "This request is already done.",
  failed: "This request was approved, and it failed.",
  voided: "This request is voided. Nothing was done.",
};
