import type { InputBlock } from "@slack/types";

import { plain } from "../../views/blocks.ts";
import { defineForm, type FormValues } from "../../views/forms/spec.ts";
import { forText, readFor, type BlockWish } from "./options.ts";

/** What the menu offers; the command takes any other time as well. */
const CHOICES: readonly (readonly [value: string, text: string])[] = [
  ["none", "Until someone unblocks them"],
  ["1h", "1 hour"],
  ["4h", "4 hours"],
  ["8h", "8 hours"],
  ["1d", "1 day"],
  ["7d", "7 days"],
];

export const form = defineForm<BlockWish>({
  title: "Block",
  intro: "Requests approval to put a user on the block list.",
  caution: "Open sessions stay open: /zt revoke ends those.",
  about: "user",
  material: "none",
  fields: (_material, prefill) => [durationInput(prefill.duration, "For how long")],
  read: (values) => ({ ok: true, wish: { action: "block", ...readDuration(values) } }),
});

/** The chosen time; nothing for a block without an end. */
export function readDuration(values: FormValues): { duration?: string } {
  const choice = values.choice("duration");
  return choice === null || choice === "none" ? {} : { duration: choice };
}

/** The menu of times. `typed`: as in the command, also one that the menu does not have. */
export function durationInput(typed: string | undefined, label: string): InputBlock {
  const ms = typed === undefined ? null : readFor(typed);
  const known = CHOICES.find(([value]) => value === typed || (ms !== null && readFor(value) === ms));
  const own = ms === null || known !== undefined ? [] : [[`${ms / 60_000}m`, forText(ms)] as const];
  const options = [...CHOICES, ...own].map(([value, text]) => ({ value, text: plain(text, 75) }));
  const initial = options.find(({ value }) => value === (known?.[0] ?? own[0]?.[0] ?? "none"));
  return {
    type: "input",
    block_id: "duration",
    label: plain(label, 150),
    element: {
      type: "static_select",
      action_id: "duration",
      options,
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
  };
}
