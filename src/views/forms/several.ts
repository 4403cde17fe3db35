import type { InputBlock } from "@slack/types";

import { parseWhoList } from "../../lookup/who-list.ts";
import type { Who } from "../../lookup/who.ts";
import { MAX_TARGETS } from "../../requests/plan.ts";
import { plain } from "../blocks.ts";
import { toRichText } from "../rich-text.ts";
import { plural } from "../../pluralize.ts";
import { checkboxes, type FormValues } from "./spec.ts";

/** The field for a pasted list of users. A plain text field takes 3,000 characters, which is a hundred addresses. */
export const SEVERAL = "several";

export function severalField(typed: readonly string[]): InputBlock {
  return {
    type: "input",
    block_id: SEVERAL,
    optional: true,
    label: plain("Or paste email addresses"),
    hint: plain(
      `Up to ${MAX_TARGETS}, in any format: lines, commas, names with addresses. One request for all.`,
    ),
    element: {
      type: "rich_text_input",
      action_id: SEVERAL,
      ...(typed.length === 0 ? {} : { initial_value: toRichText(typed) }),
    },
  };
}

/** The box that goes on without the names that were not found. */
const WITHOUT = "without";

export function withoutField(count: number, isTicked: boolean): InputBlock {
  const text = `Go on without the ${plural(count, "name")} not found`;
  const description = "The card names who was left out";
  return checkboxes(WITHOUT, "Not found", [{ value: "yes", text, description, isTicked }]);
}

export function isWithoutTicked(values: FormValues): boolean {
  return values.ticked(WITHOUT).includes("yes");
}

export type ReadSeveral = { ok: true; several: Who[]; unreadable: string[] } | { ok: false; error: string };

export function readSeveral(values: FormValues): ReadSeveral {
  const { whos, unreadable } = parseWhoList(values.rich(SEVERAL));
  const count = whos.length + unreadable.length;
  if (count > MAX_TARGETS) {
    return {
      ok: false,
      error: `${count.toLocaleString("en-US")} addresses are too many: one request takes at most ${MAX_TARGETS}. Split them.`,
    };
  }
  return { ok: true, several: whos, unreadable };
}
