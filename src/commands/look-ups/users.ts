import type { Deps } from "../../deps.ts";
import { USERS_PAGE_SIZE, usersMessage } from "../../views/look-ups/users.ts";
import { clean } from "../../views/text.ts";
import type { Message } from "../../views/blocks.ts";
import { defineCommand } from "../define.ts";

const MAX_SEARCH = 100;
/** Far past the largest account; a forged page number must not become an odd one on the wire. */
const MAX_PAGE = 1_000_000;

export const users = defineCommand({
  name: "users",
  group: "Look up",
  summary: "the account's users, or those who match a search",
  details: "Searches names and email addresses, ten a page, with a button to each user's summary.",
  examples: ["users mallory", "users jane doe", "users"],
  role: "viewer",
  calls: ["list users"],
  args: {
    search: { kind: "rest", required: false, summary: "a part of a name or email address" },
  },
  run: ({ deps }, { search = "" }) => show(deps, search, 1),
  screen: (deps, { search = "", page = "1" }) => show(deps, search, Number(page)),
});

async function show(deps: Deps, typed: string, asked: number): Promise<Message> {
  const search = clean(typed, MAX_SEARCH);
  const page = Number.isSafeInteger(asked) ? Math.min(Math.max(1, asked), MAX_PAGE) : 1;
  const found = await deps.cloudflare.accessUsers.list({
    page,
    perPage: USERS_PAGE_SIZE,
    ...(search === "" ? {} : { search }),
  });
  return usersMessage({ found, search, now: deps.now() });
}
