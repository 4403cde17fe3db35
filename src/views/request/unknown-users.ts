import type { KnownBlock } from "@slack/types";

import type { UnknownUsersError } from "../../asking/unknown-users.ts";
import { number } from "../../pluralize.ts";
import { actions, fitSections, message, type Message } from "../blocks.ts";
import { formButton } from "../form-button.ts";
import { noticeText, problemBlocks } from "../notice.ts";
import { code, cutMarkup, escape } from "../text.ts";

/** Sections for either list; a message has room for about 13,000 characters, a form for more. */
const MAX_IN_MESSAGE = 1;
const MAX_IN_FORM = 12;

/** The names that nobody has, each with its reason: above the form, in which those who are known stay. */
export function unknownUsersBlocks({ detail, unknown }: UnknownUsersError): KnownBlock[] {
  return [...problemBlocks(detail), ...listed("Not known", unknown.map(line), MAX_IN_FORM)];
}

/** The answer to a command; the button opens the form with those who are known. */
export function unknownUsersMessage(
  { detail, unknown, found }: UnknownUsersError,
  draftId: string | null,
): Message {
  const text = `${noticeText(detail).replaceAll("*", "")}\n${unknown.map((one) => escape(one)).join("\n")}`;
  const known = found.map(({ email }) => `• ${code(email, 254)}`);
  const label = `Go on without those who are not known: opens the form with the ${found.length} others`;
  const goOn = (draft: string) =>
    formButton(`Go on with the ${found.length} known…`, "revoke", "draft", { draft }, label);
  return message(
    cutMarkup(text, 3000),
    problemBlocks(detail),
    listed("Not known", unknown.map(line), MAX_IN_MESSAGE),
    listed("Known", known, MAX_IN_MESSAGE),
    draftId !== null && actions("go-on", goOn(draftId)),
  );
}

function line(text: string): string {
  return `• ${escape(text, 400)}`;
}

/** A list as far as it fits; what is left out is counted. */
function listed(title: string, lines: readonly string[], max: number): KnownBlock[] {
  if (lines.length === 0) return [];
  return fitSections(
    `*${title}* (${lines.length})`,
    lines,
    max,
    (left) => `and ${number(left)} more that do not fit here`,
  );
}
