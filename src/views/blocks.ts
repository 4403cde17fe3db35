import type {
  ActionsBlock,
  Button,
  ConfirmationDialog,
  ContextBlock,
  DividerBlock,
  HeaderBlock,
  KnownBlock,
  MrkdwnElement,
  PlainTextElement,
  SectionBlock,
} from "@slack/types";

import { clean, cut, cutMarkup } from "./text.ts";

/** A message: `text` is what notifications and screen readers get, so it says who, what, risk and state. */
export interface Message {
  text: string;
  blocks: KnownBlock[];
}

export function plain(text: string, max = 150): PlainTextElement {
  return { type: "plain_text", text: clean(text, max) || " ", emoji: false };
}

export function mrkdwn(text: string): MrkdwnElement {
  return { type: "mrkdwn", text: cutMarkup(text, 3000) };
}

export function header(text: string): HeaderBlock {
  return { type: "header", text: plain(text, 150) };
}

export function section(text: string): SectionBlock {
  return { type: "section", text: mrkdwn(text) };
}

/** Lines in as few sections as hold them: no line is cut to fit. */
export function sections(lines: readonly string[]): SectionBlock[] {
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1);
    if (last === undefined || last.length + 1 + line.length > 3000) texts.push(line);
    else texts[texts.length - 1] = `${last}\n${line}`;
  }
  return texts.map((text) => section(text));
}

export function context(...texts: string[]): ContextBlock {
  return { type: "context", elements: texts.slice(0, 10).map((text) => mrkdwn(text)) };
}

export function divider(): DividerBlock {
  return { type: "divider" };
}

export interface ButtonOptions {
  text: string;
  action: string;
  /** An opaque id: a request's or an Access user's. Never data. */
  value?: string;
  style?: "primary" | "danger";
  url?: string;
  confirm?: { title: string; text: string; confirm: string; deny?: string; danger?: boolean };
  /** What a screen reader says instead of the text. */
  label?: string;
}

export function button(options: ButtonOptions): Button {
  const element: Button = { type: "button", text: plain(options.text, 75), action_id: options.action };
  if (options.value !== undefined) element.value = options.value;
  if (options.style !== undefined) element.style = options.style;
  if (options.url !== undefined) element.url = options.url;
  if (options.label !== undefined) element.accessibility_label = cut(clean(options.label), 75);
  if (options.confirm !== undefined) element.confirm = confirmation(options.confirm);
  return element;
}

function confirmation(options: NonNullable<ButtonOptions["confirm"]>): ConfirmationDialog {
  return {
    title: plain(options.title, 100),
    text: plain(options.text, 300),
    confirm: plain(options.confirm, 30),
    deny: plain(options.deny ?? "Back", 30),
    ...(options.danger === true ? { style: "danger" as const } : {}),
  };
}

export function actions(blockId: string, ...elements: Button[]): ActionsBlock {
  return { type: "actions", block_id: blockId, elements };
}
