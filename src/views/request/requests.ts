import type { KnownBlock } from "@slack/types";

import type { RequestText } from "../../actions/describe.ts";
import { compact } from "../../compact.ts";
import type { Pause } from "../../requests/pause.ts";
import type { Request } from "../../requests/request.ts";
import { describeSlackTrouble } from "../../slack-trouble.ts";
import { actions, context, divider, message, section, type Message } from "../blocks.ts";
import { fitLines } from "../fit.ts";
import { pagingButtons } from "../list.ts";
import { code, duration, escape, mention, when } from "../text.ts";
import { breakGlassWords, reviewButton } from "./break-glass.ts";
import { stateWords } from "./card.ts";
import { pausedLine } from "./pause.ts";

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
  const { rows, shown, page, params, now, pause } = props;
  const here = rows.slice(0, REQUESTS_PAGE_SIZE);
  const hasNext = rows.length > REQUESTS_PAGE_SIZE;
  const first = (page - 1) * REQUESTS_PAGE_SIZE + 1;
  const range = page === 1 && !hasNext ? String(here.length) : `${first}–${first + here.length - 1}`;
  const nothing = page > 1 ? "No more requests" : EMPTY[shown.kind];
  const title = here.length === 0 ? nothing : `${titleOf(shown)} · ${range}`;
  const next = page > 1 ? "→ Go back a page." : emptyNext(props);
  const hint = here.length === 0 ? next : hintText(props);
  const paused = pause === null ? null : pausedLine(pause, now);
  return message(
    fitLines(compact(paused, unreviewedLines(props), title, here.map(lineOf)), 3000),
    paused !== null && section(paused),
    unreviewedBlocks(props),
    section(`*${title}* (${when(now, "time")})`),
    here.map((row) => section(rowLines(row, now))),
    hint !== null && context(hint),
    actions("paging", pagingButtons("requests", params, { page, hasNext })),
  );
}

/** Each with its button: also where the card is not to be had any more, somebody can review it. */
function unreviewedBlocks({ unreviewed, unreviewedTotal: total, now }: RequestsProps): KnownBlock[] {
  if (unreviewed.length === 0) return [];
  const left = total - unreviewed.length;
  return compact<KnownBlock>(
    section(`🔴 *Done alone, and not reviewed yet · ${total}*`),
    unreviewed.map((row) => ({ ...section(rowLines(row, now)), accessory: reviewButton(row.request) })),
    left > 0 && context(`and ${left} more, when these are reviewed`),
    divider(),
  );
}

function unreviewedLines({ unreviewed }: RequestsProps): string[] {
  return unreviewed.map(
    ({ request, words }) => `${request.id} ${escape(words.headline, 150)}: ${breakGlassWords(request)}`,
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

function hintText({ shown: { kind }, mayAsk, mayAudit }: RequestsProps): string | null {
  const steps = compact(
    kind === "open" && "`/zt requests all` shows those that are over",
    (mayAsk || kind === "mine") && "`/zt cancel` and an id takes back what you asked for",
    mayAudit && "`/zt audit` and an id tells the story",
  );
  return steps.length === 0 ? null : `${steps.join("; ")}.`;
}

function rowLines({ request, words, link, quorum }: RequestRow, now: number): string[] {
  const headline = escape(words.headline, 200);
  const facts = compact(
    code(request.id),
    `${mention(request.requesterId)} ${duration(now - request.createdAt)} ago`,
    request.status === "pending" && expiryText(request, now),
  );
  return compact(
    link === null ? `*${headline}*` : `*<${link}|${headline}>*`,
    `${signOf(request)} ${stateWords(request, quorum)}`,
    request.breakGlass !== null && `🔴 ${breakGlassWords(request)}`,
    facts.join(" · "),
    deliveryFailureLine(request),
  );
}

/** A request's state at a glance: a tick stands for nothing but what was seen to be so. */
export function signOf({ status, held, result }: Request): string {
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

function deliveryFailureLine({ deliveryFailure, card, status }: Request): string | null {
  if (deliveryFailure === undefined)
    return card.ts === null && status === "pending" ? "⏳ its card is being posted" : null;
  const { why, next } = describeSlackTrouble(deliveryFailure.code);
  const step = next === null ? "" : ` → ${escape(next)}`;
  return `⚠️ messages are waiting: ${escape(why)} (since ${when(deliveryFailure.since)})${step}`;
}

function lineOf({ request, words, quorum }: RequestRow): string {
  const { deliveryFailure } = request;
  const waits =
    deliveryFailure === undefined
      ? ""
      : `; messages are waiting: ${describeSlackTrouble(deliveryFailure.code).why}`;
  return `${request.id} ${escape(words.headline, 150)}: ${stateWords(request, quorum)}, asked by ${mention(request.requesterId)}${waits}`;
}
