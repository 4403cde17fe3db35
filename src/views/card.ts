import type { KnownBlock } from "@slack/types";

import type { RequestText } from "../requests/describe.ts";
import { othersOf } from "../requests/plan.ts";
import type { Request } from "../requests/request.ts";
import { actions, button, context, header, section, type Message } from "./blocks.ts";
import { bulkStateWords, progressBlocks, STOP_ACTION, whoBlocks } from "./bulk.ts";
import { code, cut, escape, mention, principal, utcTime, when } from "./text.ts";
import { statusLine } from "./user-summary.ts";

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
  /** Slack user ids and user-group ids, as the policy has them now. */
  approvers: readonly string[];
  now: number;
}

/** The head of a request's thread. It is edited in place at every change and loses its buttons when decided. */
export function approvalCard({ request, words, approvers, now }: CardProps): Message {
  const state = stateLine(request);
  return {
    text: cut(
      `${escape(words.headline)}: ${stateWords(request)}. Asked by ${mention(request.requesterId)}. ${escape(request.reason, 500)}`,
      3000,
    ),
    blocks: [
      header(words.headline),
      section(`${state}\n${knownText(request, now)}`),
      ...progressBlocks(request, now),
      section(
        `*Asked by* ${mention(request.requesterId)} ${when(request.createdAt)}\n*Reason* ${escape(request.reason, 1500)}`,
      ),
      ...whoBlocks(request),
      section(
        `*${request.status === "pending" ? "What will happen" : "What was asked for"}*\n${words.effects.map((effect) => `• ${escape(effect)}`).join("\n")}`,
      ),
      context(`⚠️ ${escape(words.caution, 600)}`),
      context(`↩️ ${escape(words.undo, 400)}`),
      ...(request.status === "pending" ? pendingBlocks(request, words, approvers) : []),
      ...(request.status !== "pending" && othersOf(request.plan).length > 0
        ? [actions("request_details", detailsButton(request))]
        : []),
      context(`${request.id}${request.status === "pending" ? ` · expires ${when(request.expiresAt)}` : ""}`),
    ],
  };
}

/** How the target stood when it was asked for; of several users, the first. */
function knownText({ evidence, plan }: Request, now: number): string {
  if (evidence === null) return "not an Access user yet";
  const first = othersOf(plan).length === 0 ? "" : `First, ${code(plan.target.email, 254)}: `;
  return `${first}${statusLine(evidence, now)}`;
}

function pendingBlocks(request: Request, words: RequestText, approvers: readonly string[]): KnownBlock[] {
  return [
    section(
      `*May approve* ${approvers.slice(0, 20).map(principal).join(" ")}${approvers.length > 20 ? ` and ${approvers.length - 20} more` : ""} (one is enough; not who asked, not who it is about)`,
    ),
    actions(
      "request_actions",
      button({
        text: "Approve",
        action: CARD_ACTIONS.approve,
        value: request.id,
        style: "danger",
        label: `Approve: ${words.headline}`,
        confirm: { title: `${words.label}?`, text: words.question, confirm: "Approve", danger: true },
      }),
      button({
        text: "Deny",
        action: CARD_ACTIONS.deny,
        value: request.id,
        label: `Deny ${request.id}, with a reason`,
      }),
      button({
        text: "Cancel",
        action: CARD_ACTIONS.cancel,
        value: request.id,
        label: `Cancel ${request.id}: only for who asked`,
      }),
      detailsButton(request),
    ),
  ];
}

/** Stays on the card of a request about several users: only Details names them all. */
function detailsButton({ id }: Request) {
  return button({ text: "Details", action: CARD_ACTIONS.details, value: id, label: `Details of ${id}` });
}

/** The state in a few plain words, without decoration: for the notification's text and for screen readers. */
export function stateWords(request: Request): string {
  const several = bulkStateWords(request);
  if (several !== null) return several;
  switch (request.status) {
    case "pending":
      return "waiting for approval";
    case "approved":
      return "approved";
    case "executing":
      return request.result.receipt === undefined
        ? "being carried out"
        : "accepted by Cloudflare, being checked";
    case "unknown":
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

/** The state as the card's second line: a sign, the words, who and when, and what was seen. */
export function stateLine(request: Request): string {
  const by = request.decidedBy === null ? "" : ` by ${mention(request.decidedBy)}`;
  const at = request.decidedAt === null ? "" : ` ${when(request.decidedAt)}`;
  const approved = `approved${by}${at}`;
  const several = bulkStateWords(request);
  switch (request.status) {
    case "pending":
      return "🟡 *Waiting for approval*";
    case "approved":
      return `🔵 *Approved*${by}${at}`;
    case "executing":
      if (several !== null) return `⏳ *${capitalise(several)}* · ${approved}`;
      return `⏳ *${request.result.receipt === undefined ? "Being carried out" : "Accepted by Cloudflare, checking"}* · ${approved}`;
    case "unknown":
      if (several !== null) return `⏳ *${capitalise(several)}* · ${approved}`;
      return `❔ *No clear answer from Cloudflare: finding out whether it is done* · ${approved}`;
    case "denied":
      return `⛔ *Denied*${by}${at}: ${escape(request.decisionReason ?? "", 500)}`;
    case "cancelled":
      return `⚪ *Cancelled*${by}${at}`;
    case "expired":
      return "⚪ *Expired*: nobody decided in time, nothing was done";
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
