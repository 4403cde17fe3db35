import { sameEmail } from "../api/cloudflare.ts";
import type { Person } from "../slack/directory.ts";
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
  | "not-the-requester";

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
 * The approvers who could approve this: without the requester and the target. Empty means that nobody can, and
 * the request is refused when it is asked for instead of waiting for ever.
 */
export function eligibleApprovers(
  approvers: ReadonlySet<string>,
  requesterId: string,
  targetSlackId: string | null,
): string[] {
  return [...approvers].filter((id) => id !== requesterId && id !== targetSlackId);
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

function personRefusal({ clicker, homeTeamId }: ClickFacts): Verdict {
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

function conflictRefusal({ request, clicker, clickerId }: ClickFacts, verb: string): Verdict {
  if (clickerId === request.requesterId) {
    return refuse("requester", `You asked for this: you can't also ${verb} it.`, "An approver has to.");
  }
  if (clicker !== null && clicker.email !== null && sameEmail(clicker.email, request.plan.target.email)) {
    return refuse("target", `This request is about you: you can't ${verb} it.`, "An approver has to.");
  }
  return ALLOWED;
}

/** Whoever has no address in Slack may be the very person that the request is about. */
function addressRefusal({ clicker }: ClickFacts): Verdict {
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
