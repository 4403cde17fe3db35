import { plural } from "../words.ts";
import { othersOf, type Plan } from "./plan.ts";
import { isHeldBack, type Request, type Vote } from "./request.ts";
import {
  addressRefusal,
  approverRefusal,
  conflictRefusal,
  hygieneRefusal,
  knownOf,
  personRefusal,
  refuse,
  sayRefusal,
  uncheckedOf,
  type Facts,
  type Known,
  type Refusal,
} from "./standing.ts";
import { countVotes, nowProtected } from "./votes.ts";

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

export interface ClickFacts extends Facts {
  clickerId: string;
  /** Of whom clicked, an action done alone that nobody has looked at yet: that request's id. */
  unreviewed?: string | null;
}

const DONE: Verdict = { allowed: true, outcome: { kind: "done" } };

/** What a click does: the one place where it is decided. */
export function decide(click: Click, facts: ClickFacts): Verdict {
  switch (click) {
    case "approve":
      return decideApprove(facts);
    case "deny":
      return decideDeny(facts);
    case "cancel":
      return decideCancel(facts);
    case "stop":
      return decideStop(facts);
    case "break-glass":
      return decideBreakGlass(facts);
    case "review":
      return decideReview(facts);
  }
}

function decideApprove(facts: ClickFacts): Verdict {
  const { clickerId, request, quorum, now } = facts;
  const known = knownOf(facts, clickerId);
  const refusal =
    openRefusal(facts) ?? sayRefusal(clickerId, facts, "approve") ?? hygieneRefusal(known, facts.effect);
  if (refusal !== null) return refusal;
  if (facts.isProtected && !request.isProtected)
    return { allowed: true, outcome: { kind: "voided", ...nowProtected(facts) } };
  const { counting } = countVotes(facts);
  if (counting.some(({ by }) => by === clickerId)) {
    if (counting.length >= quorum) {
      return { allowed: true, outcome: { kind: "approved", vote: null, counting: counting.length, quorum } };
    }
    return refuse(
      "already-voted",
      `Your approval is counted already: ${counting.length} of ${quorum}.`,
      `${plural(quorum - counting.length, "more approver")} ${quorum - counting.length === 1 ? "has" : "have"} to agree.`,
    );
  }
  const vote: Vote = {
    by: clickerId,
    at: now,
    ...uncheckedOf(known),
  };
  const agreed = { vote, counting: counting.length + 1, quorum };
  return {
    allowed: true,
    outcome: agreed.counting >= quorum ? { kind: "approved", ...agreed } : { kind: "voted", ...agreed },
  };
}

/** Denying is guarded as approving is: the target could else keep a containment from happening. */
function decideDeny(facts: ClickFacts): Verdict {
  const { request, clickerId } = facts;
  const refusal =
    (isHeldBack(request) ? null : openRefusal(facts)) ??
    (clickerId === request.requesterId
      ? refuse("requester", "You asked for this yourself.", "Use Cancel to take it back.")
      : null) ??
    sayRefusal(clickerId, facts, "deny") ??
    hygieneRefusal(knownOf(facts, clickerId), "contains");
  return refusal ?? (isHeldBack(request) ? withdrawn(facts, "An approver denied it") : DONE);
}

/** Only who asked may take it back. */
function decideCancel(facts: ClickFacts): Verdict {
  return (
    (isHeldBack(facts.request) ? null : openRefusal(facts)) ??
    (facts.clickerId === facts.request.requesterId
      ? null
      : refuse(
          "not-the-requester",
          "Only the person who asked can cancel a request.",
          facts.approvers.has(facts.clickerId)
            ? "If you may approve it, press Deny on its card instead."
            : "An approver can deny it.",
        )) ??
    personRefusal(knownOf(facts, facts.clickerId), facts) ??
    (isHeldBack(facts.request) ? withdrawn(facts, "Who asked took it back") : DONE)
  );
}

/** Who approved it stays: a decision is never another one afterwards. It is only not carried out any more. */
function withdrawn(facts: ClickFacts, what: string): Verdict {
  const name = facts.people.get(facts.clickerId)?.person?.name ?? facts.clickerId;
  return {
    allowed: true,
    outcome: {
      kind: "voided",
      why: `${what} while it waited to be carried out (${name})`,
      next: "Ask again if it is still needed.",
    },
  };
}

/** May this person, as somebody who decides or asks, see the request in full? */
export function decideDetails(facts: ClickFacts, operators: ReadonlySet<string>): Verdict {
  const { clickerId, request, approvers } = facts;
  const person = personRefusal(knownOf(facts, clickerId), facts);
  if (person !== null) return person;
  if (clickerId === request.requesterId || operators.has(clickerId)) return DONE;
  return approverRefusal(clickerId, approvers, "see the details of") ?? DONE;
}

/**
 * May this person stop a request about several users while it is carried out? Who asked and who could have approved
 * may; an approver whom it is about may not, who could else escape it.
 */
function decideStop(facts: ClickFacts): Verdict {
  const { request, clickerId } = facts;
  const known = knownOf(facts, clickerId);
  const refusal =
    runningRefusal(facts) ??
    (clickerId === request.requesterId
      ? personRefusal(known, facts)
      : (sayRefusal(clickerId, facts, "stop") ?? hygieneRefusal(known, "contains")));
  return refusal ?? DONE;
}

/** May this person do it alone? One user, something that takes access away, and one such action at a time. */
function decideBreakGlass(facts: ClickFacts): Verdict {
  const { request, clickerId, breakGlass, effect } = facts;
  const known = knownOf(facts, clickerId);
  const email = known.person?.email;
  const refusal =
    openRefusal(facts) ??
    (breakGlass === null || effect !== "contains" || othersOf(request.plan).length > 0
      ? refuse(
          "no-break-glass",
          "This can't be done by one person alone.",
          "Approvers have to decide; they are named on the card.",
        )
      : null) ??
    personRefusal(known, facts) ??
    (breakGlass?.has(clickerId) === true
      ? null
      : refuse(
          "no-break-glass",
          "You are not among those who may act alone.",
          "Approvers have to decide; they are named on the card.",
        )) ??
    (email ? conflictRefusal("", known, request, "do") : addressRefusal(known)) ??
    hygieneRefusal(known, "contains") ??
    (facts.unreviewed
      ? refuse(
          "acted-alone",
          `You acted alone already, and nobody has looked at it yet (${facts.unreviewed}).`,
          "Ask a colleague to press Review on that card, or let an approver decide here.",
        )
      : null);
  return refusal ?? DONE;
}

/** May this person judge afterwards what somebody did alone? */
function decideReview(facts: ClickFacts): Verdict {
  const { request, clickerId } = facts;
  if (request.breakGlass === null)
    return refuse("not-reviewable", "Nobody acted alone here.", "There is nothing to review.");
  if (request.review !== null) {
    return {
      ...refuse("not-reviewable", "This was reviewed already.", "Nothing was changed."),
      by: request.review.by,
    };
  }
  const known = knownOf(facts, clickerId);
  const refusal =
    (clickerId === request.breakGlass.by
      ? refuse("acted-alone", "You did this yourself.", "Somebody else has to look at it.")
      : null) ??
    sayRefusal(clickerId, facts, "review") ??
    hygieneRefusal(known, "contains");
  return refusal ?? DONE;
}

/** Could this approver decide a request that is about to be made? The refusal says why not. */
export function couldApprove(
  approver: Known["person"],
  { id, plan, requesterId, homeTeamId }: { id: string; plan: Plan; requesterId: string; homeTeamId: string },
): Refusal | null {
  const known = { person: approver };
  return (
    personRefusal(known, { homeTeamId }) ??
    conflictRefusal(id, known, { plan, requesterId }, "approve") ??
    addressRefusal(known)
  );
}

function runningRefusal({ request }: Facts): Refusal | null {
  if (request.stop !== undefined) {
    return {
      ...refuse("stopped", "This was stopped already.", "The card shows how it stands."),
      by: request.stop.by,
    };
  }
  const isRunning =
    request.status === "approved" || request.status === "executing" || request.status === "unknown";
  if (isRunning && othersOf(request.plan).length > 0) return null;
  return refuse("not-running", "There is nothing to stop any more.", "The card shows how it stands.");
}

function openRefusal({ request, now }: Facts): Refusal | null {
  if (request.status === "expired" || (request.status === "pending" && now >= request.expiresAt)) {
    return refuse(
      "expired",
      "This request has expired: nobody decided in time, and nothing was done.",
      "Ask again if it is still needed.",
    );
  }
  if (request.status === "pending") return null;
  return {
    ...refuse("decided", describeDecision(request.status), "Nothing was changed."),
    ...(request.decidedBy === null ? {} : { by: request.decidedBy }),
  };
}

/** Where two approvers click at once, what the later one reads; who was first stands beside it. */
function describeDecision(status: Request["status"]): string {
  switch (status) {
    case "denied":
      return "This request was already denied.";
    case "cancelled":
      return "This request was already cancelled.";
    case "approved":
    case "executing":
    case "unknown":
      return "This request was already approved and is being carried out.";
    case "succeeded":
      return "This request was already approved, and it is done.";
    case "failed":
      return "This request was already approved; carrying it out failed.";
    case "voided":
      return "This request is void: what it was about has changed, and nothing was done.";
    case "pending":
    case "expired":
      return "This request is closed.";
  }
}
