import type { RiskScore } from "../../api/cloudflare.ts";
import { UserError } from "../../errors.ts";
import { groupRiskEvents } from "../../lookup/facts.ts";
import { findRisk, type UserSummary } from "../../lookup/summary.ts";
import { plural } from "../../words.ts";
import type { RiskJudgement } from "../plan.ts";
import { defineAction } from "./define.ts";

export interface RiskBaseline {
  level: string | null;
  lastResetAt: number | null;
  eventIds: string[];
}

const JUDGEMENT_WORDS: Record<RiskJudgement, string> = {
  "false-positive": "a false positive",
  handled: "handled",
  accepted: "accepted",
};

export const resetRisk = defineAction<"reset-risk", RiskBaseline>({
  name: "reset-risk",
  label: "Reset risk score",
  effect: "restores",

  async prepare({ cloudflare, target, wish }) {
    const { userId, events } = await findRisk(cloudflare, target);
    const judged = groupRiskEvents(events).map(({ key, name, count }) => {
      const judgement = wish.judged[key];
      if (judgement === undefined) {
        throw new UserError({
          what: `The risk event “${name}” was not judged.`,
          why: "A reset takes away the weight of every event since the last one, so each has to be looked at first.",
          next: "Use the form: type /zt reset-risk with the user and no reason. New events may have come since it was opened.",
        });
      }
      return { name, count, judgement };
    });
    return { riskUserId: userId, judged };
  },

  question: (plan) =>
    `${plan.target.email}'s risk score goes back to low. Policies that block them for their risk stop doing so.`,
  describe: (plan, evidence) => ({
    headline: `Reset the risk score of ${plan.target.email}`,
    effects: [
      describeScore(evidence),
      ...plan.options.judged.map(
        ({ name, count, judgement }) =>
          `${name}${count > 1 ? ` (${count} times)` : ""}: judged ${JUDGEMENT_WORDS[judgement]}`,
      ),
      "Their risk level goes back to low until something new happens",
    ],
    caution:
      "This can give access back: policies that use the User Risk Score stop blocking this user, and the change reaches Okta where it is linked. Sessions are not touched.",
    undo: "Cannot be undone: the events before a reset no longer count.",
  }),
  callText: (plan) => `risk score reset for ${plan.target.email}`,

  async readBaseline(cloudflare, plan) {
    const score = await cloudflare.riskScoring.get(plan.options.riskUserId);
    return {
      level: score.level,
      lastResetAt: score.lastResetAt,
      eventIds: score.events.map((event) => event.id ?? ""),
    };
  },

  execute: (cloudflare, plan) => cloudflare.riskScoring.reset(plan.options.riskUserId),

  async verify(cloudflare, plan, baseline, _sentAt, now) {
    const score = await cloudflare.riskScoring.get(plan.options.riskUserId);
    const known = new Set(baseline.eventIds);
    const old = score.events.filter((event) => known.has(event.id ?? "")).length;
    const isReset = score.lastResetAt !== null && score.lastResetAt !== baseline.lastResetAt;
    const fresh = score.events.length - old;
    return {
      // Cloudflare moves the reset's time; where it shows none, the score itself has to have come down.
      confirmed:
        isReset ||
        (score.level === "low" && baseline.level !== "low" && old === 0) ||
        (baseline.level === "low" && score.level === "low"),
      summary: `risk level ${levelText(score)}, ${plural(old, "earlier event")} still ${old === 1 ? "counts" : "count"}`,
      notes: fresh > 0 ? [`${plural(fresh, "new risk event")} since`] : [],
      checkedAt: now,
    };
  },
});

function levelText(score: RiskScore): string {
  return score.level ?? score.rawLevel ?? "none";
}

function describeScore(evidence: UserSummary | null): string {
  if (evidence === null) return "Resets their risk score";
  if (!evidence.risk.ok) return `Resets their risk score (it could not be read: ${evidence.risk.reason})`;
  const { events, level, rawLevel } = evidence.risk.value;
  if (events.length === 0 && level === null && rawLevel === null)
    return "They have no risk level and no risk event now: there is nothing to take back";
  return `Takes back the risk level (${levelText(evidence.risk.value)}) with ${plural(events.length, "event")} since the last reset`;
}
