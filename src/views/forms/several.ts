import type { InputBlock } from "@slack/types";

import { parseWhoList, whoText } from "../../lookup/who-list.ts";
import type { Who } from "../../lookup/who.ts";
import { MAX_TARGETS } from "../../requests/plan.ts";
import { plain } from "../blocks.ts";
import { toRichText } from "../rich-text.ts";
import type { FormValues } from "./spec.ts";

/** The field for a pasted list of users. A plain text field takes 3,000 characters, which is a hundred addresses. */
export const SEVERAL = "several";

export function severalField(users: readonly Who[]): InputBlock {
  return {
    type: "input",
    block_id: SEVERAL,
    optional: true,
    label: plain("Or paste email addresses"),
    hint: plain(
      `Up to ${MAX_TARGETS}, in any form: lines, commas, names with addresses. One request for all.`,
    ),
    element: {
      type: "rich_text_input",
      action_id: SEVERAL,
      ...(users.length === 0 ? {} : { initial_value: toRichText(users.map(whoText)) }),
    },
  };
}

export type ReadSeveral = { ok: true; several: Who[]; unreadable: string[] } | { ok: false; error: string };

export function readSeveral(values: FormValues): ReadSeveral {
  const { whos, unreadable } = parseWhoList(values.rich(SEVERAL));
  const count = whos.length + unreadable.length;
  if (count > MAX_TARGETS) {
    return {
      ok: false,
      error: `These are ${count.toLocaleString("en-US")} addresses: at most ${MAX_TARGETS} fit into one request. Ask for them in several.`,
    };
  }
  return { ok: true, several: whos, unreadable };
}
