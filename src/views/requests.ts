import type { KnownBlock } from "@slack/types";

import type { RequestText } from "../requests/describe.ts";
import type { Request } from "../requests/request.ts";
import { describeSlackTrouble } from "../slack-trouble.ts";
import { aloneWords, reviewButton } from "./alone.ts";
import { context, divider, section, type Message } from "./blocks.ts";
import { stateWords } from "./card.ts";
import { fitLines } from "./fit.ts";
import { pagingButtons } from "./paging.ts";
import { code, duration, escape, mention, when } from "./text.ts";

export const REQUESTS_PAGE_SIZE = 10;

/** Which of the requests; `mine` names whose. */
export type RequestsShown = { kind: "open" } | { kind: "all" } | { kind: "mine"; userId: string };

export interface RequestRow {
  request: Request;
  words: RequestText;
  /** To its card. */
  link: string | null;
}

/** So many of those that wait for a review are shown: mostly there is none. */
export const UNREVIEWED_SHOWN = 5;

export interface RequestsProps {
  /** What was done alone and nobody has looked at yet, the longest wait first: at most as many as are shown. */
  unreviewed: readonly RequestRow[];
  unreviewedTotal: number;
  /** One more than a page when there is another. */
  rows: readonly RequestRow[];
  shown: RequestsShown;
  page: number;
  /** What leads here again, but for the page. */
  params: Readonly<Record<string, string | number>>;
  now: number;
}

/** `/zt requests`: what was asked and how it stands, three short lines each, for somebody with a phone. */
export function requestsMessage(props: RequestsProps): Message {
  const { rows, shown, page, params, now } = props;
  const here = rows.slice(0, REQUESTS_PAGE_SIZE);
  const paging = pagingButtons("requests", params, { page, hasNext: rows.length > REQUESTS_PAGE_SIZE });
  if (here.length === 0) {
    const nothing = page > 1 ? "No more requests" : EMPTY[shown.kind].what;
    return {
      text: fitLines([...unreviewedLines(props), nothing], 3000),
      blocks: [
        ...unreviewedBlocks(props),
        section(`*${nothing}* (${when(now, "time")})`),
        context(page > 1 ? "→ Go back a page." : EMPTY[shown.kind].next),
        ...paging,
      ],
    };
  }
  const first = (page - 1) * REQUESTS_PAGE_SIZE + 1;
  const isWhole = page === 1 && rows.length <= REQUESTS_PAGE_SIZE;
  const range = isWhole ? String(here.length) : `${first}–${first + here.length - 1}`;
  const title = `${titleOf(shown)} · ${range}`;
  return {
    text: fitLines([...unreviewedLines(props), title, ...here.map((row) => lineOf(row))], 3000),
    blocks: [
      ...unreviewedBlocks(props),
      section(`*${title}* (${when(now, "time")})`),
      ...here.map((row) => section(rowText(row, now))),
      context(nextText(shown)),
      ...paging,
    ],
  };
}

/** Each with its button: also where the card is not to be had any more, somebody can review it. */
function unreviewedBlocks({ unreviewed, unreviewedTotal: total, now }: RequestsProps): KnownBlock[] {
  if (unreviewed.length === 0) return [];
  const left = total - unreviewed.length;
  return [
    section(`🔴 *Done alone, and not reviewed yet · ${total}*`),
    ...unreviewed.flatMap((row) => [{ ...section(rowText(row, now)), accessory: reviewButton(row.request) }]),
    ...(left > 0 ? [context(`and ${left} more, when these are reviewed`)] : []),
    divider(),
  ];
}

function unreviewedLines({ unreviewed }: RequestsProps): string[] {
  return unreviewed.map(
    ({ request, words }) => `${request.id} ${escape(words.headline, 150)}: ${aloneWords(request)}`,
  );
}

const EMPTY: Record<RequestsShown["kind"], { what: string; next: string }> = {
  open: {
    what: "No request is open",
    next: "→ Everything that was asked is decided and done. `/zt requests all` shows it, `/zt help` how to ask.",
  },
  mine: {
    what: "You have asked for nothing yet",
    next: "→ `/zt revoke someone@example.com` asks to end their sessions; `/zt help` lists the rest.",
  },
  all: {
    what: "Nothing has been asked for yet",
    next: "→ `/zt revoke someone@example.com` asks to end their sessions; `/zt help` lists the rest.",
  },
};

function titleOf(shown: RequestsShown): string {
  switch (shown.kind) {
    case "open":
      return "Open requests";
    case "all":
      return "All requests, open ones first";
    case "mine":
      return `Requests of ${mention(shown.userId)}, open ones first`;
  }
}

function nextText({ kind }: RequestsShown): string {
  const others = kind === "open" ? "`/zt requests all` shows those that are over. " : "";
  return `${others}\`/zt cancel\` and an id takes back what you asked for; \`/zt audit\` and an id tells the story.`;
}

function rowText({ request, words, link }: RequestRow, now: number): string {
  const headline = escape(words.headline, 200);
  const title = link === null ? `*${headline}*` : `*<${link}|${headline}>*`;
  const state = `${SIGNS[request.status] ?? "⏳"} ${stateWords(request)}`;
  const alone = request.breakGlass === null ? [] : [`🔴 ${aloneWords(request)}`];
  const facts = [
    code(request.id),
    `${mention(request.requesterId)} ${duration(now - request.createdAt)} ago`,
    ...(request.status === "pending" ? [expiryText(request, now)] : []),
  ];
  return [title, state, ...alone, facts.join(" · "), ...troubleLines(request)].join("\n");
}

/** What is not here is under way. */
const SIGNS: Partial<Record<Request["status"], string>> = {
  voided: "🚫",
  pending: "🟡",
  denied: "⛔",
  cancelled: "⚪",
  expired: "⚪",
  succeeded: "✅",
  failed: "❌",
};

function expiryText({ expiresAt }: Request, now: number): string {
  return expiresAt > now ? `expires in ${duration(expiresAt - now)}` : "expires now";
}

function troubleLines(request: Request): string[] {
  const { trouble, card, status } = request;
  if (trouble !== undefined) {
    const { why, next } = describeSlackTrouble(trouble.code);
    const step = next === null ? "" : ` → ${escape(next)}`;
    return [`⚠️ messages are waiting: ${escape(why)} (since ${when(trouble.since)})${step}`];
  }
  return card.ts === null && status === "pending" ? ["⏳ its card is being posted"] : [];
}

function lineOf({ request, words }: RequestRow): string {
  const { trouble } = request;
  const waits =
    trouble === undefined ? "" : `; messages are waiting: ${describeSlackTrouble(trouble.code).why}`;
  return `${request.id} ${escape(words.headline, 150)}: ${stateWords(request)}, asked by ${mention(request.requesterId)}${waits}`;
}
