import { sameEmail } from "../api/cloudflare.ts";
import type { Person } from "../slack/directory.ts";
import { othersOf, targetsOf, type Plan } from "./plan.ts";
import type { Request } from "./request.ts";

/**
 * Who may do what to a request: pure functions from facts to a verdict with its reason. They are asked at every
 * click; what a message shows is never an authority.
 */
export type Verdict =
  | { allowed: true }
  | { allowed: false; code: RefusalCode; why: string; next: string; by?: string };

export type RefusalCode =
  | "decided"
  | "expired"
  | "unknown-person"
  | "stranger"
  | "not-an-approver"
  | "requester"
  | "target"
  | "not-the-requester"
  | "not-running"
  | "stopped";

export interface ClickFacts {
  request: Request;
  /** null when Slack does not know the clicker. */
  clicker: Person | null;
  clickerId: string;
  homeTeamId: string;
  /** The approvers' Slack user ids, as the policy has them now. */
  approvers: ReadonlySet<string>;
  now: number;
}

const ALLOWED: Verdict = { allowed: true };

/** May this person approve? */
export function decideApprove(facts: ClickFacts): Verdict {
  return firstRefusal([
    openRefusal(facts),
    personRefusal(facts),
    conflictRefusal(facts, "approve"),
    approverRefusal(facts, "approve"),
    addressRefusal(facts),
  ]);
}

/** Denying is guarded as approving is: the target could else keep a containment from happening. */
export function decideDeny(facts: ClickFacts): Verdict {
  const { request, clickerId } = facts;
  return firstRefusal([
    openRefusal(facts),
    clickerId === request.requesterId
      ? refuse("requester", "You asked for this yourself.", "Use Cancel to take it back.")
      : ALLOWED,
    personRefusal(facts),
    conflictRefusal(facts, "deny"),
    approverRefusal(facts, "deny"),
    addressRefusal(facts),
  ]);
}

/** Only who asked may take it back. */
export function decideCancel(facts: ClickFacts): Verdict {
  return firstRefusal([
    openRefusal(facts),
    facts.clickerId === facts.request.requesterId
      ? ALLOWED
      : refuse(
          "not-the-requester",
          "Only the person who asked can cancel a request.",
          "An approver can deny it.",
        ),
    personRefusal(facts),
  ]);
}

/** May this person, as somebody who decides or asks, see the request in full? */
export function decideDetails(facts: ClickFacts, operators: ReadonlySet<string>): Verdict {
  if (facts.clickerId === facts.request.requesterId || operators.has(facts.clickerId))
    return firstRefusal([personRefusal(facts)]);
  return firstRefusal([personRefusal(facts), approverRefusal(facts, "see the details of")]);
}

/**
 * May this person stop a request about several users while it is carried out? Who asked and who could have approved
 * may; an approver whom it is about may not, who could else escape it.
 */
export function decideStop(facts: ClickFacts): Verdict {
  const { request, clickerId } = facts;
  if (clickerId === request.requesterId) return firstRefusal([runningRefusal(facts), personRefusal(facts)]);
  return firstRefusal([
    runningRefusal(facts),
    personRefusal(facts),
    conflictRefusal(facts, "stop"),
    approverRefusal(facts, "stop"),
    addressRefusal(facts),
  ]);
}

/**
 * Could this approver decide a request that is about to be made? Where none could, it is refused when it is asked
 * for instead of waiting for ever.
 */
export function couldApprove(
  approver: Person | null,
  { plan, requesterId, homeTeamId }: { plan: Plan; requesterId: string; homeTeamId: string },
): boolean {
  if (approver === null) return false;
  const facts = { request: { plan, requesterId }, clicker: approver, clickerId: approver.id, homeTeamId };
  return firstRefusal([personRefusal(facts), conflictRefusal(facts, "approve"), addressRefusal(facts)])
    .allowed;
}

function runningRefusal({ request }: ClickFacts): Verdict {
  if (request.stop !== undefined) {
    return {
      ...refuse("stopped", "This was stopped already.", "The card shows how it stands."),
      by: request.stop.by,
    };
  }
  const isRunning =
    request.status === "approved" || request.status === "executing" || request.status === "unknown";
  if (isRunning && othersOf(request.plan).length > 0) return ALLOWED;
  return refuse("not-running", "There is nothing to stop any more.", "The card shows how it stands.");
}

function openRefusal({ request, now }: ClickFacts): Verdict {
  if (request.status === "expired" || (request.status === "pending" && now >= request.expiresAt)) {
    return refuse(
      "expired",
      "This request has expired: nobody decided in time, and nothing was done.",
      "Ask again if it is still needed.",
    );
  }
  if (request.status === "pending") return ALLOWED;
  return {
    ...refuse("decided", describeDecision(request.status), "Your click changed nothing."),
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
    case "pending":
    case "expired":
      return "This request is closed.";
  }
}

/** The facts that do not depend on how a request stands. */
type PersonFacts = Pick<ClickFacts, "clicker" | "clickerId" | "homeTeamId"> & {
  request: Pick<Request, "plan" | "requesterId">;
};

function personRefusal({ clicker, homeTeamId }: Pick<PersonFacts, "clicker" | "homeTeamId">): Verdict {
  if (clicker === null)
    return refuse(
      "unknown-person",
      "Slack does not say who you are.",
      "Try again; if it lasts, tell whoever runs zt-bot.",
    );
  if (clicker.isBot || clicker.isDeactivated)
    return refuse(
      "unknown-person",
      "Bots and deactivated accounts have no say here.",
      "An approver has to decide.",
    );
  if (clicker.isStranger || (clicker.teamId !== null && clicker.teamId !== homeTeamId)) {
    return refuse(
      "stranger",
      "You are from another organisation.",
      "Somebody of this workspace has to decide.",
    );
  }
  if (clicker.isGuest)
    return refuse("stranger", "Guests have no say here.", "A full member of this workspace has to decide.");
  return ALLOWED;
}

function approverRefusal({ approvers, clickerId }: ClickFacts, verb: string): Verdict {
  if (approvers.has(clickerId)) return ALLOWED;
  return refuse(
    "not-an-approver",
    `You may not ${verb} this request.`,
    approvers.size === 0 ? "Its policy names no approvers." : "Its approvers are named on the card.",
  );
}

function conflictRefusal({ request, clicker, clickerId }: PersonFacts, verb: string): Verdict {
  if (clickerId === request.requesterId) {
    return refuse("requester", `You asked for this: you can't also ${verb} it.`, "An approver has to.");
  }
  const email = clicker?.email;
  if (email && targetsOf(request.plan).some((target) => sameEmail(email, target.email))) {
    return refuse("target", `This request is about you: you can't ${verb} it.`, "An approver has to.");
  }
  return ALLOWED;
}

/** Whoever has no address in Slack may be the very person that the request is about. */
function addressRefusal({ clicker }: Pick<PersonFacts, "clicker">): Verdict {
  if (clicker?.email) return ALLOWED;
  return refuse(
    "unknown-person",
    "Slack does not show your e-mail address: this request may be about you.",
    "Another approver has to decide. If Slack shows nobody's, zt-bot lacks the scope users:read.email.",
  );
}

function firstRefusal(verdicts: readonly Verdict[]): Verdict {
  return verdicts.find((verdict) => !verdict.allowed) ?? ALLOWED;
}

function refuse(code: RefusalCode, why: string, next: string): Verdict & { allowed: false } {
  return { allowed: false, code, why, next };
}
