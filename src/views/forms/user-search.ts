import type { InputBlock, PlainTextOption } from "@slack/types";

import { compact } from "../../compact.ts";
import type { AccessUser } from "../../api/cloudflare.ts";
import { plain } from "../blocks.ts";
import { duration, named } from "../text.ts";

/** The menu that searches Access users as one types. */
export const USER_SEARCH = "who";

/** https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element */
const MAX_OPTIONS = 100;

export function userSearch(isOptional: boolean): InputBlock {
  return {
    type: "input",
    block_id: USER_SEARCH,
    ...(isOptional && { optional: true }),
    label: plain("Who"),
    hint: plain("Type two letters of a name or email address"),
    element: {
      type: "external_select",
      action_id: USER_SEARCH,
      min_query_length: 2,
      placeholder: plain("Search Access users"),
    },
  };
}

/** The same menu with only these users in it; none is chosen in advance. */
export function userChoice(
  { users, now }: { users: readonly AccessUser[]; now: number },
  isOptional: boolean,
): InputBlock {
  return {
    type: "input",
    block_id: USER_SEARCH,
    ...(isOptional && { optional: true }),
    label: plain("Who"),
    element: {
      type: "static_select",
      action_id: USER_SEARCH,
      placeholder: plain("Choose"),
      options: users.slice(0, MAX_OPTIONS).map((user) => optionOf(user, now)),
    },
  };
}

function optionOf({ id, name, email, lastLoginAt }: AccessUser, now: number): PlainTextOption {
  const shown = named(name, "");
  const who = email === "" ? id : email;
  const seen =
    lastLoginAt === null ? "no sign-in recorded" : `last sign-in ${duration(now - lastLoginAt)} ago`;
  return {
    value: id,
    text: plain(shown === "" ? who : `${shown} (${who})`, 75),
    // Two users may differ in nothing else.
    description: plain(compact(seen, id.slice(0, 8)).join(" · "), 75),
  };
}
