import type { KnownBlock } from "@slack/types";

import type { RequestText } from "../requests/describe.ts";
import { context, section } from "./blocks.ts";
import { escape } from "./text.ts";

type Words = Pick<RequestText, "caution" | "undo" | "effect" | "isIrreversible">;

/** What must not be overlooked, a bold line each: that it gives access back, that nobody can undo it. */
export function graveLines({ caution, undo, effect, isIrreversible }: Words): string[] {
  return [
    ...(effect === "restores" ? [`🔓 ${boldStart(escape(caution, 600))}`] : []),
    ...(isIrreversible ? [`⛔ ${boldStart(escape(undo, 400))}`] : []),
  ];
}

/** The rest of what is to be known before: small, below what will happen. */
export function plainLines({ caution, undo, effect, isIrreversible }: Words): string[] {
  return [
    ...(effect === "restores" ? [] : [`⚠️ ${escape(caution, 600)}`]),
    ...(isIrreversible ? [] : [`↩️ ${escape(undo, 400)}`]),
  ];
}

/** Right under the state, while it can still be stopped or is happening. */
export function graveBlocks(words: Words): KnownBlock[] {
  const lines = graveLines(words);
  return lines.length === 0 ? [] : [section(lines.join("\n"))];
}

/** Once it is over, nothing is grave any more: all of it is small. */
export function cautionBlocks(words: Words, isOver: boolean): KnownBlock[] {
  const shown: Words = isOver ? { ...words, effect: "changes", isIrreversible: false } : words;
  return plainLines(shown).map((line) => context(line));
}

/** Up to its colon: such a sentence begins with what it comes down to. */
function boldStart(sentence: string): string {
  const end = sentence.indexOf(":");
  return end === -1 ? `*${sentence}*` : `*${sentence.slice(0, end)}*${sentence.slice(end)}`;
}
