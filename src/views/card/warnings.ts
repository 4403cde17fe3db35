import { compact } from "../../compact.ts";
import type { PlanLine } from "../../actions/define.ts";
import type { RequestText } from "../../actions/describe.ts";
import { escape, when } from "../text.ts";

type Words = Pick<RequestText, "caution" | "undo" | "access" | "isIrreversible">;

/** What must not be overlooked, a bold line each: that it gives access back, that no one can undo it. */
export function warningLines({ caution, undo, access, isIrreversible }: Words): string[] {
  return compact(
    access === "gives" && caution !== "" && `🔓 ${boldStart(escape(caution, 600))}`,
    isIrreversible && undo !== "" && `⛔ ${boldStart(escape(undo, 400))}`,
  );
}

/** What will happen, a line each. */
export function effectLines({ effects }: Pick<RequestText, "effects">): string[] {
  return effects.map((effect) => `• ${planLine(effect)}`);
}

/** In mrkdwn. */
export function planLine(line: PlanLine): string {
  return typeof line === "string" ? escape(line) : `${escape(line.text)} ${when(line.at)}`;
}

/** The rest of what an approver needs to know: small, below what will happen. */
export function plainLines({ caution, undo, access, isIrreversible }: Words): string[] {
  return compact(
    access !== "gives" && caution !== "" && `⚠️ ${escape(caution, 600)}`,
    !isIrreversible && undo !== "" && `↩️ ${escape(undo, 400)}`,
  );
}

/** Up to its colon: such a sentence begins with what it comes down to. */
function boldStart(sentence: string): string {
  const end = sentence.indexOf(":");
  return end === -1 ? `*${sentence}*` : `*${sentence.slice(0, end)}*${sentence.slice(end)}`;
}
