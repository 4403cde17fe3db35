import type { InputBlock } from "@slack/types";

import { plain } from "../../views/blocks.ts";
import { defineForm } from "../../views/forms/spec.ts";
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
  fields: (_material, prefill) => [durationInput(prefill.duration)],
  read(values) {
    const choice = values.choice("duration");
    return {
      ok: true,
      wish: { action: "block", ...(choice === null || choice === "none" ? {} : { duration: choice }) },
    };
  },
});

function durationInput(typed: string | undefined): InputBlock {
  const ms = typed === undefined ? null : readFor(typed);
  const known = CHOICES.find(([value]) => value === typed || (ms !== null && readFor(value) === ms));
  const own = ms === null || known !== undefined ? [] : [[`${ms / 60_000}m`, forText(ms)] as const];
  const options = [...CHOICES, ...own].map(([value, text]) => ({ value, text: plain(text, 75) }));
  const initial = options.find(({ value }) => value === (known?.[0] ?? own[0]?.[0] ?? "none"));
  return {
    type: "input",
    block_id: "duration",
    label: plain("For how long", 150),
    element: {
      type: "static_select",
      action_id: "duration",
      options,
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
  };
}
