import type { RequestText } from "../requests/describe.ts";
import type { Request } from "../requests/request.ts";
import { context, section, type Message } from "./blocks.ts";
import { stateLine, stateWords } from "./card.ts";
import { escape } from "./text.ts";
import { nextStep } from "./thread.ts";

/** The answer to `/zt cancel`: how the request stands now. */
export function cancelledMessage(request: Request, words: RequestText, link: string | null): Message {
  return {
    text: `${escape(words.headline)}: ${stateWords(request)}`,
    blocks: [
      section(
        `*${escape(words.headline)}*\n${stateLine(request)}${request.status === "cancelled" ? ". Nothing was done." : ""}`,
      ),
      context(`${link === null ? request.id : `<${link}|${request.id}>`} · ${nextStep(request, words)}`),
    ],
  };
}
