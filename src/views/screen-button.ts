import type { Button } from "@slack/types";

import { button } from "./blocks.ts";

/** Buttons that show a subcommand's answer again, or another one's: `screen:<subcommand>:<which>`. */
export const SCREEN_PREFIX = "screen:";

export interface ScreenButtonOptions {
  text: string;
  /** The subcommand whose screen is shown. */
  screen: string;
  /** Tells buttons to the same screen in one message apart. "previous" and "next" turn the page in place. */
  which: string;
  /** Ids and numbers only. */
  params: Readonly<Record<string, string | number>>;
  label?: string;
  style?: "primary" | "danger";
}

export function screenButton({ text, screen, which, params, label, style }: ScreenButtonOptions): Button {
  return button({
    text,
    action: `${SCREEN_PREFIX}${screen}:${which}`,
    value: packParams(params),
    ...(label === undefined ? {} : { label }),
    ...(style === undefined ? {} : { style }),
  });
}

/** `user=…&page=2` */
export function packParams(params: Readonly<Record<string, string | number>>): string {
  const packed = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) packed.set(name, String(value));
  return packed.toString();
}

export interface ScreenClick {
  screen: string;
  /** The page is turned in the message itself; anything else is a new message. */
  inPlace: boolean;
}

/** What a screen button's action id says. */
export function parseScreenAction(actionId: string): ScreenClick {
  const [, screen = "", which = ""] = actionId.split(":");
  return { screen, inPlace: which === "previous" || which === "next" };
}

/** What a click carried. Everything in it is looked up and checked again. */
export function unpackParams(value: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(value));
}
