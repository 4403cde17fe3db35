import type { RiskScore } from "../../api/cloudflare.ts";
import type { UserSummary } from "../../lookup/summary.ts";
import { plural } from "../../pluralize.ts";
import { clean } from "../../views/text.ts";
import type { PlanText } from "../define.ts";
import type { ResetRiskPlan, RiskJudgement } from "./options.ts";

const JUDGEMENT_WORDS: Record<RiskJudgement, string> = {
  "false-positive": "a false positive",
  handled: "handled",
  accepted: "accepted",
};

export function question({ target }: ResetRiskPlan): string {
  return `${target.email}'s risk score resets to low. Policies that block them for it stop blocking.`;
}

export function describe({ target, options }: ResetRiskPlan, evidence: UserSummary | null): PlanText {
  return {
    headline: `Reset the risk score of ${target.email}`,
    effects: [
      describeScore(evidence),
      ...describeJudged(options.judged),
      "Their risk level is low until something new happens",
    ],
    caution:
      "This can restore access: policies that use the risk score stop blocking this user, also in Okta where it is linked. Sessions stay as they are.",
    undo: "Can't be undone: events before the reset no longer count.",
  };
}

/** Past this the card has no room; the details have them all. */
const MAX_SHOWN = 12;

function describeJudged(judged: ResetRiskPlan["options"]["judged"]): string[] {
  const left = judged.length - MAX_SHOWN;
  return [
    ...judged
      .slice(0, MAX_SHOWN)
      .map(
        ({ name, count, judgement }) =>
          `${clean(name, 100)}${count > 1 ? ` (${count} times)` : ""}: ${JUDGEMENT_WORDS[judgement]}`,
      ),
    ...(left > 0 ? [`${plural(left, "more kind")} of events: see Details`] : []),
  ];
}

export function levelText(score: RiskScore): string {
  return score.level ?? score.rawLevel ?? "none";
}

function describeScore(evidence: UserSummary | null): string {
  if (evidence === null) return "Resets their risk score";
  if (!evidence.risk.ok) return `Resets their risk score (unknown now: ${evidence.risk.reason})`;
  const { events, level, rawLevel } = evidence.risk.value;
  if (events.length === 0 && level === null && rawLevel === null)
    return "No risk level and no risk events now: nothing to reset";
  return `Resets the risk level (${levelText(evidence.risk.value)})${events.length === 0 ? "" : ` with ${plural(events.length, "event")} since the last reset`}`;
}
