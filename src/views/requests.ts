import type { Pause } from "../requests/pause.ts";
import { pausedLine } from "./pause.ts";
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
  /** How many approvers have to agree. */
  quorum: number;
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
  /** The reader may ask for changes: only then are they told how. */
  mayAsk: boolean;
  /** The reader may read the record. */
  mayAudit: boolean;
  /** Nothing is carried out, and why. */
  pause: Pause | null;
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
    const nothing = page > 1 ? "No more requests" : EMPTY[shown.kind];
    return {
      text: fitLines([...pausedLines(props), ...unreviewedLines(props), nothing], 3000),
      blocks: [
        ...pausedBlocks(props),
        ...unreviewedBlocks(props),
        section(`*${nothing}* (${when(now, "time")})`),
        context(page > 1 ? "→ Go back a page." : emptyNext(props)),
        ...paging,
      ],
    };
  }
  const first = (page - 1) * REQUESTS_PAGE_SIZE + 1;
  const isWhole = page === 1 && rows.length <= REQUESTS_PAGE_SIZE;
  const range = isWhole ? String(here.length) : `${first}–${first + here.length - 1}`;
  const title = `${titleOf(shown)} · ${range}`;
  return {
    text: fitLines(
      [...pausedLines(props), ...unreviewedLines(props), title, ...here.map((row) => lineOf(row))],
      3000,
    ),
    blocks: [
      ...pausedBlocks(props),
      ...unreviewedBlocks(props),
      section(`*${title}* (${when(now, "time")})`),
      ...here.map((row) => section(rowText(row, now))),
      ...hints(props).map((hint) => context(hint)),
      ...paging,
    ],
  };
}

function pausedLines({ pause, now }: RequestsProps): string[] {
  return pause === null ? [] : [pausedLine(pause, now)];
}

function pausedBlocks(props: RequestsProps): KnownBlock[] {
  return pausedLines(props).map((line) => section(line));
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

const EMPTY: Record<RequestsShown["kind"], string> = {
  open: "No request is open",
  mine: "You have asked for nothing yet",
  all: "Nothing has been asked for yet",
};

/** Nobody is sent to what they may not use. */
function emptyNext({ shown, mayAsk }: RequestsProps): string {
  if (shown.kind === "open")
    return `→ Everything that was asked is decided and done. \`/zt requests all\` shows it${mayAsk ? ", `/zt help` how to ask" : ""}.`;
  return mayAsk
    ? "→ `/zt revoke someone@example.com` asks to end their sessions; `/zt help` lists the rest."
    : "→ Operators ask; `/zt help` lists what you may do.";
}

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

/** One line at most. */
function hints({ shown: { kind }, mayAsk, mayAudit }: RequestsProps): string[] {
  const steps = [
    ...(kind === "open" ? ["`/zt requests all` shows those that are over"] : []),
    ...(mayAsk || kind === "mine" ? ["`/zt cancel` and an id takes back what you asked for"] : []),
    ...(mayAudit ? ["`/zt audit` and an id tells the story"] : []),
  ];
  return steps.length === 0 ? [] : [`${steps.join("; ")}.`];
}

function rowText({ request, words, link, quorum }: RequestRow, now: number): string {
  const headline = escape(words.headline, 200);
  const title = link === null ? `*${headline}*` : `*<${link}|${headline}>*`;
  const state = `${signOf(request)} ${stateWords(request, quorum)}`;
  const alone = request.breakGlass === null ? [] : [`🔴 ${aloneWords(request)}`];
  const facts = [
    code(request.id),
    `${mention(request.requesterId)} ${duration(now - request.createdAt)} ago`,
    ...(request.status === "pending" ? [expiryText(request, now)] : []),
  ];
  return [title, state, ...alone, facts.join(" · "), ...troubleLines(request)].join("\n");
}

/** A request's state at a glance: a tick stands for nothing but what was seen to be so. */
function signOf({ status, held, result }: Request): string {
  if (held !== null) return "⏸️";
  if (status === "succeeded" && result.verification?.confirmed !== true) return "⚠️";
  // Of several users, some are done: the card does not call that a failure either.
  if (status === "failed" && (result.bulk?.done ?? 0) > 0) return "⚠️";
  return SIGNS[status] ?? "⏳";
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
  unknown: "❔",
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

function lineOf({ request, words, quorum }: RequestRow): string {
  const { trouble } = request;
  const waits =
    trouble === undefined ? "" : `; messages are waiting: ${describeSlackTrouble(trouble.code).why}`;
  return `${request.id} ${escape(words.headline, 150)}: ${stateWords(request, quorum)}, asked by ${mention(request.requesterId)}${waits}`;
}
