import { UserError } from "../../errors.ts";
import { groupRiskEvents } from "../../lookup/facts.ts";
import { findRisk } from "../../lookup/summary.ts";
import { clean } from "../../views/text.ts";
import { defineAction } from "../define.ts";
import { command } from "./command.ts";
import { form } from "./form.ts";
import { ResetRiskOptions, type ResetRiskPlan, type ResetRiskWish } from "./options.ts";
import { readBaseline, verify, type RiskBaseline } from "./verification.ts";
import { describe, question } from "./words.ts";

export const resetRisk = defineAction<ResetRiskPlan, ResetRiskWish, RiskBaseline>({
  name: "reset-risk",
  label: "Reset risk score",
  access: "gives",
  isIrreversible: true,
  options: ResetRiskOptions,
  command,
  form,
  async prepare({ cloudflare, target, wish }) {
    const { userId, events } = await findRisk(cloudflare, target);
    const judged = groupRiskEvents(events).map(({ key, name, count }) => {
      const judgement = wish.judged[key];
      if (judgement === undefined) {
        throw new UserError({
          what: `The risk event “${clean(name, 100)}” is new or not classified.`,
          why: "A reset clears every event since the last one.",
          next: "Classify it, then request again.",
        });
      }
      return { name, count, judgement };
    });
    return { riskUserId: userId, judged };
  },
  question,
  describe,
  callText: ({ target }) => `risk score reset for ${target.email}`,
  async checkTarget(cloudflare, { options }) {
    // What no one has judged must not lose its weight by an approval that was given before it happened.
    const judged = new Map(options.judged.map(({ name, count }) => [name, count]));
    const { events } = await cloudflare.riskScoring.get(options.riskUserId);
    const fresh = groupRiskEvents(events).find(({ name, count }) => count > (judged.get(name) ?? 0));
    if (fresh === undefined) return { ok: true };
    return {
      ok: false,
      why: `A risk event happened after the request: “${clean(fresh.name, 100)}”. It is not classified.`,
      next: "Check it, then request again.",
    };
  },
  readBaseline,
  execute: (cloudflare, { options }, call) => cloudflare.riskScoring.reset(options.riskUserId, call),
  verify,
});
