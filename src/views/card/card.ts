import type { KnownBlock } from "@slack/types";

import type { Verification } from "../../actions/define.ts";
import type { RequestText } from "../../actions/describe.ts";
import type { Rules } from "../../approvals/rules.ts";
import { compact } from "../../compact.ts";
import { judge } from "../../lookup/verdict.ts";
import { capitalize, plural } from "../../pluralize.ts";
import { othersOf, targetsOf } from "../../requests/plan.ts";
import { isFinal, isHeldBack, newestVotes, type Request } from "../../requests/request.ts";
import { actions, context, expanded, folded, header, message, section, type Message } from "../blocks.ts";
import {
  approveButton,
  cancelButton,
  codeNeeded,
  denyButton,
  detailsButton,
  needsLine,
  voteNotes,
} from "./approvals.ts";
import { retryButtons } from "./retry.ts";
import { statusLine } from "../look-ups/user-summary.ts";
import { verdictText } from "../look-ups/verdict.ts";
import { code, cutMarkup, escape, mention, when } from "../text.ts";
import { backText } from "../watch.ts";
import { breakGlassBlocks, breakGlassButton, breakGlassWords } from "./break-glass.ts";
import { bulkStateWords, progressBlocks, whoBlocks } from "./bulk.ts";
import { effectLines, plainLines, warningLines } from "./warnings.ts";
import { escalatedNote, howFar, nobodyThere } from "./waiting.ts";

interface CardProps {
  request: Request;
  words: RequestText;
  /** Who may approve and how many have to, as the policy is now. */
  rules: Rules;
  now: number;
}

/** The head of a request's thread. It is edited in place at every change: once decided, one line and what is folded. */
export function approvalCard(props: CardProps): Message {
  const { request, words } = props;
  const blocks = request.status === "pending" ? pendingBlocks(props) : decidedBlocks(props);
  return message(noticeText(props), header(words.headline), blocks);
}

/** For notifications and screen readers: what, its state, who requested it, and why. */
function noticeText({ request, words, rules }: CardProps): string {
  const { requesterId, reason } = request;
  const alone = request.breakGlass === null ? "" : ` ${capitalize(breakGlassWords(request))}.`;
  const back = request.back === null ? "" : `back since ${when(request.back.since, "minute")}, `;
  return cutMarkup(
    `${escape(words.headline)}: ${back}${stateWords(request, rules.quorum)}. Requested by ${mention(requesterId)}. ${escape(reason, 500)}${alone}`,
    3000,
  );
}

function pendingBlocks({ request, words, rules, now }: CardProps): KnownBlock[] {
  const { id, requesterId, reason, createdAt, expiresAt } = request;
  return compact<KnownBlock>(
    section(warningLines(words), knownText(request, now)),
    section(needsLine(request, rules), nobodyThere(request), codeNeeded(rules)),
    expanded(`*Requested by* ${mention(requesterId)} ${when(createdAt)}`, `*Reason* ${escape(reason, 1500)}`),
    whoBlocks(request),
    expanded("*What will happen*", effectLines(words)),
    plainLines(words).map((line) => context(line)),
    voteNotes(request, rules),
    actions(
      "request_actions",
      approveButton(request, words, rules.quorum),
      denyButton(request),
      cancelButton(request),
      detailsButton(request),
      rules.alone !== null && breakGlassButton(request),
    ),
    context(`${id} · expires ${when(expiresAt)}${escalatedNote(request)}`),
  );
}

/** Characters of what was explained and typed, on a decided card: all of it stands in Details and in the thread. */
const MAX_TYPED = 120;
/** After break-glass there is more to say. */
const MAX_TYPED_WITH_REVIEW = 60;

/** One line that says it all; what was requested, by whom and why is folded, and the rest is behind Details. */
function decidedBlocks({ request, rules, now }: CardProps): KnownBlock[] {
  const { id, requesterId, reason, createdAt, votes: all } = request;
  const votes = newestVotes(all);
  const approvers = votes.map(({ by }) => mention(by)).join(", ");
  const isNamed = votes.length <= 1 || isSigned(request);
  const max = request.breakGlass === null ? MAX_TYPED : MAX_TYPED_WITH_REVIEW;
  return compact<KnownBlock>(
    section(
      backText(request.back, targetsOf(request.plan).length),
      stateLine(request, { max, isSigned: request.breakGlass === null }),
    ),
    breakGlassBlocks(request, max),
    !isFinal(request.status) && progressBlocks(request, now),
    // Approved and held: until it begins it can still be taken back.
    isHeldBack(request) && actions("request_withdraw", denyButton(request), cancelButton(request)),
    retryButtons(request),
    folded("Request", [
      section(
        `*Requested by* ${mention(requesterId)} ${when(createdAt)}`,
        `*Reason* ${escape(reason, max / 2)}`,
        !isNamed && `*Approved by* ${approvers}`,
      ),
      ...voteNotes(request, rules),
      ...actions("request_details", detailsButton(request)),
      context(id),
    ]),
  );
}

/**
 * A request in a direct message: the headline, the danger, who requests it and why, what it needs, and the buttons.
 * Once it is decided, the headline and one line. Pure: `rules` are those of the policy as it is now.
 */
export function compactCard(props: CardProps): Message {
  const { request, words, rules, now } = props;
  const { id, requesterId, reason, expiresAt } = request;
  const title = `*${escape(words.headline)}*`;
  if (request.status !== "pending")
    return message(noticeText(props), section(title, stateLine(request, { max: MAX_TYPED })));
  return message(
    noticeText(props),
    section(title, warningLines(words), knownText(request, now)),
    expanded(`*Requested by* ${mention(requesterId)}: ${escape(reason, 500)}`),
    section(needsLine(request, rules), codeNeeded(rules)),
    actions(
      "request_actions",
      approveButton(request, words, rules.quorum),
      denyButton(request),
      detailsButton(request),
    ),
    context(`${id} · expires ${when(expiresAt)}`),
  );
}

/** How the target stood when it was requested; of several users, the first. */
export function knownText({ evidence, plan }: Request, now: number): string {
  if (evidence === null) return "⚪ Not an Access user yet.";
  const first = othersOf(plan).length === 0 ? "" : `*First* ${code(plan.target.email, 254)}\n`;
  // Evidence from before sign-ins were read is no ground for a verdict.
  const known =
    evidence.signIns === undefined
      ? statusLine(evidence, now)
      : verdictText(judge(evidence, evidence.gatheredAt), evidence);
  return `${first}${known}`;
}

/** `1 of 2 approvals`; without a quorum, or where some no longer count, only how many there are. */
function approvalsText(votes: number, quorum: number | undefined): string {
  return quorum === undefined || votes >= quorum
    ? `${plural(votes, "approval")} so far`
    : `${votes} of ${quorum} approvals`;
}

/**
 * The state in a few plain words, without decoration: for the notification's text and for screen readers. `quorum`:
 * how many have to agree, where that is known.
 */
export function stateWords(request: Request, quorum?: number): string {
  const several = bulkStateWords(request);
  if (several !== null) return several;
  const { held, votes, status, result } = request;
  switch (status) {
    case "pending":
      return newestVotes(votes).length === 0
        ? "waiting for approval"
        : `waiting for approval, ${approvalsText(newestVotes(votes).length, quorum)}`;
    case "approved":
      return `${request.breakGlass === null ? "approved" : "break-glass, without approval"}${held === null ? "" : `, on hold: ${escape(held.why)}`}`;
    case "voided":
      return "voided, nothing was done";
    case "executing":
      if (held !== null) return `on hold: ${escape(held.why)}`;
      return result.receipt === undefined ? "in progress" : "accepted by Cloudflare, being verified";
    case "unknown":
      if (held !== null) return `no clear answer from Cloudflare, and on hold: ${escape(held.why)}`;
      return "no clear answer from Cloudflare, being checked";
    case "denied":
      return "denied, nothing was done";
    case "cancelled":
      return "cancelled, nothing was done";
    case "expired":
      return "expired, nothing was done";
    case "succeeded":
      return result.verification?.confirmed === true
        ? "done and verified"
        : "accepted by Cloudflare, but not confirmed";
    case "failed":
      return "failed";
  }
}

/** Everyone whose approval it was, or who decided it otherwise. */
function byWhom({ status, votes: all, decidedBy }: Request): string {
  const votes = newestVotes(all);
  if (decidedBy === null) return "";
  if (votes.length < 2 || status === "denied" || status === "cancelled") return ` by ${mention(decidedBy)}`;
  const named = votes.slice(0, MAX_SIGNED).map(({ by }) => mention(by));
  const left = votes.length - named.length;
  return ` by ${AND.format(left === 0 ? named : [...named, `${left} more`])}`;
}

/** Whether the line names the approvers: then nothing else has to. */
function isSigned({ status, breakGlass }: Request): boolean {
  const isUndecided =
    status === "expired" || status === "voided" || status === "denied" || status === "cancelled";
  return !isUndecided && breakGlass === null;
}

/** How many approvers a line names. */
const MAX_SIGNED = 4;

const AND = new Intl.ListFormat("en-GB");

/** What was seen, and when: `0 of 3 sessions remain, verified at 12:22`. */
export function seenText({ summary, checkedAt, confirmed }: Verification, max = 800): string {
  const at = when(checkedAt, "minute");
  const seen = escape(capitalize(summary), max);
  return confirmed ? `*${seen}*, verified at ${at}` : `${seen}, checked at ${at}`;
}

export function noteLines(verification: Verification | undefined, max = 300): string[] {
  return (verification?.notes ?? []).map((note) => `⚠️ ${escape(capitalize(note), max)}`);
}

interface LineOptions {
  quorum?: number;
  /** The most characters of what people, Cloudflare or we explain at length. */
  max?: number;
  /** false: who approved it stands elsewhere. */
  isSigned?: boolean;
}

/** The state in one line: a sign, the words, what was seen and when, and by whom. `quorum`: as above. */
export function stateLine(
  request: Request,
  { quorum, max = 800, isSigned: signs = true }: LineOptions = {},
): string {
  const { held, decidedAt, breakGlass, result, status } = request;
  const votes = newestVotes(request.votes);
  const by = byWhom(request);
  const at = decidedAt === null ? "" : ` ${when(decidedAt)}`;
  const signed = signs && by !== "" ? ` · ${breakGlass === null ? "approved" : "break-glass"}${by}` : "";
  const onHold = () => `⏸️ *On hold*: ${escape(held?.why ?? "", max)}${signed}`;
  const isSeveral = bulkStateWords(request) !== null;
  switch (status) {
    case "pending":
      return `🟡 *Waiting for approval*${votes.length === 0 ? "" : `: ${approvalsText(votes.length, quorum)}`}`;
    case "approved":
      if (held !== null) return onHold();
      return breakGlass === null ? `🔵 *Approved*${by}${at}` : `🔵 *Starting*${signed}`;
    case "voided":
      return `⚪ *Voided, nothing was done*: ${escape(result.failure?.why ?? request.decisionReason ?? "", max)}`;
    case "executing":
    case "unknown":
      if (held !== null) return onHold();
      if (isSeveral) return `⏳ *${request.stop === undefined ? "In progress" : "Stopping"}*${signed}`;
      if (status === "unknown")
        return `⏳ *No clear answer from Cloudflare*, checking whether it is done${signed}`;
      return `⏳ *${result.receipt === undefined ? "In progress" : "Accepted by Cloudflare, verifying"}*${signed}`;
    case "denied":
      return `⛔ *Denied*${by}${at}: ${escape(request.decisionReason ?? "", Math.min(max, 500))}`;
    case "cancelled":
      return `⚪ *Cancelled*${by}${at}`;
    case "expired":
      return `⚪ *Expired*: ${howFar(request)}, nothing was done`;
    case "succeeded": {
      const { verification } = result;
      const seen = verification === undefined ? "" : seenText(verification, max);
      const line = verification?.confirmed
        ? `✅ ${seen}`
        : `⚠️ *Accepted by Cloudflare, not confirmed*${seen === "" ? "" : `: ${seen}`}`;
      return [`${line}${signed}`, ...noteLines(verification, Math.min(max, 300))].join("\n");
    }
    case "failed":
      if (isSeveral) return `${failedText(request, max)}${signed}`;
      return `❌ *Failed${result.verification === undefined ? ", nothing was done" : ""}*: ${whyFailed(request, max)}${signed}`;
  }
}

function whyFailed({ result: { failure } }: Request, max: number): string {
  return escape(failure?.why ?? "the reason was not recorded", max);
}

/** Where some of several users are done, that is not called a failure. */
function failedText(request: Request, max: number): string {
  const { result, stop } = request;
  const done = result.bulk?.done ?? 0;
  const isNothing = done === 0 && result.bulk?.failed === 0;
  const sign = done > 0 ? "⚠️ *Not all done*" : `❌ *Failed${isNothing ? ", nothing was done" : ""}*`;
  const stopped =
    stop === undefined || result.bulk?.untouched === 0 ? "" : ` · stopped by ${mention(stop.by)}`;
  return [
    `${sign}: ${whyFailed(request, max)}${stopped}`,
    ...noteLines(result.verification, Math.min(max, 300)),
  ].join("\n");
}
