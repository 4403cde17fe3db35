import type { InputBlock } from "@slack/types";

import type { RiskEventGroup } from "../../lookup/facts.ts";
import { plain, section } from "../../views/blocks.ts";
import { defineForm } from "../../views/forms/spec.ts";
import { clean, duration } from "../../views/text.ts";
import { RISK_JUDGEMENTS, type ResetRiskWish, type RiskJudgement } from "./options.ts";

const WORDS: Record<RiskJudgement, string> = {
  "false-positive": "A false positive",
  handled: "Handled",
  accepted: "Accepted risk",
};

export const form = defineForm<ResetRiskWish>({
  title: "Reset risk score",
  intro: "Requests approval to reset a user's risk score to low.",
  caution:
    "This can restore access: policies that block by risk score stop blocking, also in Okta where it is linked.",
  about: "user",
  material: "risk-events",
  fields(material, prefill) {
    if (material.kind !== "risk-events") return [];
    if (material.groups.length === 0) return [section("No risk events since the last reset.")];
    return [
      section("*Classify each event being cleared*"),
      ...material.groups.map((group, index) =>
        judgementInput(group, index, prefill.judged?.[group.key], material.now),
      ),
    ];
  },
  read(values, { kinds }) {
    const judged: Record<string, RiskJudgement> = {};
    const errors: Record<string, string> = {};
    for (const [index, key] of kinds.entries()) {
      const choice = RISK_JUDGEMENTS.find((one) => one === values.choice(`risk:${index}`));
      if (choice === undefined) errors[`risk:${index}`] = "Choose one.";
      else judged[key] = choice;
    }
    if (Object.keys(errors).length > 0) return { ok: false, errors };
    return { ok: true, wish: { action: "reset-risk", judged } };
  },
});

function judgementInput(
  { name, count, level, lastAt }: RiskEventGroup,
  index: number,
  judged: RiskJudgement | undefined,
  now: number,
): InputBlock {
  const options = RISK_JUDGEMENTS.map((value) => ({ value, text: plain(WORDS[value], 75) }));
  const initial = options.find((option) => option.value === judged);
  const facts = [
    level,
    count > 1 ? `${count} times` : null,
    lastAt === null ? null : `last ${duration(now - lastAt)} ago`,
  ]
    .filter(Boolean)
    .join(", ");
  return {
    type: "input",
    block_id: `risk:${index}`,
    label: plain(`${clean(name, 90)}${facts === "" ? "" : ` (${facts})`}`, 150),
    element: {
      type: "static_select",
      action_id: `risk:${index}`,
      placeholder: plain("Classify it"),
      options,
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
  };
}
