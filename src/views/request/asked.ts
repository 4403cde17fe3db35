import type { ModalView } from "@slack/types";

import type { Asked } from "../../asking/ask.ts";
import { actions, context, message, modal, section, type Message } from "../blocks.ts";
import { duration, escape } from "../text.ts";
import { breakGlassButton } from "./break-glass.ts";
import { pausedLine } from "./pause.ts";
import { leftOutBlocks } from "./unknown-users.ts";
import { nobodyThere } from "./waiting.ts";

/** The answer to who asked: what was asked, where the card is, what comes next. */
export function askedMessage({
  request,
  headline,
  link,
  trouble,
  pause,
  quorum,
  mayUseBreakGlass,
}: Asked): Message {
  const why = trouble === null ? "" : `: ${escape(trouble)}`;
  const needed = quorum === 1 ? "somebody approves" : `${quorum} approvers agree`;
  return message(
    `Asked: ${escape(headline)}. It waits for approval.`,
    section(
      `🟡 *Asked:* ${escape(headline)}`,
      link === null
        ? `⚠️ The request is recorded, but its card is not in the approvals channel yet${why}. It is posted as soon as that works.`
        : `<${link}|Open the card> in the approvals channel`,
    ),
    leftOutBlocks(request.plan),
    pause !== null && section(pausedLine(pause, request.createdAt)),
    nobodyThere(request).map((line) => section(line)),
    context(
      `${request.id} · nothing happens until ${needed} · expires in ${duration(request.expiresAt - request.createdAt)} · you are told how it ends`,
    ),
    mayUseBreakGlass && actions("asked_alone", breakGlassButton(request)),
  );
}

export function askedModal(asked: Asked): ModalView {
  return modal("Asked", askedMessage(asked).blocks, { close: "Done" });
}
