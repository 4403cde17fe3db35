import type { PlanText } from "./actions/define.ts";
import { actionOf } from "./actions/index.ts";
import type { Request } from "./request.ts";
import type { Effect } from "./standing.ts";

/** A request's words, made from its frozen plan and evidence: the same on the card, in the thread and in modals. */
export interface RequestText extends PlanText {
  /** "Revoke sessions" */
  label: string;
  /** What the approve button asks before it counts. */
  question: string;
  /** What it does to somebody's access: words that go with that ask here, not for names of actions. */
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
