import type {
  ActionsBlock,
  Button,
  ConfirmationDialog,
  ContainerBlock,
  ContextBlock,
  DividerBlock,
  HeaderBlock,
  KnownBlock,
  ModalView,
  MrkdwnElement,
  Overflow,
  PlainTextElement,
  SectionBlock,
} from "@slack/types";

import { compact, type Maybe } from "../compact.ts";
import { clean, cut, cutMarkup } from "./text.ts";

/** A message: `text` is what notifications and screen readers get, so it says who, what, risk and state. */
export interface Message {
  text: string;
  blocks: KnownBlock[];
}

/** A message of the blocks that are there. */
export function message(text: string, ...blocks: readonly Maybe<KnownBlock>[]): Message {
  return { text, blocks: compact(...blocks) };
}

/** A modal; one with `submit` is a form, and its `callbackId` names who takes it. */
export function modal(
  title: string,
  blocks: readonly Maybe<KnownBlock>[],
  form: { callbackId?: string; metadata?: string; submit?: string | null; close?: string } = {},
): ModalView {
  return {
    type: "modal",
    ...(form.callbackId !== undefined && { callback_id: form.callbackId }),
    ...(form.metadata !== undefined && { private_metadata: form.metadata }),
    title: plain(title, 24),
    ...(form.submit != null && { submit: plain(form.submit, 24) }),
    close: plain(form.close ?? "Close", 24),
    blocks: compact(...blocks),
  };
}

export function plain(text: string, max = 150): PlainTextElement {
  return { type: "plain_text", text: clean(text, max) || " ", emoji: false };
}

/**
 * Our own markup; text from outside is escaped before. `verbatim`: Slack makes no links of addresses, domains and
 * channel names by itself (https://docs.slack.dev/reference/block-kit/composition-objects/text-object).
 */
export function mrkdwn(text: string): MrkdwnElement {
  return { type: "mrkdwn", text: cutMarkup(text, 3000), verbatim: true };
}

export function header(text: string): HeaderBlock {
  return { type: "header", text: plain(text, 150) };
}

/** The lines that are there. */
export function section(...lines: readonly Maybe<string>[]): SectionBlock {
  return { type: "section", text: mrkdwn(compact(...lines).join("\n")) };
}

/** A section that Slack never folds behind "Show more": what someone decides by. */
export function expanded(...lines: readonly Maybe<string>[]): SectionBlock {
  return { ...section(...lines), expand: true };
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

/** A title and its lines in at most so many sections; what does not fit is counted below them. */
export function fitSections(
  title: string,
  lines: readonly string[],
  max: number,
  more: (left: number) => string,
): KnownBlock[] {
  const blocks = sections([title, ...lines]);
  if (blocks.length <= max) return blocks;
  const shown = blocks.slice(0, max);
  const count = shown.reduce((sum, { text }) => sum + (text?.text.split("\n").length ?? 0), -1);
  return [...shown, context(more(lines.length - count))];
}

export function context(...texts: readonly Maybe<string>[]): ContextBlock {
  const elements = compact(...texts).slice(0, 10);
  return { type: "context", elements: elements.map((text) => mrkdwn(text)) };
}

export function divider(): DividerBlock {
  return { type: "divider" };
}

/** Children of a container: https://docs.slack.dev/reference/block-kit/blocks/container-block */
const MAX_FOLDED = 10;

/** What Slack takes inside a container. Its docs name rich_text as well, but its validator refuses it. */
type Foldable = Extract<
  ContainerBlock["child_blocks"][number],
  { type: "actions" | "context" | "divider" | "header" | "image" | "section" | "table" }
>;

/**
 * Blocks under a title that opens them: what is not needed in the first five seconds. Messages only. `subtitle` is
 * shown also while it is folded. Blocks past the tenth stand in a second container; without any there is nothing.
 */
export function folded(
  title: string,
  blocks: readonly Maybe<Foldable>[],
  subtitle?: string,
): ContainerBlock[] {
  const children = compact(...blocks);
  if (children.length === 0) return [];
  const rest = children.slice(MAX_FOLDED);
  return [
    {
      type: "container",
      title: plain(title, 150),
      ...(subtitle !== undefined && { subtitle: plain(subtitle, 150) }),
      is_collapsible: true,
      default_collapsed: true,
      child_blocks: children.slice(0, MAX_FOLDED),
    },
    ...folded(`${title}, continued`, rest),
  ];
}

/** A request's id, as a link to its card where there is one. */
export function linked({ id }: { id: string }, link: string | null): string {
  return link === null ? id : `<${link}|${id}>`;
}

interface ButtonLooks {
  style?: "primary" | "danger" | undefined;
  confirm?: { title: string; text: string; confirm: string; deny?: string };
}

/** A button with an opaque value, a request's or an Access user's id: never data. A screen reader says `label`. */
export function button(
  text: string,
  action: string,
  value: string,
  label: string,
  { style, confirm }: ButtonLooks = {},
): Button {
  return {
    type: "button",
    text: plain(text, 75),
    action_id: action,
    value,
    accessibility_label: cut(clean(label), 75),
    ...(style !== undefined && { style }),
    ...(confirm !== undefined && { confirm: confirmation(confirm, style) }),
  };
}

export function linkButton(text: string, action: string, url: string): Button {
  return { type: "button", text: plain(text, 75), action_id: action, url };
}

/** Its button looks as the one that asks: red only where that is. */
function confirmation(
  { title, text, confirm, deny = "Back" }: NonNullable<ButtonLooks["confirm"]>,
  style: ButtonLooks["style"] = "primary",
): ConfirmationDialog {
  return {
    title: plain(title, 100),
    text: plain(text, 300),
    confirm: plain(confirm, 30),
    deny: plain(deny, 30),
    style,
  };
}

/** A row of the buttons and menus that are there; nothing without any. */
export function actions(blockId: string, ...buttons: readonly Maybe<Button | Overflow>[]): ActionsBlock[] {
  const elements = compact(...buttons);
  return elements.length === 0 ? [] : [{ type: "actions", block_id: blockId, elements }];
}
