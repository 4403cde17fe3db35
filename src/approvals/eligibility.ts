import { sameEmail } from "../api/cloudflare.ts";
import type { Person } from "../slack/directory.ts";
import { isMember } from "../slack/membership.ts";
import type { Access } from "../actions/define.ts";
import { affectedBy, type Plan } from "../requests/plan.ts";
import type { Request } from "../requests/request.ts";
import type { Protection } from "./protected-targets.ts";

/**
 * Whether someone has a say in a request at all: pure functions from what is known of them to a refusal or none.
 * What may be done with that say is decide.ts's business.
 */
export interface Refusal {
  allowed: false;
  code: RefusalCode;
  why: string;
  next: string;
  by?: string;
}

export type RefusalCode =
  | "decided"
  | "expired"
  | "unknown-person"
  | "stranger"
  | "not-an-approver"
  | "requester"
  | "target"
  | "at-risk"
  | "just-revoked"
  | "unchecked"
  | "stale"
  | "already-voted"
  | "not-the-requester"
  | "not-running"
  | "stopped"
  | "no-break-glass"
  | "not-reviewable"
  | "acted-alone"
  | "no-code"
  | "not-waiting"
  | "no-authenticator"
  | "wrong-number";

/** Whether an approver could be in an attacker's hands themselves. */
export type ApproverRisk =
  | { kind: "fine" }
  | { kind: "high-risk" }
  /** zt-bot revoked them at this moment, less than a day ago. */
  | { kind: "revoked"; at: number }
  /** Cloudflare could not say. `next`: what fixes it, where waiting does not. */
  | { kind: "unknown"; why: string; next?: string };

/** What is known of someone who clicked, now or before. */
export interface Known {
  /** null when Slack does not know them. */
  person: Person | null;
  approverRisk: ApproverRisk;
}

/** Slack user ids, each with the user id or user group by which the policy names them. */
export type Named = ReadonlyMap<string, string>;

/** What a decision depends on, all of it read for it; see facts.ts. */
export interface Facts {
  request: Request;
  access: Access;
  /** Waiting for what cannot be looked up would help an attacker. */
  isUrgent: boolean;
  homeTeamId: string;
  /** The approvers, as the policy and Slack have them now. */
  approvers: Named;
  quorum: number;
  /** An approval older than this no longer counts. */
  maxAgeMs: number;
  /** What takes a code from one's authenticator, by the policy as it is now. */
  stepUp: { votes: boolean; alone: boolean };
  protection: Protection;
  /** Who may use break-glass in this kind of request; null: no one. */
  breakGlass: Named | null;
  /** The clicker and everyone who has voted. */
  people: ReadonlyMap<string, Known>;
  /**
   * What Slack answered instead of who is who: `approvers` and `breakGlass` then hold what the policy names, people
   * and groups alike, and nothing is known of anyone. null: Slack said it all.
   */
  silence: string | null;
  /** When the first of these was read, epoch milliseconds. */
  gatheredAt: number;
  now: number;
}

export function personRefusal(
  { person }: Pick<Known, "person">,
  { homeTeamId }: { homeTeamId: string },
): Refusal | null {
  if (person === null)
    return refuse(
      "unknown-person",
      "Slack can't confirm who you are.",
      "Try again. If it lasts, tell the people who run zt-bot.",
    );
  if (person.isBot || person.isDeactivated)
    return refuse("unknown-person", "Bots and deactivated accounts can't decide here.", "Ask an approver.");
  if (!isMember(person, homeTeamId)) {
    return refuse(
      "stranger",
      "You are from another workspace or organization.",
      "Ask an approver in this workspace.",
    );
  }
  if (person.isGuest)
    return refuse("stranger", "Guests can't decide here.", "Ask an approver in this workspace.");
  return null;
}

/** No one decides on their own wish. */
export function requesterRefusal(id: string, requesterId: string, verb: string): Refusal | null {
  if (id !== requesterId) return null;
  return refuse("requester", `You requested this: you can't ${verb} it.`, "Ask an approver.");
}

/** Nor on what is to be done to them. */
export function targetRefusal({ person }: Pick<Known, "person">, plan: Plan, verb: string): Refusal | null {
  const email = person?.email;
  if (!email || !affectedBy(plan).some((target) => sameEmail(email, target.email))) return null;
  return refuse("target", `This request is about you: you can't ${verb} it.`, "Ask an approver.");
}

/** Someone without an address in Slack may be the very person that the request is about. */
export function addressRefusal({ person }: Pick<Known, "person">): Refusal | null {
  if (person?.email) return null;
  return refuse(
    "unknown-person",
    "Slack does not show your email address, so this request may be about you.",
    "Ask another approver. If Slack shows no one's, zt-bot lacks the scope users:read.email.",
  );
}

export function approverRefusal(
  id: string,
  approvers: { has(id: string): boolean; size: number },
  verb: string,
): Refusal | null {
  if (approvers.has(id)) return null;
  return refuse(
    "not-an-approver",
    `You can't ${verb} this request.`,
    approvers.size === 0 ? "The policy names no approvers for it." : "Its approvers are named on the card.",
  );
}

/**
 * An approver who is at risk may be an attacker with their account. Where that is unknown, what is urgent goes on; what
 * is not waits.
 */
export function approverRiskRefusal(
  { approverRisk }: Pick<Known, "approverRisk">,
  isUrgent: boolean,
): Refusal | null {
  switch (approverRisk.kind) {
    case "fine":
      return null;
    case "high-risk":
      return refuse(
        "at-risk",
        "Cloudflare shows you as high-risk: someone else may be using your account.",
        "Ask another approver, and have a colleague check your own risk events.",
      );
    case "revoked":
      return refuse(
        "just-revoked",
        `Your own access was revoked less than a day ago: someone else may be using your account.`,
        "Ask another approver.",
      );
    case "unknown":
      if (isUrgent) return null;
      return refuse(
        "unchecked",
        `It is unknown whether you are at risk: ${approverRisk.why}.`,
        approverRisk.next ??
          "Try again in a minute, or ask another approver. For an account without risk scoring, set approver_hygiene: false in policy.yml.",
      );
  }
}

/** For the record and the card: why no one could say whether they are at risk; empty where someone could. */
export function uncheckedOf({ approverRisk }: Pick<Known, "approverRisk">): { unchecked?: string } {
  return approverRisk.kind === "unknown" ? { unchecked: approverRisk.why } : {};
}

export function knownOf({ people }: Pick<Facts, "people">, id: string): Known {
  return people.get(id) ?? { person: null, approverRisk: { kind: "unknown", why: "it was not read" } };
}

/** What keeps someone from having a say in this request, whatever they want to say. */
export function sayRefusal(id: string, facts: Facts, verb: string, isUrgent = true): Refusal | null {
  const known = knownOf(facts, id);
  return (
    personRefusal(known, facts) ??
    requesterRefusal(id, facts.request.requesterId, verb) ??
    targetRefusal(known, facts.request.plan, verb) ??
    approverRefusal(id, facts.approvers, verb) ??
    addressRefusal(known) ??
    approverRiskRefusal(known, isUrgent)
  );
}

/** What keeps someone from acting alone in this request. */
export function breakGlassRefusal(id: string, facts: Facts): Refusal | null {
  const known = knownOf(facts, id);
  return (
    personRefusal(known, facts) ??
    (facts.breakGlass?.has(id) === true
      ? null
      : refuse(
          "no-break-glass",
          "You can't use break-glass.",
          "Ask an approver: they are named on the card.",
        )) ??
    targetRefusal(known, facts.request.plan, "do") ??
    addressRefusal(known) ??
    approverRiskRefusal(known, true)
  );
}

export function refuse(code: RefusalCode, why: string, next: string): Refusal {
  return { allowed: false, code, why, next };
}
