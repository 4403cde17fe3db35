import type { Request } from "../requests/request.ts";
import type { Access, PlanText } from "./define.ts";
import { actionOf } from "./index.ts";

/** A request's words, made from its frozen plan and evidence: the same on the card, in the thread and in modals. */
export interface RequestText extends PlanText {
  /** "Revoke sessions" */
  label: string;
  /** What the approve button asks before it counts. */
  question: string;
  access: Access;
  isIrreversible: boolean;
}

export function describeRequest({ plan, evidence }: Pick<Request, "plan" | "evidence">): RequestText {
  const action = actionOf(plan);
  return {
    ...action.describe(plan, evidence),
    label: action.label,
    question: action.question(plan, evidence),
    access: action.access,
    isIrreversible: action.isIrreversible === true,
  };
}
