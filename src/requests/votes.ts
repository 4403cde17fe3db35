import { plural } from "../words.ts";
import type { Request, Vote } from "./request.ts";
import type { Rules } from "./rules.ts";
import {
  conflictRefusal,
  hygieneRefusal,
  knownOf,
  personRefusal,
  sayRefusal,
  type Facts,
  type RefusalCode,
} from "./standing.ts";

/** What is no longer what would be decided on. */
export const NOW_PROTECTED = {
  why: "The target is protected since this was asked for, and needs other approvals",
  next: "Ask again: the new request says how many approvers it needs.",
};

/** The same, with the reason where it is none of the target's: groups of protected people that Slack does not know. */
export function nowProtected({ lostGroups = [] }: Pick<Facts, "lostGroups">): typeof NOW_PROTECTED {
  if (lostGroups.length === 0) return NOW_PROTECTED;
  return {
    why: `Slack does not know ${namesOfGroups(lostGroups)}, which the policy names for protected people: until that is mended everybody counts as protected, and needs other approvals`,
    next: "Whoever runs zt-bot has to mend protected.groups in policy.yml. Ask again: the new request says how many approvers it needs.",
  };
}

/** By their ids: Slack has no names for them. */
export function namesOfGroups(ids: readonly string[]): string {
  return `the user ${ids.length === 1 ? "group" : "groups"} ${ids.join(" and ")}`;
}

/** The votes that count now, each voter judged anew, and those that no longer do. */
export function countVotes(facts: Facts): {
  counting: Vote[];
  dropped: { by: string; code: RefusalCode }[];
} {
  const counting: Vote[] = [];
  const dropped: { by: string; code: RefusalCode }[] = [];
  for (const vote of facts.request.votes) {
    // Nobody counts twice, whatever is in the database.
    if (counting.some(({ by }) => by === vote.by)) continue;
    const refusal =
      sayRefusal(vote.by, facts, "approve") ?? hygieneRefusal(knownOf(facts, vote.by), facts.effect);
    if (refusal === null) counting.push(vote);
    else dropped.push({ by: vote.by, code: refusal.code });
  }
  return { counting, dropped };
}

export type ExecutionVerdict =
  | { kind: "go"; counting: Vote[] }
  | { kind: "void"; why: string; next: string }
  /** Not now: it may be looked at again. */
  | { kind: "hold"; why: string };

/** The last look before an approved request is carried out: does everything that it was approved by still hold? */
export function judgeExecution(facts: Facts): ExecutionVerdict {
  const { request, quorum, breakGlass } = facts;
  if (facts.isProtected && !request.isProtected) return { kind: "void", ...nowProtected(facts) };
  if (request.breakGlass !== null) {
    const { by } = request.breakGlass;
    const known = knownOf(facts, by);
    const refusal =
      personRefusal(known, facts) ??
      conflictRefusal("", known, request, "do") ??
      hygieneRefusal(known, "contains");
    if (refusal === null && breakGlass?.has(by) === true) return { kind: "go", counting: [] };
    return {
      kind: "void",
      why: `${nameOf(facts, by)} acted alone, and may not do so any more`,
      next: "Ask again, and let approvers decide.",
    };
  }
  const { counting, dropped } = countVotes(facts);
  if (counting.length >= quorum) return { kind: "go", counting };
  const uncheckable = dropped.filter(({ code }) => code === "unchecked");
  if (counting.length + uncheckable.length >= quorum) {
    return {
      kind: "hold",
      why: `nobody can say whether ${uncheckable.map(({ by }) => nameOf(facts, by)).join(" and ")} ${uncheckable.length === 1 ? "is" : "are"} at risk now`,
    };
  }
  const lost = dropped.map(
    ({ by, code }) => `${nameOf(facts, by)} ${DROPPED[code] ?? "has no say any more"}`,
  );
  return {
    kind: "void",
    why: `${plural(quorum, "approval")} ${quorum === 1 ? "is" : "are"} needed now, and ${counting.length === 0 ? "none" : `only ${counting.length}`} still ${counting.length === 1 ? "counts" : "count"}${lost.length === 0 ? "" : `: ${lost.join(", ")}`}`,
    next: "Ask again, so that approvers decide on it as things are now.",
  };
}

/**
 * What can be judged where Slack says nothing: what stands in the policy itself. Who is in a user group, and who was
 * deactivated, is as it was when it was decided.
 */
export function judgeWithoutSlack(request: Request, rules: Rules, isListed: boolean): ExecutionVerdict {
  if (isListed && !request.isProtected) return { kind: "void", ...NOW_PROTECTED };
  const mayBeAmong = (ids: readonly string[], id: string) =>
    ids.includes(id) || ids.some((one) => one.startsWith("S"));
  const next = "Ask again, so that approvers decide on it as things are now.";
  if (request.breakGlass !== null) {
    if (rules.alone !== null && mayBeAmong(rules.alone, request.breakGlass.by))
      return { kind: "go", counting: [] };
    return { kind: "void", why: "The policy lets nobody act alone there any more", next };
  }
  const counting = request.votes.filter(({ by }) => mayBeAmong(rules.approvers, by));
  if (counting.length >= rules.quorum) return { kind: "go", counting };
  const why = `${plural(rules.quorum, "approval")} ${rules.quorum === 1 ? "is" : "are"} needed now, and only ${counting.length} can still count`;
  return { kind: "void", why, next };
}

/** Why somebody's earlier vote no longer counts, after their name. */
const DROPPED: Partial<Record<RefusalCode, string>> = {
  "not-an-approver": "is no longer an approver",
  "unknown-person": "is deactivated or no longer known to Slack",
  stranger: "is no longer a full member of this workspace",
  requester: "is who asked",
  target: "is who it is about",
  "at-risk": "is high-risk by now",
  "just-revoked": "was revoked meanwhile",
};

function nameOf({ people }: Facts, id: string): string {
  return people.get(id)?.person?.name ?? id;
}
