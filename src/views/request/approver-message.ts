import type { RequestText } from "../../actions/describe.ts";
import type { Rules } from "../../approvals/rules.ts";
import { newestVotes, type Request } from "../../requests/request.ts";
import { context, message, section, type Message } from "../blocks.ts";
import { cutMarkup, escape, principals } from "../text.ts";
import { compactCard, stateLine, stateWords } from "../card/card.ts";

interface ApproverMessageProps {
  request: Request;
  words: RequestText;
  /** As the policy is now. */
  rules: Rules;
  now: number;
  /** To the card; null where there is none. */
  link: string | null;
  /** The approver who reads it, as a Slack user id. */
  to: string;
}

/**
 * The direct message that asks an approver to decide, with the card's buttons. Once it is decided, or this approver has
 * approved, it is one line without them.
 */
export function approverMessage(props: ApproverMessageProps): Message {
  const { request, words, rules, link, to } = props;
  const headline = escape(words.headline, 200);
  const title = link === null ? `*${headline}*` : `*<${link}|${headline}>*`;
  const state = stateWords(request, rules.quorum);
  if (request.status !== "pending") {
    const line = `${stateLine(request, { max: MAX_TYPED })} · ${title}`;
    return message(cutMarkup(`${headline}: ${state}`, 3000), section(line));
  }
  if (newestVotes(request.votes).some(({ by }) => by === to))
    return message(`You approved ${headline}: ${state}`, section(`👍 You approved ${title} · ${state}`));
  const card = compactCard(props);
  return link === null ? card : message(card.text, card.blocks, context(`<${link}|Open the card>`));
}

/** Characters of what people and Cloudflare explain at length: the card has all of it. */
const MAX_TYPED = 120;

/** In the thread: whom it needs. Past this many a line is a list that no one feels meant by. */
const MAX_MENTIONED = 20;

export function approversText(asked: readonly string[]): string {
  return `🟡 ${principals(asked, MAX_MENTIONED)}: this needs your approval. The buttons are on the card above.`;
}
