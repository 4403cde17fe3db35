import type { AccessUser } from "../api/cloudflare.ts";
import { plural } from "../words.ts";
import { context, section, type Message } from "./blocks.ts";
import { screenButton } from "./screen-button.ts";
import { escape, named } from "./text.ts";

/** Several people in one message: whom to look at, and who is unknown. */
export function chooseSubject(
  found: readonly AccessUser[],
  unknown: readonly string[],
  left: number,
): Message {
  const notes = [
    ...(unknown.length === 0
      ? []
      : [`Not Access users: ${unknown.map((name) => escape(name, 100)).join(", ")}`]),
    ...(left > 0
      ? [`${plural(left, "more name")} in the message ${left === 1 ? "was" : "were"} not looked up`]
      : []),
  ];
  return {
    text: `This message names ${plural(found.length, "Access user")}`,
    blocks: [
      section(`*This message names ${plural(found.length, "Access user")}.* Whom do you want to look at?`),
      ...found.map((user, index) => ({
        ...section(`*${escape(named(user.name, user.email))}*\n${escape(user.email, 254)}`),
        accessory: screenButton({
          text: "Open",
          screen: "user",
          which: String(index),
          params: { user: user.id },
          label: `Look at ${user.email}`,
        }),
      })),
      ...(notes.length === 0 ? [] : [context(notes.join(" · "))]),
    ],
  };
}
