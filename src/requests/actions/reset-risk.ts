import type { RiskScore } from "../../api/cloudflare.ts";
import { UserError } from "../../errors.ts";
import { groupRiskEvents } from "../../lookup/facts.ts";
import { findRisk, type UserSummary } from "../../lookup/summary.ts";
import { clean } from "../../views/text.ts";
import { plural } from "../../words.ts";
import type { RiskJudgement } from "../plan.ts";
import { defineAction } from "./define.ts";
import { checkSameUser } from "./same-user.ts";

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
  isIrreversible: true,

  async prepare({ cloudflare, target, wish }) {
    const { userId, events } = await findRisk(cloudflare, target);
    const judged = groupRiskEvents(events).map(({ key, name, count }) => {
      const judgement = wish.judged[key];
      if (judgement === undefined) {
        throw new UserError({
          what: `The risk event “${clean(name, 100)}” was not judged, or happened again since.`,
          why: "A reset takes away the weight of every event since the last one, so each has to be looked at first.",
          next: "Say of it what it was, and ask again.",
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
      ...describeJudged(plan.options.judged),
      "Their risk level goes back to low until something new happens",
    ],
    caution:
      "This can give access back: policies that use the User Risk Score stop blocking this user, and the change reaches Okta where it is linked. Sessions are not touched.",
    undo: "Cannot be undone: the events before a reset no longer count.",
  }),
  callText: (plan) => `risk score reset for ${plan.target.email}`,

  async checkTarget(cloudflare, plan) {
    const same = await checkSameUser(cloudflare, plan.target);
    if (!same.ok) return same;
    // What nobody has judged must not lose its weight by an approval that was given before it happened.
    const judged = new Map(plan.options.judged.map(({ name, count }) => [name, count]));
    const { events } = await cloudflare.riskScoring.get(plan.options.riskUserId);
    const fresh = groupRiskEvents(events).find(({ name, count }) => count > (judged.get(name) ?? 0));
    if (fresh === undefined) return { ok: true };
    return {
      ok: false,
      why: `A risk event happened after this was asked for: “${clean(fresh.name, 100)}”. Nobody has judged it.`,
      next: "Look at it, then ask again.",
    };
  },

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

/** Past this the card has no room; the details have them all. */
const MAX_SHOWN = 12;

function describeJudged(
  judged: readonly { name: string; count: number; judgement: RiskJudgement }[],
): string[] {
  const left = judged.length - MAX_SHOWN;
  return [
    ...judged
      .slice(0, MAX_SHOWN)
      .map(
        ({ name, count, judgement }) =>
          `${clean(name, 100)}${count > 1 ? ` (${count} times)` : ""}: judged ${JUDGEMENT_WORDS[judgement]}`,
      ),
    ...(left > 0 ? [`${plural(left, "more kind")} of events, each judged: see Details`] : []),
  ];
}

function levelText(score: RiskScore): string {
  return score.level ?? score.rawLevel ?? "none";
}

function describeScore(evidence: UserSummary | null): string {
  if (evidence === null) return "Resets their risk score";
  if (!evidence.risk.ok) return `Resets their risk score (it could not be read: ${evidence.risk.reason})`;
  const { events, level, rawLevel } = evidence.risk.value;
  if (events.length === 0 && level === null && rawLevel === null)
    return "They have no risk level and no risk event now: there is nothing to take back";
  return `Takes back the risk level (${levelText(evidence.risk.value)})${events.length === 0 ? "" : ` with ${plural(events.length, "event")} since the last reset`}`;
}
