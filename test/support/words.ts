import { visibleText } from "../../sandbox/slack/text/visible-text.ts";
import type { Workspace } from "../../sandbox/slack/workspace.ts";

/** A workspace where nobody is known: mentions read as their ids. */
const NOWHERE = {
  options: { bot: { userId: "U0BOT", name: "zt-bot" }, channels: [], userGroups: [] },
  people: [],
} as unknown as Workspace;

/** The words of a message or a view as they stand on a screen, without sending it anywhere. */
export function readWords(shown: {
  blocks: readonly object[];
  text?: string;
  title?: { text: string };
}): string {
  return visibleText(NOWHERE, shown as unknown as Parameters<typeof visibleText>[1]);
}
