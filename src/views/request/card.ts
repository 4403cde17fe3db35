import type { Button, KnownBlock } from "@slack/types";

import type { Verification } from "../../actions/define.ts";
import type { RequestText } from "../../actions/describe.ts";
import type { Rules } from "../../approvals/rules.ts";
import { compact } from "../../compact.ts";
import { plural } from "../../pluralize.ts";
import { othersOf } from "../../requests/plan.ts";
import { isFinal, isHeldBack, newestVotes, type Request, type Vote } from "../../requests/request.ts";
import { actions, button, context, header, message, section, type Message } from "../blocks.ts";
import { judge } from "../../lookup/verdict.ts";
import { statusLine } from "../look-ups/user-summary.ts";
import { verdictText } from "../look-ups/verdict.ts";
import { capitalise, clean, code, cutMarkup, escape, mention, principals, utcTime, when } from "../text.ts";
import { breakGlassBlocks, breakGlassButton, breakGlassWords, uncheckedLine } from "./break-glass.ts";
import { bulkStateWords, progressBlocks, STOP_ACTION, whoBlocks } from "./bulk.ts";
import { cautionBlocks, warningBlocks } from "./warnings.ts";
import { escalatedNote, inVain, nobodyThere } from "./waiting.ts";

/** The card's buttons. Values are the request's id and nothing else. */
export const CARD_ACTIONS = {
  approve: "request_approve",
  deny: "request_deny",
  cancel: "request_cancel",
  details: "request_details",
  stop: STOP_ACTION,
} as const;

interface CardProps {
  request: Request;
  words: RequestText;
  /** Who may approve and how many have to, as the policy is now. */
  rules: Rules;
  now: number;
}

/** The head of a request's thread. It is edited in place at every change and loses its buttons when decided. */
export function approvalCard({ request, words, rules, now }: CardProps): Message {
  const { id, status, requesterId, reason } = request;
  const isPending = status === "pending";
  const alone = request.breakGlass === null ? "" : ` ${capitalise(breakGlassWords(request))}.`;
  const expiry = isPending ? ` · expires ${when(request.expiresAt)}${escalatedNote(request)}` : "";
  return message(
    cutMarkup(
      `${escape(words.headline)}: ${stateWords(request, rules.quorum)}. Asked by ${mention(requesterId)}. ${escape(reason, 500)}${alone}`,
      3000,
    ),
    header(words.headline),
    section(stateLine(request, rules.quorum), nobodyThere(request), knownText(request, now)),
    !isFinal(status) && warningBlocks(words),
    breakGlassBlocks(request, detailsButton(request)),
    progressBlocks(request, now),
    section(
      `*Asked by* ${mention(requesterId)} ${when(request.createdAt)}`,
      `*Reason* ${escape(reason, 1500)}`,
    ),
    whoBlocks(request),
    section(
      `*${isPending ? "What will happen" : "What was asked for"}*`,
      words.effects.map((effect) => `• ${escape(effect)}`),
    ),
    cautionBlocks(words, isFinal(status)),
    votesBlocks(request, rules),
    isPending && pendingBlocks(request, words, rules),
    // Approved and held: until it begins it can still be taken back.
    isHeldBack(request) && actions("request_withdraw", denyButton(request), cancelButton(request)),
    // Only Details names all of several users.
    !isPending && othersOf(request.plan).length > 0 && actions("request_details", detailsButton(request)),
    context(`${id}${expiry}`),
  );
}

/** How the target stood when it was asked for; of several users, the first. */
function knownText({ evidence, plan }: Request, now: number): string {
  if (evidence === null) return "not an Access user yet";
  const first = othersOf(plan).length === 0 ? "" : `First, ${code(plan.target.email, 254)}: `;
  // Evidence from before sign-ins were read is no ground for a verdict.
  const known =
    evidence.signIns === undefined
      ? statusLine(evidence, now)
      : verdictText(judge(evidence, evidence.gatheredAt), evidence);
  return `${first}${known}`;
}

/** Past this a card would be a list of names. */
const MAX_NAMED = 20;

/** Who agreed so far, and of whom it is not known whether they are at risk themselves. */
function votesBlocks(request: Request, { quorum, stepUp }: Rules): KnownBlock[] {
  const votes = newestVotes(request.votes);
  const isPending = request.status === "pending";
  const approvers = votes.map(({ by, at }) => `${mention(by)} ${when(at, "time")}`).join(", ");
  const progress = isPending ? ` · ${progressOf(votes.length, quorum)}` : "";
  return compact<KnownBlock>(
    request.isProtected && context("🛡️ The target is protected by the policy: more approvers are needed"),
    votes.length > (isPending ? 0 : 1) && section(`*Approved by* ${approvers}${progress}`),
    compact(...votes.map(({ by, unchecked }) => uncheckedLine(by, unchecked))).map((line) => context(line)),
    codeLines(votes, isPending && stepUp.votes).map((line) => context(line)),
  );
}

/** Whose approval came with a code, and whose has to be given again with one. */
function codeLines(votes: readonly Vote[], isAsked: boolean): string[] {
  const named = (some: readonly Vote[]) => some.map(({ by }) => mention(by)).join(", ");
  const withCode = votes.filter(({ stepUp }) => stepUp !== undefined);
  const without = votes.filter(({ stepUp }) => stepUp === undefined);
  return compact(
    withCode.length > 0 && `🔐 With a code from their authenticator: ${named(withCode)}`,
    isAsked &&
      without.length > 0 &&
      `⚠️ Without the code that the policy asks for now: ${named(without)}. It does not count until they approve again`,
  );
}

/**
 * Enough of them, and it waits all the same: somebody was removed since and does not count any more, or fewer are
 * needed since. Which of the two it is, a click finds out.
 */
function progressOf(votes: number, quorum: number): string {
  return votes < quorum
    ? `${votes} of ${quorum}`
    : `${quorum} needed: one more click of an approver counts them anew`;
}

function pendingBlocks(
  request: Request,
  words: RequestText,
  { approvers, quorum, alone, stepUp }: Rules,
): KnownBlock[] {
  const needed = quorum === 1 ? "one is enough" : `*${quorum} have to agree*`;
  return [
    section(
      `*May approve* ${principals(approvers, MAX_NAMED)} (${needed}; not who asked, not who it is about)`,
      stepUp.votes && `🔐 It takes a code from their authenticator: ${code("/zt authenticator")} sets one up`,
    ),
    ...actions(
      "request_actions",
      approveButton(request, words, quorum),
      denyButton(request),
      cancelButton(request),
      detailsButton(request),
      alone !== null && breakGlassButton(request),
    ),
  ];
}

/** Also in a list of requests: what it asks is the same everywhere. */
export function approveButton(request: Request, words: RequestText, quorum: number): Button {
  const confirm = {
    title: `${words.label}?`,
    text: questionText(words.question, newestVotes(request.votes).length, quorum),
    confirm: "Approve",
  };
  const looks = { style: "danger", confirm } as const;
  return button("Approve", CARD_ACTIONS.approve, request.id, `Approve: ${words.headline}`, looks);
}

/** A confirmation's room, in characters. */
const MAX_QUESTION = 300;

/** What the approve button asks; where more have to agree after this one, that comes whole and the rest is cut. */
function questionText(question: string, votes: number, quorum: number): string {
  const own = votes + 1;
  if (own >= quorum) return question;
  const note = `Yours would be the ${ordinal(own)} of ${quorum} approvals: nothing happens before the ${ordinal(quorum)}.`;
  return `${clean(question, MAX_QUESTION - note.length - 1)} ${note}`;
}

const ORDINALS = [
  "first",
  "second",
  "third",
  "fourth",
  "fifth",
  "sixth",
  "seventh",
  "eighth",
  "ninth",
  "tenth",
];

function ordinal(count: number): string {
  return ORDINALS[count - 1] ?? `number ${count}`;
}

export function denyButton({ id }: Request): Button {
  return button("Deny", CARD_ACTIONS.deny, id, `Deny ${id}, with a reason`);
}

export function cancelButton({ id }: Request): Button {
  return button("Cancel", CARD_ACTIONS.cancel, id, `Cancel ${id}: only for the requester`);
}

export function detailsButton({ id }: Request): Button {
  return button("Details", CARD_ACTIONS.details, id, `Details of ${id}`);
}

/** `1 of 2 approvals`; without a quorum, or where not all of them count any more, only how many there are. */
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
  switch (request.status) {
    case "pending":
      return newestVotes(request.votes).length === 0
        ? "waiting for approval"
        : `waiting for approval, ${approvalsText(newestVotes(request.votes).length, quorum)}`;
    case "approved":
      return `${request.breakGlass === null ? "approved" : "decided by one person alone"}${request.held === null ? "" : `, waiting: ${escape(request.held.why)}`}`;
    case "voided":
      return "void, nothing was done";
    case "executing":
      if (request.held !== null) return `waiting: ${escape(request.held.why)}`;
      return request.result.receipt === undefined
        ? "being carried out"
        : "accepted by Cloudflare, being checked";
    case "unknown":
      if (request.held !== null)
        return `no clear answer from Cloudflare, and waiting: ${escape(request.held.why)}`;
      return "no clear answer from Cloudflare, finding out whether it is done";
    case "denied":
      return "denied, nothing was done";
    case "cancelled":
      return "cancelled, nothing was done";
    case "expired":
      return "expired, nothing was done";
    case "succeeded":
      return request.result.verification?.confirmed === true
        ? "done and verified"
        : "accepted by Cloudflare, but not confirmed";
    case "failed":
      return "failed";
  }
}

/** Everybody whose approval it was, or who decided it otherwise. */
function byWhom({ status, votes: all, decidedBy }: Request): string {
  const votes = newestVotes(all);
  if (decidedBy === null) return "";
  if (votes.length < 2 || status === "denied" || status === "cancelled") return ` by ${mention(decidedBy)}`;
  const named = votes.slice(0, MAX_SIGNED).map(({ by }) => mention(by));
  const left = votes.length - named.length;
  return ` by ${AND.format(left === 0 ? named : [...named, `${left} more`])}`;
}

/** How many approvers a line names. */
const MAX_SIGNED = 4;

const AND = new Intl.ListFormat("en-GB");

/** What was seen, and when. */
export function seenText({ summary, checkedAt }: Verification): string {
  return `${escape(summary)}, checked ${utcTime(checkedAt)}`;
}

export function noteLines(verification: Verification | undefined): string[] {
  return (verification?.notes ?? []).map((note) => `⚠️ ${escape(note)}`);
}

/** The state as the card's second line: a sign, the words, who and when, and what was seen. `quorum`: as above. */
export function stateLine(request: Request, quorum?: number): string {
  const { held, decidedAt, breakGlass, result } = request;
  const votes = newestVotes(request.votes);
  const by = byWhom(request);
  const at = decidedAt === null ? "" : ` ${when(decidedAt)}`;
  const approved = `${breakGlass === null ? "approved" : "done alone"}${by}${at}`;
  const waiting = (words: string) => `⏸️ *${words}*: ${escape(held?.why ?? "", 500)} · ${approved}`;
  const several = bulkStateWords(request);
  switch (request.status) {
    case "pending":
      return `🟡 *Waiting for approval*${votes.length === 0 ? "" : `: ${approvalsText(votes.length, quorum)}`}`;
    case "approved":
      if (held !== null) return waiting(breakGlass === null ? "Approved, waiting" : "Waiting");
      return breakGlass === null ? `🔵 *Approved*${by}${at}` : `🔵 *Beginning* · ${approved}`;
    case "voided":
      return `🚫 *Void, nothing was done*: ${escape(result.failure?.why ?? request.decisionReason ?? "", 800)}`;
    case "executing":
      if (held !== null) return waiting("Waiting");
      if (several !== null) return `⏳ *${capitalise(several)}* · ${approved}`;
      return `⏳ *${result.receipt === undefined ? "Being carried out" : "Accepted by Cloudflare, checking"}* · ${approved}`;
    case "unknown":
      if (held !== null) return waiting("No clear answer, and waiting");
      if (several !== null) return `⏳ *${capitalise(several)}* · ${approved}`;
      return `❔ *No clear answer: finding out whether it is done* · ${approved}`;
    case "denied":
      return `⛔ *Denied*${by}${at}: ${escape(request.decisionReason ?? "", 500)}`;
    case "cancelled":
      return `⚪ *Cancelled*${by}${at}`;
    case "expired":
      return `⚪ *Expired*: ${inVain(request)}, nothing was done`;
    case "succeeded": {
      const { verification } = result;
      const sign = verification?.confirmed
        ? "✅ *Done and verified*"
        : "⚠️ *Accepted by Cloudflare, not confirmed*";
      const seen = verification === undefined ? "" : `: ${seenText(verification)}`;
      return [`${sign}${seen} · ${approved}`, ...noteLines(verification)].join("\n");
    }
    case "failed":
      if (several !== null) return `${failedText(request)} · ${approved}`;
      return `❌ *Failed${result.verification === undefined ? ", nothing was done" : ""}*: ${whyFailed(request)} · ${approved}`;
  }
}

function whyFailed({ result: { failure } }: Request): string {
  return escape(failure?.why ?? "the reason was not recorded", 800);
}

/** Where a part of several users is done, that is not called a failure. */
function failedText(request: Request): string {
  const { result, stop } = request;
  const done = result.bulk?.done ?? 0;
  const isNothing = done === 0 && result.bulk?.failed === 0;
  const sign = done > 0 ? "⚠️ *Not all done*" : `❌ *Failed${isNothing ? ", nothing was done" : ""}*`;
  const stopped = stop === undefined ? "" : `: stopped by ${mention(stop.by)}`;
  return [`${sign}: ${whyFailed(request)}${stopped}`, ...noteLines(result.verification)].join("\n");
}
