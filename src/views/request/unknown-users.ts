import type { KnownBlock } from "@slack/types";

import type { NotFound, UnknownUsersError } from "../../asking/unknown-users.ts";
import { number, plural } from "../../pluralize.ts";
import { leftOutOf, type Plan } from "../../requests/plan.ts";
import { actions, expanded, fitSections, message, type Message } from "../blocks.ts";
import { firstLines } from "../fit.ts";
import { formButton } from "../forms/button.ts";
import { noticeText, problemBlocks } from "../notice.ts";
import { code, cutMarkup, escape } from "../text.ts";

/** Sections for either list; a message has room for about 13,000 characters, a form for more. */
const MAX_IN_MESSAGE = 1;
const MAX_IN_FORM = 12;

/** The names that were not found, each with its reason: above the form, in which all that was typed stays. */
export function unknownUsersBlocks({ detail, notFound }: UnknownUsersError): KnownBlock[] {
  return [...problemBlocks(detail), ...listed("Not found", notFound.map(line), MAX_IN_FORM)];
}

/** The answer to a command; the button opens the form with all that was typed, set to go on without them. */
export function unknownUsersMessage(
  { detail, notFound, found }: UnknownUsersError,
  draftId: string,
): Message {
  const text = `${noticeText(detail).replaceAll("*", "")}\n${notFound.map(({ name, why }) => escape(`${name}: ${why}`)).join("\n")}`;
  const known = found.map(({ email }) => `• ${code(email, 254)}`);
  const goOn = formButton(
    `Go on with ${number(found.length)} found…`,
    "revoke",
    "without",
    { draft: draftId },
    `Opens the form for the ${plural(found.length, "user")} found, without the others`,
  );
  const fix = formButton(
    "Fix the names…",
    "revoke",
    "draft",
    { draft: draftId },
    "Opens the form with all that you typed",
  );
  return message(
    cutMarkup(text, 3000),
    problemBlocks(detail),
    listed("Not found", notFound.map(line), MAX_IN_MESSAGE),
    listed("Found", known, MAX_IN_MESSAGE),
    actions("go-on", found.length > 0 && goOn, fix),
  );
}

/** Left-out names on a card or in an answer; Details names all. */
const MAX_NAMED = 5;

/** Who was named and is left out, under a request; nothing where no one is. */
export function leftOutBlocks(plan: Plan, max = MAX_NAMED): KnownBlock[] {
  const leftOut = leftOutOf(plan);
  if (leftOut.length === 0) return [];
  const more = (left: number) => `and ${number(left)} more: see Details`;
  return [expanded(`⚠️ *Left out: ${plural(leftOut.length, "name")}*`, firstLines(leftOut, max, line, more))];
}

/** The same, all of them, for a modal. */
export function allLeftOutBlocks(plan: Plan, maxSections: number): KnownBlock[] {
  return listed("Left out", leftOutOf(plan).map(line), maxSections);
}

function line({ name, why }: NotFound): string {
  return `• ${code(name, 254)}: ${escape(why, 150)}`;
}

/** A list as far as it fits; what is left out is counted. */
function listed(title: string, lines: readonly string[], max: number): KnownBlock[] {
  if (lines.length === 0) return [];
  return fitSections(`*${title}* (${lines.length})`, lines, max, (left) => `and ${number(left)} more`);
}
