import { list, plural } from "../pluralize.ts";
import { affectedBy, type Target } from "../requests/plan.ts";
import { newestVotes, type Vote } from "../requests/request.ts";
import { breakGlassRefusal, sayRefusal, type Facts, type Named, type RefusalCode } from "./eligibility.ts";
import { isAny, namesOfGroups, UNREAD } from "./protected-targets.ts";

/** The votes that count now, each voter judged again, and those that no longer do. */
export function countVotes(facts: Facts): {
  counting: Vote[];
  dropped: { by: string; code: RefusalCode }[];
} {
  const counting: Vote[] = [];
  const dropped: { by: string; code: RefusalCode }[] = [];
  // No one counts twice, whatever is in the database.
  for (const vote of newestVotes(facts.request.votes)) {
    const code = isStale(vote, facts)
      ? "stale"
      : facts.stepUp.votes && vote.stepUp === undefined
        ? "no-code"
        : facts.silence === null
          ? sayRefusal(vote.by, facts, "approve", facts.isUrgent)?.code
          : unproven(vote, facts.approvers);
    if (code === undefined) counting.push(vote);
    else dropped.push({ by: vote.by, code });
  }
  return { counting, dropped };
}

function isStale({ at }: Pick<Vote, "at">, { now, maxAgeMs }: Facts): boolean {
  return now - at > maxAgeMs;
}

/**
 * Where Slack can't say who is in a group: it counts what the policy names as it did when they voted. Another group
 * may have them as well, which no one can say now.
 */
function unproven({ by, via = by }: Pick<Vote, "by" | "via">, named: Named | null): RefusalCode | undefined {
  if (named?.has(by) === true || named?.has(via) === true) return undefined;
  return [...(named?.keys() ?? [])].some((id) => id.startsWith("S")) ? "unchecked" : "not-an-approver";
}

export type ExecutionVerdict =
  /** `unchecked`: for the record, what went unasked as it takes access away; null: nothing. */
  | { kind: "go"; counting: Vote[]; unchecked: string | null }
  | { kind: "void"; why: string; next: string }
  /** Not now: it may be looked at again. */
  | { kind: "hold"; why: string };

type Kept = Exclude<ExecutionVerdict, { kind: "go" }>;

/**
 * The last look before an approved request is carried out, and before each call: does everything that it was approved
 * by still hold? `targets`: whom the call is about, where that is not everyone.
 */
export function judgeExecution(
  facts: Facts,
  targets: readonly Target[] = affectedBy(facts.request.plan),
): ExecutionVerdict {
  return judgeTargets(facts, targets) ?? judgeApproval(facts);
}

/** Who became protected since needs other approvals; null: no one did, or no one can say and it is urgent. */
export function judgeTargets(facts: Facts, targets: readonly Pick<Target, "email">[]): Kept | null {
  const { request, protection, isUrgent } = facts;
  if (request.isProtected) return null;
  if (isAny(protection, targets, "protected")) {
    const { lostGroups } = protection;
    if (lostGroups.length === 0) {
      return {
        kind: "void",
        why: "The target became protected after the request, and needs other approvals",
        next: "Request it again: the new request says how many approvals it needs.",
      };
    }
    return {
      kind: "void",
      why: `Slack does not know ${namesOfGroups(lostGroups)}, a protected group in the policy: until that is fixed everyone counts as protected`,
      next: "The people who run zt-bot need to fix protected.groups in policy.yml. Request it again: the new request says how many approvals it needs.",
    };
  }
  if (isUrgent || !isAny(protection, targets, "unknown")) return null;
  return { kind: "hold", why: UNREAD };
}

/** The votes alone, or who used break-glass. Who it is about plays no part. */
function judgeApproval(facts: Facts): ExecutionVerdict {
  const { request, quorum, silence, isUrgent, protection } = facts;
  if (request.breakGlass !== null) return judgeBreakGlass(facts);
  const { counting, dropped } = countVotes(facts);
  const unsure = dropped.filter(({ code }) => code === "unchecked");
  if (counting.length + unsure.length >= quorum) {
    const isEnough = counting.length >= quorum;
    if (silence !== null && (!isEnough || !isUrgent)) return SILENT;
    if (isEnough) return { kind: "go", counting, unchecked: uncheckedIn(silence, protection) };
    const names = list(unsure.map(({ by }) => nameOf(facts, by)));
    const why = `it is unknown whether ${names} ${unsure.length === 1 ? "is" : "are"} at risk now`;
    return { kind: "hold", why };
  }
  const stale = dropped.filter(({ code }) => code === "stale");
  if (counting.length + stale.length >= quorum) {
    const what =
      quorum === 1
        ? "The approval is"
        : `${plural(stale.length, "approval")} of ${quorum} ${stale.length === 1 ? "is" : "are"}`;
    return { kind: "void", why: `${what} more than ${ageWords(facts)} old`, next: "Request it again." };
  }
  const lost = dropped.map(
    ({ by, code }) => `${nameOf(facts, by)} ${DROPPED[code]?.(facts) ?? "may no longer approve"}`,
  );
  const left = counting.length === 0 ? "none" : `only ${counting.length}`;
  return {
    kind: "void",
    why: `${plural(quorum, "approval")} ${quorum === 1 ? "is" : "are"} needed now, and ${left} still ${counting.length === 1 ? "counts" : "count"}${lost.length === 0 ? "" : `: ${lost.join(", ")}`}`,
    next: "Request it again, so that approvers decide on it as things are now.",
  };
}

const SILENT = { kind: "hold", why: "Slack can't say who the approvers are now" } as const;

function judgeBreakGlass(facts: Facts): ExecutionVerdict {
  const { silence, protection, breakGlass } = facts;
  const used = facts.request.breakGlass;
  if (used === null) throw new Error("no break-glass was used");
  const next = "Request it again, and ask an approver.";
  const why = `${nameOf(facts, used.by)} used break-glass `;
  if (isStale(used, facts)) return { kind: "void", why: `${why}more than ${ageWords(facts)} ago`, next };
  if (facts.stepUp.alone && used.stepUp === undefined)
    return { kind: "void", why: `${why}without the code that the policy asks for now`, next };
  const code = silence === null ? breakGlassRefusal(used.by, facts)?.code : unproven(used, breakGlass);
  if (code === undefined) return { kind: "go", counting: [], unchecked: uncheckedIn(silence, protection) };
  return code === "unchecked" ? SILENT : { kind: "void", why: `${why}and may no longer use it`, next };
}

function uncheckedIn(silence: string | null, { unchecked }: Facts["protection"]): string | null {
  return [silence, unchecked].filter((one) => one !== null).join("; ") || null;
}

/** Why someone's earlier vote no longer counts, after their name. */
const DROPPED: Partial<Record<RefusalCode, (facts: Facts) => string>> = {
  stale: (facts) => `approved more than ${ageWords(facts)} ago`,
  "not-an-approver": () => "is no longer an approver",
  "unknown-person": () => "is deactivated or no longer known to Slack",
  stranger: () => "is no longer a full member of this workspace",
  requester: () => "requested it",
  target: () => "is the person it is about",
  "at-risk": () => "is now at high risk",
  "just-revoked": () => "had their own access revoked",
  unchecked: () => "could not be checked",
  "no-code": () => "approved without the code that the policy asks for now",
};

/** `24 hours`, `3 days`, `90 minutes`. */
function ageWords({ maxAgeMs }: Facts): string {
  const minutes = maxAgeMs / 60_000;
  if (minutes > 48 * 60 && minutes % (24 * 60) === 0) return plural(minutes / (24 * 60), "day");
  if (minutes >= 60 && minutes % 60 === 0) return plural(minutes / 60, "hour");
  return minutes >= 1 ? plural(Math.floor(minutes), "minute") : plural(maxAgeMs / 1000, "second");
}

function nameOf({ people }: Facts, id: string): string {
  return people.get(id)?.person?.name ?? id;
}
