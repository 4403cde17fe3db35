import type { PlanText } from "./actions/define.ts";
import type { Effect } from "./standing.ts";
import { actionOf } from "./actions/index.ts";
import type { Request } from "./request.ts";

/** A request's words, made from its frozen plan and evidence: the same on the card, in the thread and in modals. */
export interface RequestText extends PlanText {
  /** "Revoke sessions" */
  label: string;
  /** What the approve button asks before it counts. */
  question: string;
  effect: Effect;
  isIrreversible: boolean;
}

export function describeRequest({ plan, evidence }: Pick<Request, "plan" | "evidence">): RequestText {
  const action = actionOf(plan);
  return {
    ...action.describe(plan, evidence),
    label: action.label,
    question: action.question(plan),
    effect: action.effect,
    isIrreversible: action.isIrreversible === true,
  };
}
