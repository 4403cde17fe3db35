import type { Button, KnownBlock, ModalView } from "@slack/types";

import type { RequestText } from "../../actions/describe.ts";
import type { Rules } from "../../approvals/rules.ts";
import type { Asked } from "../../asking/ask.ts";
import { compact } from "../../compact.ts";
import { plural } from "../../pluralize.ts";
import { isFinal, type Request } from "../../requests/request.ts";
import { actions, button, context, message, modal, section, type Message } from "../blocks.ts";
import { needsLine } from "../card/approvals.ts";
import { duration, escape, when } from "../text.ts";
import { breakGlassButton } from "../card/break-glass.ts";
import { stateLine, stateWords } from "../card/card.ts";
import { pausedLine } from "./pause.ts";
import { outcomeMessage } from "./thread.ts";
import { leftOutBlocks } from "./unknown-users.ts";
import { nobodyThere } from "../card/waiting.ts";

export const ASKED_ACTIONS = { refresh: "request_refresh" } as const;

/** The answer to the requester: what was requested, where the card is, what it needs. */
export function askedMessage(asked: Asked): Message {
  const { request, headline, quorum, mayUseBreakGlass } = asked;
  return message(
    `Requested: ${escape(headline)}. It needs ${plural(quorum, "approval")}.`,
    askedBlocks(asked),
    actions("asked", refreshButton(request), mayUseBreakGlass && breakGlassButton(request)),
  );
}

/** The same as the end of the form, which has nothing to be refreshed in. */
export function askedModal(asked: Asked): ModalView {
  const { request, mayUseBreakGlass } = asked;
  const blocks = [askedBlocks(asked), mayUseBreakGlass && actions("asked", breakGlassButton(request))];
  return modal("Requested", compact(...blocks), { close: "Done" });
}

function askedBlocks({ request, headline, link, trouble, pause, quorum }: Asked): KnownBlock[] {
  const why = trouble === null ? "" : `: ${escape(trouble)}`;
  return compact<KnownBlock>(
    section(
      `🟡 *Requested:* ${escape(headline)}`,
      link === null
        ? `⚠️ Its card is not in the approvals channel yet${why}. You get a link when it is.`
        : `Needs ${plural(quorum, "approval")} · <${link}|Open the card>`,
    ),
    leftOutBlocks(request.plan),
    pause !== null && section(pausedLine(pause, request.createdAt)),
    nobodyThere(request).map((line) => section(line)),
    context(`${request.id} · expires in ${duration(request.expiresAt - request.createdAt)}`),
  );
}

/**
 * That answer again, as things are now, in its place. Slack does not let an answer to a command be changed by anything
 * but a button in it: https://github.com/slackapi/bolt-js/issues/2287
 */
export function refreshedMessage(
  request: Request,
  words: RequestText,
  rules: Rules,
  link: string | null,
): Message {
  if (isFinal(request.status)) return outcomeMessage(request, words, link);
  const isPending = request.status === "pending";
  return message(
    `${escape(words.headline)}: ${stateWords(request, rules.quorum)}`,
    section(
      `*${escape(words.headline)}*`,
      isPending ? needsLine(request, rules) : stateLine(request),
      nobodyThere(request),
      link !== null && `<${link}|Open the card>`,
    ),
    context(`${request.id}${isPending ? ` · expires ${when(request.expiresAt)}` : ""}`),
    actions("asked", refreshButton(request)),
  );
}

function refreshButton({ id }: Request): Button {
  return button("Refresh", ASKED_ACTIONS.refresh, id, `How ${id} stands now`);
}
