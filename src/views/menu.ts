import type { Button, Overflow } from "@slack/types";

import { compact, type Maybe } from "../compact.ts";
import { plain } from "./blocks.ts";

/** Menus of what buttons would do: `menu:<which>`. */
export const MENU_PREFIX = "menu:";

/** Slack takes no more in the value of an option. */
const MAX_VALUE = 75;

/**
 * Two to five buttons as one "•••" menu. An option carries the button's action id and value (`screen:devices:open?user=…`)
 * and is handled as that button. An id longer than Cloudflare documents does not fit: its option is left out.
 */
export function menuOf(which: string, ...buttons: readonly Maybe<Button>[]): Overflow[] {
  const options = compact(...buttons).map(({ text, action_id: action = "", value = "", url }) => ({
    text: plain(text.text, 75),
    value: `${action}?${value}`,
    ...(url !== undefined && { url }),
  }));
  const fitting = options.filter(({ value }) => value.length <= MAX_VALUE);
  return fitting.length === 0
    ? []
    : [{ type: "overflow", action_id: `${MENU_PREFIX}${which}`, options: fitting }];
}

/** The button that a chosen option stands for. */
export function parseChoice(chosen: string): { actionId: string; value: string } {
  const at = chosen.indexOf("?");
  return at < 0
    ? { actionId: chosen, value: "" }
    : { actionId: chosen.slice(0, at), value: chosen.slice(at + 1) };
}
