import type { Cloudflare, RiskScore } from "../../api/cloudflare.ts";
import { plural } from "../../pluralize.ts";
import { readOrNull, type Look } from "../define.ts";
import type { ResetRiskPlan } from "./options.ts";
import { levelText } from "./words.ts";

export interface RiskBaseline {
  level: string | null;
  lastResetAt: number | null;
  eventIds: string[];
}

export async function readBaseline(
  cloudflare: Cloudflare,
  { options }: ResetRiskPlan,
): Promise<RiskBaseline | null> {
  const score = await readOrNull(cloudflare.riskScoring.get(options.riskUserId));
  if (score === null) return null;
  const { level, lastResetAt, events } = score;
  return { level, lastResetAt, eventIds: events.map((event) => event.id ?? "") };
}

export async function verify(
  cloudflare: Cloudflare,
  { options }: ResetRiskPlan,
  baseline: RiskBaseline | null,
  sentAt: number,
  now: number,
): Promise<Look> {
  return judge(baseline, await cloudflare.riskScoring.get(options.riskUserId), sentAt, now);
}

/**
 * Cloudflare moves the time of the last reset. Where it shows none, the score itself has to have come down: a score
 * that was low before, without an event, shows nothing by being low.
 */
function judge(baseline: RiskBaseline | null, score: RiskScore, sentAt: number, now: number): Look {
  const known = new Set(baseline?.eventIds);
  const old = score.events.filter(({ id, at }) =>
    baseline === null ? at === null || at < sentAt : known.has(id ?? ""),
  ).length;
  const fresh = score.events.length - old;
  const isMoved =
    score.lastResetAt !== null &&
    (baseline === null
      ? score.lastResetAt >= Math.floor(sentAt / 1000) * 1000
      : score.lastResetAt !== baseline.lastResetAt);
  const couldComeDown = baseline !== null && (baseline.eventIds.length > 0 || isRaised(baseline.level));
  const hasComeDown = couldComeDown && score.level === "low" && old === 0;
  const confirmed = isMoved || hasComeDown;
  return {
    confirmed,
    summary: `${confirmed ? "Reset the risk score, now" : "Risk level"} ${levelText(score)}${old === 0 ? "" : `, ${plural(old, "earlier event")} still ${old === 1 ? "counts" : "count"}`}`,
    notes: [
      ...(fresh > 0 ? [`${plural(fresh, "new risk event")} since`] : []),
      ...(!confirmed && !couldComeDown && score.level === "low"
        ? [
            `nothing shows the reset: ${baseline === null ? "the score before is unknown" : "it was low before"}`,
          ]
        : []),
    ],
    checkedAt: now,
    provesCall: confirmed,
  };
}

function isRaised(level: string | null): boolean {
  return level === "medium" || level === "high";
}
