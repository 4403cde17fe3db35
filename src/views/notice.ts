import type { ModalView, SectionBlock } from "@slack/types";

import { compact } from "../compact.ts";
import type { UserMessage } from "../errors.ts";
import { message, modal, section, type Message } from "./blocks.ts";
import { escape, mention, principal } from "./text.ts";

/** What happened, why, and the next step: the form of every refusal and error. */
export function noticeText({ what, by, why, ask, next, link }: UserMessage): string {
  return compact(
    whatText(what, by),
    why !== undefined && escape(why, 900),
    ask !== undefined && ask.length > 0 && `Ask ${ask.slice(0, 10).map(principal).join(" ")}`,
    next !== undefined && `→ ${escape(next, 700)}`,
    link !== undefined && `<${link}|Open the card>`,
  ).join("\n");
}

function whatText(what: string, by: string | undefined): string {
  const said = escape(what, 700);
  if (by === undefined) return `*${said}*`;
  return said.endsWith(".") ? `*${said}* (by ${mention(by)})` : `*${said} by ${mention(by)}.*`;
}

export function noticeMessage(detail: UserMessage): Message {
  const text = noticeText(detail);
  return message(text.replaceAll("*", ""), section(`⚠️ ${text}`));
}

/** Above a form that was sent and could not be taken. */
export function problemBlocks(problem: UserMessage | undefined): SectionBlock[] {
  return problem === undefined ? [] : [section(`⚠️ ${noticeText(problem)}`)];
}

/** What stands before a notice: a refusal or trouble, something done, something that has consequences. */
type Sign = "⚠️" | "☑️" | "🔴";

/** The same where a modal is open; there it may also tell what was done. */
export function noticeModal(title: string, detail: UserMessage, sign: Sign = "⚠️"): ModalView {
  return modal(title, [section(`${sign} ${noticeText(detail)}`)]);
}

/** Opened at once, within Slack's three seconds, and filled when the answers are there. */
export function loadingModal(title: string, what: string): ModalView {
  return modal(title, [section(`⏳ ${escape(what)}`)]);
}
