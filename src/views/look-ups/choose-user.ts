import type { Button } from "@slack/types";

import type { AccessUser } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import type { UserMessage } from "../../errors.ts";
import type { Choice } from "../../lookup/candidates.ts";
import { number, plural } from "../../pluralize.ts";
import { context, message, section, type Message } from "../blocks.ts";
import { code, escape, named, when } from "../text.ts";

/** More are no choice on a phone. */
const MAX_OFFERED = 8;

/** Those who are shown. */
export function offeredOf({ users }: Choice): readonly AccessUser[] {
  return users.slice(0, MAX_OFFERED);
}

/** Who may be meant, each with the button (in the order of `offeredOf`) that goes on with them. */
export function chooseUserMessage(choice: Choice, buttons: readonly Button[], now: number): Message {
  const { isCut, isPartial } = choice;
  const users = offeredOf(choice);
  const left = choice.users.length - users.length;
  const isShared = choice.kind === "shared";
  const title = titleOf(choice);
  const question = questionOf(choice);
  const notes = compact(
    (left > 0 || isCut) && `${leftText(left, isCut)}: ${isShared ? "use the id" : "type more of the name"}.`,
    isPartial && "Part of the search failed: there may be others.",
  );
  return message(
    [`${title} ${question}`, ...users.map((user) => lineOf(user, isShared)), ...notes].join("\n"),
    section(`*${title}* ${question} (${when(now, "time")})`),
    users.map((user, index) => {
      const accessory = buttons[index];
      return { ...section(linesOf(user, isShared)), ...(accessory !== undefined && { accessory }) };
    }),
    notes.length > 0 && context(notes.join(" ")),
  );
}

/** The same where a form is open, which has them in a menu: see user-search.ts. */
export function chooseUserProblem(choice: Choice): UserMessage {
  const { kind, typed, users } = choice;
  const what =
    kind === "shared"
      ? `${plural(users.length, "Access user")} have the email ${typed}.`
      : `No Access user has the email ${typed}.`;
  return { what, next: "Pick who you mean below." };
}

function titleOf({ kind, typed, users, isMatch, isCut }: Choice): string {
  const shown = escape(typed, 100);
  if (kind === "misspelt") return `No Access user has the email ${escape(typed, 254)}.`;
  const count = users.length;
  const counted = `${isCut ? "At least " : ""}${plural(count, "Access user")}`;
  if (kind === "shared") return `${counted} have the email ${escape(typed, 254)}.`;
  if (!isMatch) return `No Access user matches "${shown}".`;
  return `${counted} ${count === 1 && !isCut ? "matches" : "match"} "${shown}".`;
}

function questionOf({ kind, users, isMatch }: Choice): string {
  const [only, ...others] = users;
  if (only === undefined) return "";
  if (kind === "misspelt" || !isMatch) {
    return others.length === 0
      ? `Did you mean ${escape(addressOf(only), 254)}?`
      : "Did you mean one of these?";
  }
  return others.length === 0 ? "Is it the right one?" : "Which one?";
}

function leftText(left: number, isCut: boolean): string {
  if (left === 0) return "There are more";
  return `${isCut ? "At least " : ""}${number(left)} more`;
}

function addressOf(user: AccessUser): string {
  return user.email || user.id;
}

/** A name may run from right to left: it has its own line, so that it turns nothing else around. */
function linesOf(user: AccessUser, showsId: boolean): string[] {
  const name = named(user.name, "");
  return compact(
    name !== "" && `*${escape(name, 80)}*`,
    code(addressOf(user), 254),
    lastSignIn(user),
    showsId && code(user.id),
  );
}

function lineOf(user: AccessUser, showsId: boolean): string {
  const name = named(user.name, "", 80);
  const who = name === "" ? addressOf(user) : `${name} (${addressOf(user)})`;
  return compact(escape(who, 200), lastSignIn(user), showsId && escape(user.id)).join(", ");
}

function lastSignIn({ lastLoginAt }: AccessUser): string {
  return lastLoginAt === null ? "no sign-in recorded" : `last sign-in ${when(lastLoginAt)}`;
}

/** An answer about the only user whom a name matches: it says first who that is. */
export function withMatch(name: string, user: AccessUser, answer: Message): Message {
  const shown = named(user.name, "", 80);
  const who = `${escape(addressOf(user), 254)}${shown === "" ? "" : ` (${escape(shown, 80)})`}`;
  const line = `"${escape(name, 100)}" matches one Access user: ${who}`;
  return { text: `${line}\n${answer.text}`, blocks: [context(line), ...answer.blocks] };
}
