import type { KnownBlock } from "@slack/types";

import { compact } from "../../compact.ts";
import type { RequestText } from "../../actions/describe.ts";
import { context, section } from "../blocks.ts";
import { escape } from "../text.ts";

type Words = Pick<RequestText, "caution" | "undo" | "access" | "isIrreversible">;

/** What must not be overlooked, a bold line each: that it gives access back, that nobody can undo it. */
export function warningLines({ caution, undo, access, isIrreversible }: Words): string[] {
  return compact(
    access === "gives" && `🔓 ${boldStart(escape(caution, 600))}`,
    isIrreversible && `⛔ ${boldStart(escape(undo, 400))}`,
  );
}

/** The rest of what is to be known before: small, below what will happen. */
export function plainLines({ caution, undo, access, isIrreversible }: Words): string[] {
  return compact(
    access !== "gives" && `⚠️ ${escape(caution, 600)}`,
    !isIrreversible && undo !== "" && `↩️ ${escape(undo, 400)}`,
  );
}

/** Right under the state, while it can still be stopped or is happening. */
export function warningBlocks(words: Words): KnownBlock[] {
  const lines = warningLines(words);
  return lines.length === 0 ? [] : [section(lines)];
}

/** Once it is over, nothing is grave any more: all of it is small. */
export function cautionBlocks(words: Words, isOver: boolean): KnownBlock[] {
  const shown: Words = isOver ? { ...words, access: "keeps", isIrreversible: false } : words;
  return plainLines(shown).map((line) => context(line));
}

/** Up to its colon: such a sentence begins with what it comes down to. */
function boldStart(sentence: string): string {
  const end = sentence.indexOf(":");
  return end === -1 ? `*${sentence}*` : `*${sentence.slice(0, end)}*${sentence.slice(end)}`;
}
