import { z } from "zod";

import type { PlanWith } from "../define.ts";

/** How someone judged a kind of risk event before taking its weight away. */
export const RISK_JUDGEMENTS = ["false-positive", "handled", "accepted"] as const;
export type RiskJudgement = (typeof RISK_JUDGEMENTS)[number];

export const ResetRiskOptions = z.strictObject({
  /** The id under which risk scoring knows the user: usually, but not certainly, the Access user's. */
  riskUserId: z.string(),
  judged: z.array(
    z.strictObject({ name: z.string(), count: z.number(), judgement: z.enum(RISK_JUDGEMENTS) }),
  ),
});

export type ResetRiskPlan = PlanWith<"reset-risk", z.infer<typeof ResetRiskOptions>>;

export interface ResetRiskWish {
  action: "reset-risk";
  /** By the keys of the kinds of risk events. */
  judged: Readonly<Record<string, RiskJudgement>>;
}
