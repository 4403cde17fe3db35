import type { Asked } from "../requests/ask.ts";
import type { ModalView } from "@slack/types";
import { breakGlassButton } from "./alone.ts";
import { actions, context, plain, section, type Message } from "./blocks.ts";
import { pausedLine } from "./pause.ts";
import { duration, escape } from "./text.ts";
import { nobodyThere } from "./waiting.ts";

/** The answer to who asked: what was asked, where the card is, what comes next. */
export function askedMessage(asked: Asked): Message {
  const { request } = asked;
  return {
    text: `Asked: ${escape(asked.headline)}. It waits for approval.`,
    blocks: [
      section(
        asked.link === null
          ? `🟡 *Asked:* ${escape(asked.headline)}\n⚠️ The request is recorded, but its card is not in the approvals channel yet${asked.trouble === null ? "" : `: ${escape(asked.trouble)}`}. It is posted as soon as that works.`
          : `🟡 *Asked:* ${escape(asked.headline)}\n<${asked.link}|Open the card> in the approvals channel`,
      ),
      ...(asked.pause === null ? [] : [section(pausedLine(asked.pause, request.createdAt))]),
      ...nobodyThere(request).map((line) => section(line)),
      context(
        `${request.id} · nothing happens until ${asked.quorum === 1 ? "somebody approves" : `${asked.quorum} approvers agree`} · expires in ${duration(request.expiresAt - request.createdAt)} · you are told how it ends`,
      ),
      ...(asked.mayActAlone ? [actions("asked_alone", breakGlassButton(request))] : []),
    ],
  };
}

export function askedModal(asked: Asked): ModalView {
  return {
    type: "modal",
    title: plain("Asked", 24),
    close: plain("Done", 24),
    blocks: askedMessage(asked).blocks,
  };
}
