import type { PlanText } from "./actions/define.ts";
import { actionOf, type AnyAction } from "./actions/index.ts";
import type { Request } from "./request.ts";

/** A request's words, made from its frozen plan and evidence: the same on the card, in the thread and in modals. */
export interface RequestText extends PlanText {
  /** "Revoke sessions" */
  label: string;
  /** What the approve button asks before it counts. */
  question: string;
  /** What it does to somebody's access: words that go with that ask here, not for names of actions. */
  effect: AnyAction["effect"];
}

export function describeRequest({ plan, evidence }: Pick<Request, "plan" | "evidence">): RequestText {
  const action = actionOf(plan);
  const { label, effect } = action;
  return { ...action.describe(plan, evidence), label, effect, question: action.question(plan) };
}
