import type { KnownBlock } from "@slack/types";

import { plain } from "../blocks.ts";
import { textInput, type FormValues } from "./spec.ts";

/** Matches the limit that is checked when it is submitted. */
export const MAX_REASON = 1000;

const CHOICE = "reason-choice";
const TEXT = "reason";

/** Between a ready-made reason and what was added to it. */
const JOINT = ": ";

interface ReasonProps {
  /** Ready-made ones that the policy offers; none: free text only. */
  reasons: readonly string[];
  /** What was given before: a ready-made reason in it is chosen again. */
  reason: string;
  isRequired: boolean;
}

/** Why something is requested: one of the policy's reasons, free text, or both. */
export function reasonFields({ reasons, reason, isRequired }: ReasonProps): KnownBlock[] {
  const chosen = reasons.find((one) => reason === one || reason.startsWith(`${one}${JOINT}`));
  const text = textInput({
    id: TEXT,
    label: reasons.length === 0 ? "Reason" : "Details",
    hint: "Shown to the approvers",
    placeholder: "What happened, and where is the evidence?",
    initial: chosen === undefined ? reason : reason.slice(chosen.length + JOINT.length),
    multiline: true,
    // With a menu beside it either of the two will do, which Slack can't check.
    optional: !isRequired || reasons.length > 0,
    // What is chosen and what is written count together.
    maxLength: MAX_REASON - Math.max(0, ...reasons.map((one) => one.length + JOINT.length)),
  });
  if (reasons.length === 0) return [text];
  const options = reasons.map((one) => ({ value: one, text: plain(one, 75) }));
  const initial = options.find(({ value }) => value === chosen);
  return [
    {
      type: "input",
      block_id: CHOICE,
      optional: true,
      label: plain("Reason"),
      ...(isRequired && { hint: plain("Choose one, or write your own below") }),
      element: {
        type: "static_select",
        action_id: CHOICE,
        placeholder: plain("Choose a reason"),
        options,
        ...(initial !== undefined && { initial_option: initial }),
      },
    },
    text,
  ];
}

/** The chosen reason and what was written, as one text; empty when there is neither. */
export function readReason(values: FormValues): string {
  return [values.choice(CHOICE), values.text(TEXT)].filter(Boolean).join(JOINT);
}

/** Beside the fields, where one of them is needed and both are empty. */
export const NO_REASON = { [TEXT]: "Choose a reason or write one." };
