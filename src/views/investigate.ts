import type { AccessUser } from "../api/cloudflare.ts";
import { compact } from "../compact.ts";
import { plural } from "../pluralize.ts";
import { context, message, section, type Message } from "./blocks.ts";
import { screenButton } from "./screen-button.ts";
import { escape, named } from "./text.ts";

/** Several people in one message: whom to look at, and who is unknown. */
export function chooseSubject(
  found: readonly AccessUser[],
  unknown: readonly string[],
  left: number,
): Message {
  const notes = compact(
    unknown.length > 0 && `Not Access users: ${unknown.map((name) => escape(name, 100)).join(", ")}`,
    left > 0 && `${plural(left, "more name")} in the message ${left === 1 ? "was" : "were"} not looked up`,
  );
  const said = `This message names ${plural(found.length, "Access user")}`;
  return message(
    said,
    section(`*${said}.* Which one?`),
    found.map(({ id, name, email }, index) => ({
      ...section(`*${escape(named(name, email))}*`, escape(email, 254)),
      accessory: screenButton("Open", "user", { user: id }, `Look at ${email}`, String(index)),
    })),
    notes.length > 0 && context(notes.join(" · ")),
  );
}
