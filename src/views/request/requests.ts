import type { ActionsBlock, KnownBlock } from "@slack/types";

import type { RequestText } from "../../actions/describe.ts";
import { compact } from "../../compact.ts";
import type { Pause } from "../../requests/pause.ts";
import type { Request } from "../../requests/request.ts";
import type { UserMessage } from "../../errors.ts";
import type { OfferedClick } from "../../approvals/offered.ts";
import { problemBlocks } from "../notice.ts";
import { packParams, screenButton, unpackParams } from "../screen-button.ts";
import { stopButton } from "../card/bulk.ts";
import { describeSlackTrouble } from "../../slack-trouble.ts";
import { actions, context, divider, message, section, type Message } from "../blocks.ts";
import { fitLines } from "../fit.ts";
import { pagingButtons } from "../list.ts";
import { code, duration, escape, mention, when } from "../text.ts";
import { breakGlassWords, reviewButton } from "../card/break-glass.ts";
import { approveButton, cancelButton, denyButton, detailsButton } from "../card/approvals.ts";
import { stateLine, stateWords } from "../card/card.ts";
import { pausedLine } from "./pause.ts";

export const REQUESTS_PAGE_SIZE = 5;

/** Which of the requests, and whose. */
export type RequestsShown =
  | { kind: "open" }
  | { kind: "all" }
  | { kind: "mine"; userId: string }
  /** Those of them that can still be cancelled. */
  | { kind: "cancellable"; userId: string };

export interface RequestRow {
  request: Request;
  words: RequestText;
  /** To its card. */
  link: string | null;
  /** How many approvals it needs. */
  quorum: number;
  /** What the reader may press, as it looked when the list was made. */
  offered: readonly OfferedClick[];
}

/** At most so many unreviewed ones are shown: mostly there is none. */
export const UNREVIEWED_SHOWN = 5;

export interface RequestsProps {
  /** Break-glass requests without a review, the longest wait first: at most as many as are shown. */
  unreviewed: readonly RequestRow[];
  unreviewedTotal: number;
  /** One more than a page when there is another. */
  rows: readonly RequestRow[];
  shown: RequestsShown;
  /** The reader may make requests: only then are they told how. */
  mayAsk: boolean;
  /** The reader may read the record. */
  mayAudit: boolean;
  /** Nothing is carried out, and why. */
  pause: Pause | null;
  /** Until when Cloudflare's rate limit leaves no calls for work on many people, epoch milliseconds; null: it does. */
  shortUntil: number | null;
  page: number;
  /** What leads here again, but for the page. */
  params: Readonly<Record<string, string | number>>;
  /** Said first: what was typed and can't be shown, or what was just decided from this list. */
  said?: { problem: UserMessage } | { decided: Request; words: RequestText };
  now: number;
}

/** `/zt requests`: what was requested and how it stands, with the buttons that the reader may press. */
export function requestsMessage(props: RequestsProps): Message {
  const { rows, shown, page, params, now, pause, shortUntil } = props;
  const here = rows.slice(0, REQUESTS_PAGE_SIZE);
  const hasNext = rows.length > REQUESTS_PAGE_SIZE;
  const first = (page - 1) * REQUESTS_PAGE_SIZE + 1;
  const range = page === 1 && !hasNext ? String(here.length) : `${first}–${first + here.length - 1}`;
  const nothing = page > 1 ? "No more requests" : EMPTY[shown.kind];
  const title = here.length === 0 ? nothing : `${titleOf(shown)} · ${range}`;
  const next = page > 1 ? "→ Go back a page." : emptyNext(props);
  const hint = here.length === 0 ? next : hintText(props);
  const paused = pause === null ? null : pausedLine(pause, now);
  const short =
    shortUntil === null
      ? null
      : `⏳ *Cloudflare's rate limit is nearly reached.* Requests about several people wait until ${when(shortUntil, "minute")}; those about one person go ahead.`;
  const refresh = screenButton("Refresh", "requests", { ...params, page }, "Show this list again", "refresh");
  return message(
    fitLines(compact(saidLine(props), paused, short, unreviewedLines(props), title, here.map(lineOf)), 3000),
    saidBlocks(props),
    paused !== null && section(paused),
    short !== null && section(short),
    unreviewedBlocks(props),
    section(`*${title}* (${when(now, "time")})`),
    here.map((row) => [section(rowLines(row, now)), ...rowButtons(row, props)]).flat(),
    hint !== null && context(hint),
    actions("paging", ...pagingButtons("requests", params, { page, hasNext }), refresh),
  );
}

function saidLine({ said }: RequestsProps): string | null {
  if (said === undefined) return null;
  return "problem" in said
    ? said.problem.what
    : `${escape(said.words.headline, 150)}: ${stateWords(said.decided)}`;
}

function saidBlocks({ said }: RequestsProps): KnownBlock[] {
  if (said === undefined) return [];
  if ("problem" in said) return problemBlocks(said.problem);
  return [section(`*${escape(said.words.headline, 200)}*`, stateLine(said.decided)), divider()];
}

/** Ids of the blocks whose buttons stand in a list: what it shows, and whose buttons they are. */
const LIST_BLOCK = "requests?";

/** What a list showed whose button was pressed, to show it again; null: the button stands elsewhere. */
export function parseListBlock(blockId: string): Record<string, string> | null {
  return blockId.startsWith(LIST_BLOCK) ? unpackParams(blockId.slice(LIST_BLOCK.length)) : null;
}

/** The same buttons as on the card, as far as the reader may press them: the server decides again at the click. */
function rowButtons(row: RequestRow, { shown, params, page }: RequestsProps): ActionsBlock[] {
  const { request, words, quorum, offered } = row;
  const isOffered = (click: OfferedClick) => offered.includes(click);
  const isCancelling = shown.kind === "cancellable";
  return actions(
    `${LIST_BLOCK}${packParams({ ...params, page, at: request.id })}`,
    !isCancelling && isOffered("approve") && approveButton(request, words, quorum),
    !isCancelling && isOffered("deny") && denyButton(request),
    isOffered("cancel") && cancelButton(request),
    !isCancelling && isOffered("stop") && stopButton(request),
    detailsButton(request),
  );
}

/** Each with its button, so that it can be reviewed without its card. */
function unreviewedBlocks({ unreviewed, unreviewedTotal: total, now }: RequestsProps): KnownBlock[] {
  if (unreviewed.length === 0) return [];
  const left = total - unreviewed.length;
  return compact<KnownBlock>(
    section(`🚨 *Break-glass, not reviewed yet · ${total}*`),
    unreviewed.map((row) => ({ ...section(rowLines(row, now)), accessory: reviewButton(row.request) })),
    left > 0 && context(`${left} more follow when these are reviewed`),
    divider(),
  );
}

function unreviewedLines({ unreviewed }: RequestsProps): string[] {
  return unreviewed.map(
    ({ request, words }) => `${request.id} ${escape(words.headline, 150)}: ${breakGlassWords(request)}`,
  );
}

const EMPTY: Record<RequestsShown["kind"], string> = {
  open: "No open requests",
  mine: "You have no requests yet",
  cancellable: "You have no request to cancel",
  all: "No requests yet",
};

/** No one is sent to what they can't use. */
function emptyNext({ shown, mayAsk }: RequestsProps): string {
  if (shown.kind === "cancellable") return "→ `/zt requests mine` shows all of yours.";
  if (shown.kind === "open")
    return `→ \`/zt requests all\` shows closed ones${mayAsk ? "; `/zt revoke someone@example.com` requests a revocation" : ""}.`;
  return mayAsk
    ? "→ `/zt revoke someone@example.com` requests a revocation; `/zt help` lists the rest."
    : "→ Operators make requests; `/zt help` lists what you can do.";
}

function titleOf(shown: RequestsShown): string {
  switch (shown.kind) {
    case "open":
      return "Open requests";
    case "all":
      return "All requests, open ones first";
    case "mine":
      return `Requests by ${mention(shown.userId)}, open ones first`;
    case "cancellable":
      return "Which request should be cancelled?";
  }
}

function hintText({ shown: { kind }, mayAudit }: RequestsProps): string | null {
  const steps = compact(
    kind === "open" && "`/zt requests all` shows closed ones",
    mayAudit && kind !== "cancellable" && "`/zt audit ZT-…` tells a request's story",
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
    request.breakGlass !== null && `🚨 ${breakGlassWords(request)}`,
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

/** What is not here is in progress. */
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
  return expiresAt > now ? `expires in ${duration(expiresAt - now)}` : "expiring";
}

function deliveryFailureLine({ deliveryFailure, card, status }: Request): string | null {
  if (deliveryFailure === undefined)
    return card.ts === null && status === "pending" ? "⏳ Posting its card" : null;
  const { why, next } = describeSlackTrouble(deliveryFailure.code);
  const step = next === null ? "" : ` → ${escape(next)}`;
  return `⚠️ Can't post its messages: ${escape(why)} (since ${when(deliveryFailure.since)})${step}`;
}

function lineOf({ request, words, quorum }: RequestRow): string {
  const { deliveryFailure } = request;
  const waits =
    deliveryFailure === undefined
      ? ""
      : `; can't post its messages: ${describeSlackTrouble(deliveryFailure.code).why}`;
  return `${request.id} ${escape(words.headline, 150)}: ${stateWords(request, quorum)}, requested by ${mention(request.requesterId)}${waits}`;
}
