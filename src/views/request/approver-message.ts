import type { Button } from "@slack/types";

import type { RequestText } from "../../actions/describe.ts";
import { actionOf } from "../../actions/index.ts";
import { compact } from "../../compact.ts";
import { newestVotes, type Request } from "../../requests/request.ts";
import { actions, button, context, message, section, type Message } from "../blocks.ts";
import { cutMarkup, escape, mention, principals, when } from "../text.ts";
import { CARD_ACTIONS, stateLine, stateWords } from "./card.ts";

interface ApproverMessageProps {
  request: Request;
  words: RequestText;
  /** To the card; null where there is none. */
  link: string | null;
  /** How many approvals it needs. */
  quorum: number;
  /** The approver who reads it, as a Slack user id. */
  to: string;
}

/**
 * The direct message that asks an approver to decide, with the card's buttons. Once it is decided, or this approver has
 * agreed, it is one line without them.
 */
export function approverMessage({ request, words, link, quorum, to }: ApproverMessageProps): Message {
  const headline = escape(words.headline, 200);
  const title = link === null ? `*${headline}*` : `*<${link}|${headline}>*`;
  const { status, votes, reason, requesterId } = request;
  if (status !== "pending") {
    const text = `${headline}: ${stateWords(request, quorum)}`;
    return message(cutMarkup(text, 3000), section(`${stateLine(request, quorum)} · ${title}`));
  }
  if (newestVotes(votes).some(({ by }) => by === to)) {
    const said = `👍 You approved ${title} · ${stateWords(request, quorum)}`;
    return message(`You approved ${headline}: ${stateWords(request, quorum)}`, section(said));
  }
  return message(
    cutMarkup(
      `Needs your approval: ${headline}. Requested by ${mention(requesterId)}. ${escape(reason, 500)}`,
      3000,
    ),
    section(
      `🟡 *Needs your approval*: ${title}`,
      `Requested by ${mention(requesterId)}: ${escape(reason, 500)}`,
    ),
    actions("approver_actions", decisionButtons(request, words)),
    context(
      compact(
        request.id,
        `expires ${when(request.expiresAt)}`,
        quorum > 1 && `needs ${quorum} approvals`,
      ).join(" · "),
    ),
  );
}

/** Approve, Deny and Details, as on the card: the same ids, authorised again at each click. */
export function decisionButtons(request: Pick<Request, "id" | "plan">, words: RequestText): Button[] {
  const { id, plan } = request;
  const confirm = { title: `${words.label}?`, text: words.question, confirm: "Approve" };
  const style = actionOf(plan).isIrreversible === true ? "danger" : "primary";
  return [
    button("Approve", CARD_ACTIONS.approve, id, `Approve: ${words.headline}`, { style, confirm }),
    button("Deny", CARD_ACTIONS.deny, id, `Deny ${id}, with a reason`),
    button("Details", CARD_ACTIONS.details, id, `Details of ${id}`),
  ];
}

/** In the thread: whom it needs. Past this many a line is a list that no one feels meant by. */
const MAX_MENTIONED = 20;

export function approversText(asked: readonly string[]): string {
  return `🟡 ${principals(asked, MAX_MENTIONED)}: this needs your approval. The buttons are on the card above.`;
}
