import type { KnownBlock } from "@slack/types";

import type { UnknownUsersError } from "../requests/unknown-users.ts";
import { actions, context, section, sections, type Message } from "./blocks.ts";
import { formButton } from "./form-button.ts";
import { noticeText } from "./notice.ts";
import { code, cutMarkup, escape } from "./text.ts";

/** Sections for either list; a message has room for about 13,000 characters, a form for more. */
const MAX_IN_MESSAGE = 1;
const MAX_IN_FORM = 12;

/** The names that nobody has, each with its reason: above the form, in which those who are known stay. */
export function unknownUsersBlocks({ detail, unknown }: UnknownUsersError): KnownBlock[] {
  return [section(`⚠️ ${noticeText(detail)}`), ...listed("Not known", unknown.map(line), MAX_IN_FORM)];
}

/** The answer to a command; the button opens the form with those who are known. */
export function unknownUsersMessage(
  { detail, unknown, found }: UnknownUsersError,
  draftId: string | null,
): Message {
  const notice = noticeText(detail);
  return {
    text: cutMarkup(`${notice.replaceAll("*", "")}\n${unknown.map((one) => escape(one)).join("\n")}`, 3000),
    blocks: [
      section(`⚠️ ${notice}`),
      ...listed("Not known", unknown.map(line), MAX_IN_MESSAGE),
      ...listed(
        "Known",
        found.map(({ email }) => `• ${code(email, 254)}`),
        MAX_IN_MESSAGE,
      ),
      ...(draftId === null
        ? []
        : [
            actions(
              "go-on",
              formButton({
                text: `Go on with the ${found.length} known…`,
                action: "revoke",
                which: "draft",
                params: { draft: draftId },
                label: `Go on without those who are not known: opens the form with the ${found.length} others`,
              }),
            ),
          ]),
    ],
  };
}

function line(text: string): string {
  return `• ${escape(text, 400)}`;
}

/** A list as far as it fits; what is left out is counted. */
function listed(title: string, lines: readonly string[], max: number): KnownBlock[] {
  if (lines.length === 0) return [];
  const blocks = sections([`*${title}* (${lines.length})`, ...lines]);
  if (blocks.length <= max) return blocks;
  const shown = blocks.slice(0, max);
  const count = shown.reduce((sum, { text }) => sum + (text?.text.split("\n").length ?? 0), -1);
  return [
    ...shown,
    context(`and ${(lines.length - count).toLocaleString("en-US")} more that do not fit here`),
  ];
}
