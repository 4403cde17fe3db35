import { sameEmail } from "../api/cloudflare.ts";
import type { Person } from "../slack/directory.ts";
import type { Action } from "./actions/define.ts";
import { targetsOf, type ActionName, type Plan } from "./plan.ts";
import type { Request } from "./request.ts";

/**
 * Whether somebody has a say in a request at all: pure functions from what is known of them to a refusal or none.
 * What may be done with that say is policy.ts's business.
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
  | "already-voted"
  | "not-the-requester"
  | "not-running"
  | "stopped"
  | "no-break-glass"
  | "not-reviewable"
  | "acted-alone";

/** Whether an approver could be in an attacker's hands themselves. */
export type Hygiene =
  | { kind: "fine" }
  | { kind: "high-risk" }
  /** zt-bot revoked them at this moment, less than a day ago. */
  | { kind: "revoked"; at: number }
  /** Cloudflare could not say. `next`: what mends it, where waiting does not. */
  | { kind: "unknown"; why: string; next?: string };

/** What is known of somebody who clicked, now or before. */
export interface Known {
  /** null when Slack does not know them. */
  person: Person | null;
  hygiene: Hygiene;
}

/** What an action does to somebody's access; see actions/define.ts. */
export type Effect = Action<ActionName, unknown>["effect"];

/** What a decision depends on, all of it read anew for it; see facts.ts. */
export interface Facts {
  request: Request;
  effect: Effect;
  homeTeamId: string;
  /** The approvers' Slack user ids, as the policy has them now. */
  approvers: ReadonlySet<string>;
  quorum: number;
  /** A target is protected as the policy stands now. */
  isProtected: boolean;
  /** The user groups because of which everybody counts as protected: see protection.ts. */
  lostGroups?: readonly string[];
  /** Who may act alone in this kind of request; null: nobody. */
  breakGlass: ReadonlySet<string> | null;
  /** The clicker and everybody who has voted. */
  people: ReadonlyMap<string, Known>;
  now: number;
}

export function personRefusal(
  { person }: Pick<Known, "person">,
  { homeTeamId }: { homeTeamId: string },
): Refusal | null {
  if (person === null)
    return refuse(
      "unknown-person",
      "Slack does not say who you are.",
      "Try again; if it lasts, tell whoever runs zt-bot.",
    );
  if (person.isBot || person.isDeactivated)
    return refuse(
      "unknown-person",
      "Bots and deactivated accounts have no say here.",
      "An approver has to decide.",
    );
  if (person.isStranger || (person.teamId !== null && person.teamId !== homeTeamId)) {
    return refuse(
      "stranger",
      "You are from another organisation.",
      "Somebody of this workspace has to decide.",
    );
  }
  if (person.isGuest)
    return refuse("stranger", "Guests have no say here.", "A full member of this workspace has to decide.");
  return null;
}

/** Nobody decides on their own wish, nor on what is to be done to them. */
export function conflictRefusal(
  id: string,
  { person }: Pick<Known, "person">,
  { plan, requesterId }: { plan: Plan; requesterId: string },
  verb: string,
): Refusal | null {
  if (id === requesterId)
    return refuse("requester", `You asked for this: you can't also ${verb} it.`, "An approver has to.");
  const email = person?.email;
  if (email && targetsOf(plan).some((target) => sameEmail(email, target.email)))
    return refuse("target", `This request is about you: you can't ${verb} it.`, "An approver has to.");
  return null;
}

/** Whoever has no address in Slack may be the very person that the request is about. */
export function addressRefusal({ person }: Pick<Known, "person">): Refusal | null {
  if (person?.email) return null;
  return refuse(
    "unknown-person",
    "Slack does not show your e-mail address: this request may be about you.",
    "Another approver has to decide. If Slack shows nobody's, zt-bot lacks the scope users:read.email.",
  );
}

export function approverRefusal(id: string, approvers: ReadonlySet<string>, verb: string): Refusal | null {
  if (approvers.has(id)) return null;
  return refuse(
    "not-an-approver",
    `You may not ${verb} this request.`,
    approvers.size === 0 ? "Its policy names no approvers." : "Its approvers are named on the card.",
  );
}

/**
 * An approver who is at risk may be an attacker with their account. Where nobody can say, what takes access away
 * goes on; what may give some back waits.
 */
export function hygieneRefusal({ hygiene }: Pick<Known, "hygiene">, effect: Effect): Refusal | null {
  switch (hygiene.kind) {
    case "fine":
      return null;
    case "high-risk":
      return refuse(
        "at-risk",
        "Cloudflare shows you as high-risk yourself: somebody else may be using your account.",
        "Another approver has to decide. Ask a colleague to look into your own risk events.",
      );
    case "revoked":
      return refuse(
        "just-revoked",
        `Your own access was revoked less than a day ago (${utc(hygiene.at)}): somebody else may be using your account.`,
        "Another approver has to decide.",
      );
    case "unknown":
      if (effect === "contains") return null;
      return refuse(
        "unchecked",
        `Nobody can say whether you are at risk yourself: ${hygiene.why}. What may give access back waits for that.`,
        hygiene.next ??
          "Try again in a minute, or let another approver decide. For an account without risk scoring, policy.yml can set approver_hygiene: false.",
      );
  }
}

/** For the record and the card: why nobody could say whether they are at risk; empty where somebody could. */
export function uncheckedOf({ hygiene }: Pick<Known, "hygiene">): { unchecked?: string } {
  return hygiene.kind === "unknown" ? { unchecked: hygiene.why } : {};
}

function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

export function knownOf({ people }: Facts, id: string): Known {
  return people.get(id) ?? { person: null, hygiene: { kind: "unknown", why: "it was not looked at" } };
}

/** What keeps somebody from having a say in this request, whatever they want to say. */
export function sayRefusal(id: string, facts: Facts, verb: string): Refusal | null {
  const known = knownOf(facts, id);
  return (
    personRefusal(known, facts) ??
    conflictRefusal(id, known, facts.request, verb) ??
    approverRefusal(id, facts.approvers, verb) ??
    addressRefusal(known)
  );
}

export function refuse(code: RefusalCode, why: string, next: string): Refusal {
  return { allowed: false, code, why, next };
}
