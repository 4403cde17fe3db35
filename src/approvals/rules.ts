import type { RiskLevel } from "../api/cloudflare.ts";
import type { Policy } from "../policy-file.ts";
import { actionOf } from "../actions/index.ts";
import { affectedBy, type ActionName, type Plan } from "../requests/plan.ts";
import type { Request } from "../requests/request.ts";

/** What the policy, as it is now, asks of one request. */
export interface Rules {
  /** Slack user ids and user-group ids. */
  approvers: readonly string[];
  /** How many of them have to agree. */
  quorum: number;
  /** Who may use break-glass instead, as Slack ids of people and groups; null: no one. */
  alone: readonly string[] | null;
  /** What takes a code from one's authenticator. */
  stepUp: { votes: boolean; alone: boolean };
}

type Asked = Pick<Request, "plan" | "evidence" | "isProtected" | "escalatedAt">;

/**
 * The rules of a request: its action's, for the risk level that its target had when it was asked for; at least what
 * protected people need; and with the second group once that was asked.
 */
export function rulesFor(policy: Policy, request: Asked): Rules {
  const { approvers, quorum, quorumByRisk, escalate } = policy.action(request.plan.action);
  const level = riskLevelOf(request);
  // Where the level is not known, no one can say which of the numbers is meant: the highest one is safe.
  const needed =
    level === "unknown"
      ? Math.max(quorum, ...Object.values(quorumByRisk))
      : ((level === "none" ? undefined : quorumByRisk[level]) ?? quorum);
  const more = request.escalatedAt === null || escalate === null ? [] : escalate.to;
  return {
    approvers: [...new Set([...approvers, ...more])],
    quorum: Math.max(needed, request.isProtected ? (policy.protected?.quorum ?? 1) : 1),
    // For whom more approvers have to be sure, one person alone is never enough.
    alone:
      !request.isProtected && mayBreakGlass(policy, request.plan)
        ? (policy.breakGlass?.members ?? null)
        : null,
    stepUp: {
      votes: policy.stepUp.has(request.plan.action),
      // What needs a code of several people is not done by one without.
      alone: policy.stepUp.has(request.plan.action) || policy.stepUp.has("break-glass"),
    },
  };
}

/** Only what takes access away from one user alone, and only where the policy says so. */
function mayBreakGlass(policy: Policy, plan: Plan): boolean {
  return canBreakGlass(policy, plan.action) && affectedBy(plan).length === 1;
}

/** Whether the policy has break-glass for an action at all: for an offer, as who may use it is asked at each click. */
export function canBreakGlass({ breakGlass }: Pick<Policy, "breakGlass">, action: ActionName): boolean {
  return (
    breakGlass !== null && actionOf({ action }).access === "takes" && breakGlass.actions.includes(action)
  );
}

/** `none`: Cloudflare has given them no level. `unknown`: it could not be read, or was not for all of several. */
function riskLevelOf({ plan, evidence }: Pick<Asked, "plan" | "evidence">): RiskLevel | "none" | "unknown" {
  if (affectedBy(plan).length > 1) return "unknown";
  if (evidence === null) return "none";
  if (!evidence.risk.ok) return "unknown";
  return evidence.risk.value.level ?? (evidence.risk.value.rawLevel === null ? "none" : "unknown");
}
