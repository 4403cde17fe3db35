import type { Button } from "@slack/types";

import { button } from "./blocks.ts";

/** Buttons that show a subcommand's answer again, or another one's: `screen:<subcommand>:<which>`. */
export const SCREEN_PREFIX = "screen:";

/** Ids and numbers only: whatever a click brings is looked up and checked again. */
export type Params = Readonly<Record<string, string | number>>;

/**
 * A button that shows the screen of a subcommand. `which` tells buttons to the same screen in one message apart;
 * "previous", "next", "last", "refresh" and "fold" change the message in place.
 */
export function screenButton(
  text: string,
  screen: string,
  params: Params,
  label: string,
  which = "open",
): Button {
  return button(text, `${SCREEN_PREFIX}${screen}:${which}`, packParams(params), label);
}

/** `user=…&page=2` */
export function packParams(params: Params): string {
  const packed = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) packed.set(name, String(value));
  return packed.toString();
}

const IN_PLACE: ReadonlySet<string> = new Set(["previous", "next", "last", "refresh", "fold"]);

/** What a screen button's action id says; `inPlace`: the message itself is redrawn. */
export function parseScreenAction(actionId: string): { screen: string; inPlace: boolean } {
  const [, screen = "", which = ""] = actionId.split(":");
  return { screen, inPlace: IN_PLACE.has(which) };
}

/** What a click carried. */
export function unpackParams(value: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(value));
}
