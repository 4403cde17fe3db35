import {
  addressRefusal,
  approverRiskRefusal,
  personRefusal,
  refuse,
  type Known,
  type Refusal,
} from "../eligibility.ts";
import { WAITS_MS, type Authenticator } from "./authenticators.ts";

/** What it depends on whether someone may confirm another person's authenticator. */
export interface VouchFacts {
  authenticator: Pick<Authenticator, "userId" | "state" | "createdAt">;
  voucherId: string;
  voucher: Known;
  /** Everyone who approves anything, as the policy and Slack have them now. */
  approvers: ReadonlySet<string>;
  /** Everyone who has an authenticator that counts. */
  enrolled: ReadonlySet<string>;
  homeTeamId: string;
  now: number;
}

/**
 * May this person confirm that an authenticator is the other one's? An approver, another one, not at risk; and once any
 * other approver has an authenticator, only with one: so many taken-over Slack accounts together confirm nothing.
 */
export function vouchRefusal(facts: VouchFacts): Refusal | null {
  const { authenticator, voucherId, voucher, enrolled } = facts;
  return (
    openRefusal(facts) ??
    personRefusal(voucher, facts) ??
    (voucherId === authenticator.userId
      ? refuse("requester", "This is your own authenticator: you can't confirm it.", "Ask another approver.")
      : null) ??
    approverRefusal(facts, "confirm") ??
    addressRefusal(voucher) ??
    approverRiskRefusal(voucher, false) ??
    (takesCode(facts) && !enrolled.has(voucherId)
      ? refuse(
          "no-authenticator",
          "You have no authenticator, and another approver has one.",
          "Someone with an authenticator needs to confirm it. /zt authenticator says who has one.",
        )
      : null)
  );
}

/** Whether the one who confirms it has to give a code of their own: wherever any approver but its owner has one. */
export function takesCode({
  authenticator,
  approvers,
  enrolled,
}: Pick<VouchFacts, "authenticator" | "approvers" | "enrolled">): boolean {
  return [...enrolled].some((id) => id !== authenticator.userId && approvers.has(id));
}

/** Anybody else who decides may say no to one: that makes nothing count. */
export function declineRefusal(facts: Omit<VouchFacts, "enrolled">): Refusal | null {
  const { authenticator, voucherId, voucher } = facts;
  return (
    openRefusal(facts) ??
    personRefusal(voucher, facts) ??
    (voucherId === authenticator.userId ? null : approverRefusal(facts, "decline"))
  );
}

function approverRefusal(
  { voucherId, approvers }: Pick<VouchFacts, "voucherId" | "approvers">,
  verb: string,
): Refusal | null {
  if (approvers.has(voucherId)) return null;
  return refuse(
    "not-an-approver",
    `Only approvers can ${verb} an authenticator.`,
    "Ask one of those named in policy.yml.",
  );
}

function openRefusal({ authenticator, now }: Pick<VouchFacts, "authenticator" | "now">): Refusal | null {
  const { state, createdAt } = authenticator;
  if (state === "waiting" && now < createdAt + WAITS_MS) return null;
  return refuse("not-waiting", GONE[state], "Nothing was changed.");
}

const GONE: Record<Authenticator["state"], string> = {
  waiting: "No one confirmed this authenticator within a day. Set it up again.",
  effective: "This authenticator is already confirmed.",
  replaced: "A newer authenticator replaces this one.",
  declined: "This authenticator is already declined.",
};
