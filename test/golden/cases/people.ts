import type { AccessUser, Page } from "../../../src/api/cloudflare.ts";
import type { Choice } from "../../../src/lookup/candidates.ts";
import { chooseSubject } from "../../../src/views/investigate.ts";
import { chooseUserMessage, withMatch } from "../../../src/views/look-ups/choose-user.ts";
import { sessionsMessage } from "../../../src/views/look-ups/sessions.ts";
import { usersMessage } from "../../../src/views/look-ups/users.ts";
import { screenButton } from "../../../src/views/screen-button.ts";
import { makeUser } from "../../views/support.ts";
import { HOUR, NOW, person } from "../story.ts";

const MALLORY = makeUser();

const page = (items: AccessUser[], changes: Partial<Page<AccessUser>> = {}): Page<AccessUser> => ({
  items,
  page: 1,
  perPage: 10,
  totalCount: items.length,
  totalPages: 1,
  ...changes,
});
const PEOPLE = [
  MALLORY,
  person("Ada Ng", { lastLoginAt: NOW - 2 * HOUR }),
  person("Ben Ito", { lastLoginAt: null, accessSeat: false, gatewaySeat: false, activeDeviceCount: null }),
];

const choice = (changes: Partial<Choice>): Choice => ({
  users: PEOPLE,
  isCut: false,
  isMatch: true,
  isPartial: false,
  kind: "name",
  typed: "mal",
  ...changes,
});
const choose = (one: Choice) =>
  chooseUserMessage(
    one,
    one.users.map((user, index) =>
      screenButton("Open", "user", { user: user.id }, `Summary of ${user.email}`, `open-${index}`),
    ),
    NOW,
  );

/** Lists of users, and who is meant. */
export const PEOPLE_CASES = {
  users: usersMessage({ found: page(PEOPLE), search: "", now: NOW }),
  "users-search": usersMessage({
    found: page(PEOPLE.slice(0, 1), { totalCount: 214 }),
    search: "mall",
    now: NOW,
  }),
  "users-first-of-many": usersMessage({
    found: page(PEOPLE, { perPage: 3, totalCount: 214, totalPages: 72 }),
    search: "",
    now: NOW,
  }),
  "users-none": usersMessage({ found: page([]), search: "", now: NOW }),
  "users-none-found": usersMessage({ found: page([]), search: "zelda", now: NOW }),
  "users-past-the-end": usersMessage({ found: page([], { page: 4 }), search: "", now: NOW }),
  "choose-name": choose(choice({})),
  "choose-only-match": choose(choice({ users: [MALLORY] })),
  "choose-misspelt": choose(choice({ kind: "misspelt", typed: "malory@example.com", users: [MALLORY] })),
  "choose-misspelt-several": choose(
    choice({ kind: "misspelt", typed: "malory@example.com", users: PEOPLE.slice(0, 2), isPartial: true }),
  ),
  "choose-similar": choose(choice({ isMatch: false, typed: "mallroy" })),
  "choose-shared-address": choose(
    choice({
      kind: "shared",
      typed: "mallory@example.com",
      users: [MALLORY, makeUser({ id: "0b1e90aa-0000-4000-8000-000000000000", lastLoginAt: null })],
    }),
  ),
  "choose-of-many": choose(
    choice({ users: Array.from({ length: 12 }, (_, index) => person(`Mal${index} Smith`)), isCut: true }),
  ),
  "matched-by-name": withMatch("mall", MALLORY, sessionsMessage(MALLORY, [], { now: NOW })),
  "several-in-a-message": chooseSubject(PEOPLE.slice(0, 2), ["zelda@example.com"], 3),
};
