import type { InputBlock } from "@slack/types";

import { plain } from "./blocks.ts";

/** The menu that searches Access users as one types. */
export const USER_SEARCH = "who";

export function userSearch(isOptional: boolean): InputBlock {
  return {
    type: "input",
    block_id: USER_SEARCH,
    ...(isOptional && { optional: true }),
    label: plain("Who"),
    hint: plain("Type two letters of a name or an e-mail address"),
    element: {
      type: "external_select",
      action_id: USER_SEARCH,
      min_query_length: 2,
      placeholder: plain("Search Access users"),
    },
  };
}
