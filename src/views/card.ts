import type { KnownBlock } from "@slack/types";

import type { RequestText } from "../requests/describe.ts";
import { othersOf } from "../requests/plan.ts";
import { isFinal, isHeldBack, type Request } from "../requests/request.ts";
import type { Rules } from "../requests/rules.ts";
import { plural } from "../words.ts";
import { aloneBlocks, aloneWords, breakGlassButton } from "./alone.ts";
import { actions, button, context, header, section, type Message } from "./blocks.ts";
import { bulkStateWords, progressBlocks, STOP_ACTION, whoBlocks } from "./bulk.ts";
import { cautionBlocks, graveBlocks } from "./grave.ts";
import { clean, code, cut, escape, mention, principal, utcTime, when } from "./text.ts";
import { statusLine } from "./user-summary.ts";
import { escalatedNote, inVain, nobodyThere } from "./waiting.ts";

/** The card's buttons. Values are the request's id and nothing else. */
export const CARD_ACTIONS = {
  approve: "request_approve",
  deny: "request_deny",
  cancel: "request_cancel",
  details: "request_details",
  stop: STOP_ACTION,
} as const;

export interface CardProps {
  request: Request;
  words: RequestText;
  /** Who may approve and how many have to, as the policy is now. */
  rules: Rules;
  now: number;
}

/** The head of a request's thread. It is edited in place at every change and loses its buttons when decided. */
export function approvalCard({ request, words, rules, now }: CardProps): Message {
  const state = stateLine(request, rules.quorum);
  const votes = votesBlocks(request, rules);
  return {
    text: cut(
      `${escape(words.headline)}: ${stateWords(request, rules.quorum)}. Asked by ${mention(request.requesterId)}. ${escape(request.reason, 500)}${request.breakGlass === null ? "" : ` ${capitalise(aloneWords(request))}.`}`,
      3000,
    ),
    blocks: [
      header(words.headline),
      section([state, ...nobodyThere(request), knownText(request, now)].join("\n")),
      ...(isFinal(request.status) ? [] : graveBlocks(words)),
      ...aloneBlocks(request, detailsButton(request)),
      ...progressBlocks(request, now),
      section(
        `*Asked by* ${mention(request.requesterId)} ${when(request.createdAt)}\n*Reason* ${escape(request.reason, 1500)}`,
      ),
      ...whoBlocks(request),
      section(
        `*${request.status === "pending" ? "What will happen" : "What was asked for"}*\n${words.effects.map((effect) => `• ${escape(effect)}`).join("\n")}`,
      ),
      ...cautionBlocks(words, isFinal(request.status)),
      ...votes,
      ...(request.status === "pending" ? pendingBlocks(request, words, rules) : []),
      ...(isHeldBack(request) ? [withdrawBlock(request)] : []),
      ...(request.status !== "pending" && othersOf(request.plan).length > 0
        ? [actions("request_details", detailsButton(request))]
        : []),
      context(
        `${request.id}${request.status === "pending" ? ` · expires ${when(request.expiresAt)}${escalatedNote(request)}` : ""}`,
      ),
    ],
  };
}

/** How the target stood when it was asked for; of several users, the first. */
function knownText({ evidence, plan }: Request, now: number): string {
  if (evidence === null) return "not an Access user yet";
  const first = othersOf(plan).length === 0 ? "" : `First, ${code(plan.target.email, 254)}: `;
  return `${first}${statusLine(evidence, now)}`;
}

/** Past this a card would be a list of names. */
const MAX_NAMED = 20;

/** Who agreed so far, and of whom it is not known whether they are at risk themselves. */
function votesBlocks({ votes, status, isProtected }: Request, { quorum }: Rules): KnownBlock[] {
  const unchecked = votes.filter((vote) => vote.unchecked !== undefined);
  return [
    ...(isProtected ? [context("🛡️ The target is protected by the policy: more approvers are needed")] : []),
    ...(votes.length > 0 && (status === "pending" || votes.length > 1)
      ? [
          section(
            `*Approved by* ${votes.map(({ by, at }) => `${mention(by)} ${when(at, "time")}`).join(", ")}${status === "pending" ? ` · ${progressOf(votes.length, quorum)}` : ""}`,
          ),
        ]
      : []),
    ...unchecked.map(({ by, unchecked: why }) =>
      context(`⚠️ Nobody could say whether ${mention(by)} is at risk themselves: ${escape(why ?? "", 200)}`),
    ),
  ];
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
  { approvers, quorum, alone }: Rules,
): KnownBlock[] {
  const needed = quorum === 1 ? "one is enough" : `*${quorum} have to agree*`;
  return [
    section(
      `*May approve* ${approvers.slice(0, MAX_NAMED).map(principal).join(" ")}${approvers.length > MAX_NAMED ? ` and ${approvers.length - MAX_NAMED} more` : ""} (${needed}; not who asked, not who it is about)`,
    ),
    actions(
      "request_actions",
      button({
        text: "Approve",
        action: CARD_ACTIONS.approve,
        value: request.id,
        style: "danger",
        label: `Approve: ${words.headline}`,
        confirm: {
          title: `${words.label}?`,
          text: questionText(words.question, request.votes.length, quorum),
          confirm: "Approve",
          danger: true,
        },
      }),
      denyButton(request),
      cancelButton(request),
      detailsButton(request),
      ...(alone === null ? [] : [breakGlassButton(request)]),
    ),
  ];
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

/** Approved and held: until it begins it can still be taken back. */
function withdrawBlock(request: Request): KnownBlock {
  return actions("request_withdraw", denyButton(request), cancelButton(request));
}

function denyButton({ id }: Request) {
  return button({ text: "Deny", action: CARD_ACTIONS.deny, value: id, label: `Deny ${id}, with a reason` });
}

function cancelButton({ id }: Request) {
  return button({
    text: "Cancel",
    action: CARD_ACTIONS.cancel,
    value: id,
    label: `Cancel ${id}: only for who asked`,
  });
}

/** Stays on the card of a request about several users: only Details names them all. */
function detailsButton({ id }: Request) {
  return button({ text: "Details", action: CARD_ACTIONS.details, value: id, label: `Details of ${id}` });
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
      return request.votes.length === 0
        ? "waiting for approval"
        : `waiting for approval, ${approvalsText(request.votes.length, quorum)}`;
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
function byWhom({ status, votes, decidedBy }: Request): string {
  if (decidedBy === null) return "";
  if (votes.length < 2 || status === "denied" || status === "cancelled") return ` by ${mention(decidedBy)}`;
  const named = votes.slice(0, MAX_SIGNED).map(({ by }) => mention(by));
  const left = votes.length - named.length;
  return ` by ${AND.format(left === 0 ? named : [...named, `${left} more`])}`;
}

/** How many approvers a line names. */
const MAX_SIGNED = 4;

const AND = new Intl.ListFormat("en-GB");

/** The state as the card's second line: a sign, the words, who and when, and what was seen. `quorum`: as above. */
export function stateLine(request: Request, quorum?: number): string {
  const by = byWhom(request);
  const at = request.decidedAt === null ? "" : ` ${when(request.decidedAt)}`;
  const approved = `${request.breakGlass === null ? "approved" : "done alone"}${by}${at}`;
  const several = bulkStateWords(request);
  switch (request.status) {
    case "pending":
      return `🟡 *Waiting for approval*${request.votes.length === 0 ? "" : `: ${approvalsText(request.votes.length, quorum)}`}`;
    case "approved":
      if (request.held !== null)
        return `⏸️ *${request.breakGlass === null ? "Approved, waiting" : "Waiting"}*: ${escape(request.held.why, 500)} · ${approved}`;
      return request.breakGlass === null ? `🔵 *Approved*${by}${at}` : `🔵 *Beginning* · ${approved}`;
    case "voided":
      return `🚫 *Void, nothing was done*: ${escape(request.result.failure?.why ?? request.decisionReason ?? "", 800)}`;
    case "executing":
      if (request.held !== null) return `⏸️ *Waiting*: ${escape(request.held.why, 500)} · ${approved}`;
      if (several !== null) return `⏳ *${capitalise(several)}* · ${approved}`;
      return `⏳ *${request.result.receipt === undefined ? "Being carried out" : "Accepted by Cloudflare, checking"}* · ${approved}`;
    case "unknown":
      if (request.held !== null)
        return `⏸️ *No clear answer from Cloudflare, and waiting*: ${escape(request.held.why, 500)} · ${approved}`;
      if (several !== null) return `⏳ *${capitalise(several)}* · ${approved}`;
      return `❔ *No clear answer from Cloudflare: finding out whether it is done* · ${approved}`;
    case "denied":
      return `⛔ *Denied*${by}${at}: ${escape(request.decisionReason ?? "", 500)}`;
    case "cancelled":
      return `⚪ *Cancelled*${by}${at}`;
    case "expired":
      return `⚪ *Expired*: ${inVain(request)}, nothing was done`;
    case "succeeded": {
      const { verification } = request.result;
      if (verification === undefined) return `⚠️ *Accepted by Cloudflare, not confirmed* · ${approved}`;
      const seen = `${escape(verification.summary)}, checked ${utcTime(verification.checkedAt)}`;
      const notes = verification.notes.map((note) => `\n⚠️ ${escape(note)}`).join("");
      return verification.confirmed
        ? `✅ *Done and verified*: ${seen} · ${approved}${notes}`
        : `⚠️ *Accepted by Cloudflare, not confirmed*: ${seen} · ${approved}${notes}`;
    }
    case "failed":
      if (several !== null) return `${failedText(request)} · ${approved}`;
      return `❌ *Failed${request.result.verification === undefined ? ", nothing was done" : ""}*: ${escape(request.result.failure?.why ?? "the reason was not recorded", 800)} · ${approved}`;
  }
}

/** Where a part of several users is done, that is not called a failure. */
function failedText({ result: { bulk, failure, verification }, stop }: Request): string {
  const done = bulk?.done ?? 0;
  const isNothing = done === 0 && bulk?.failed === 0;
  const sign = done > 0 ? "⚠️ *Not all done*" : `❌ *Failed${isNothing ? ", nothing was done" : ""}*`;
  const why = escape(failure?.why ?? "the reason was not recorded", 800);
  const notes = (verification?.notes ?? []).map((note) => `\n⚠️ ${escape(note)}`).join("");
  return `${sign}: ${why}${stop === undefined ? "" : `: stopped by ${mention(stop.by)}`}${notes}`;
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
