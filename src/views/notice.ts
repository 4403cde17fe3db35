import type { ModalView } from "@slack/types";

import type { UserMessage } from "../errors.ts";
import { plain, section, type Message } from "./blocks.ts";
import { escape, mention, principal } from "./text.ts";

/** What happened, why, and the next step: the form of every refusal and error. */
export function noticeText({ what, by, why, ask, next, link }: UserMessage): string {
  return [
    `*${escape(what, 700)}*${by === undefined ? "" : ` (by ${mention(by)})`}`,
    ...(why === undefined ? [] : [escape(why, 900)]),
    ...(ask === undefined || ask.length === 0 ? [] : [`Ask ${ask.slice(0, 10).map(principal).join(" ")}`]),
    ...(next === undefined ? [] : [`→ ${escape(next, 700)}`]),
    ...(link === undefined ? [] : [`<${link}|Open the card>`]),
  ].join("\n");
}

export function noticeMessage(detail: UserMessage): Message {
  const text = noticeText(detail);
  return { text: text.replaceAll("*", ""), blocks: [section(`⚠️ ${text}`)] };
}

/** What stands before a notice: a refusal or trouble, something done, something that has consequences. */
type Sign = "⚠️" | "☑️" | "🔴";

/** The same where a modal is open; there it may also tell what was done. */
export function noticeModal(title: string, detail: UserMessage, sign: Sign = "⚠️"): ModalView {
  return {
    type: "modal",
    title: plain(title, 24),
    close: plain("Close", 24),
    blocks: [section(`${sign} ${noticeText(detail)}`)],
  };
}

/** Opened at once, within Slack's three seconds, and filled when the answers are there. */
export function loadingModal(title: string, what: string): ModalView {
  return {
    type: "modal",
    title: plain(title, 24),
    close: plain("Close", 24),
    blocks: [section(`⏳ ${escape(what)}`)],
  };
}
