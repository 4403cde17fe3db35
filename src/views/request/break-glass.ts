import type { Button, KnownBlock } from "@slack/types";

import type { RequestText } from "../../actions/describe.ts";
import { compact } from "../../compact.ts";
import type { Request, Review } from "../../requests/request.ts";
import { actions, button, context, linked, message, section, type Message } from "../blocks.ts";
import { escape, mention, when } from "../text.ts";
import { behindText, type Behind } from "./direct.ts";

/** What one person did alone, and what somebody else says of it. Values are the request's id and nothing else. */
export const BREAK_GLASS_ACTIONS = { breakGlass: "request_break_glass", review: "request_review" } as const;

const LONGEST = 1000;

/** Stands on the card, and in what is private to who asked: it opens a form. */
export function breakGlassButton({ id }: Pick<Request, "id">): Button {
  const label = `Do ${id} alone, without approval: only for some`;
  return button("Break glass…", BREAK_GLASS_ACTIONS.breakGlass, id, label);
}

/** Stays until somebody pressed it, whatever came of the action. */
export function reviewButton({ id }: Pick<Request, "id">): Button {
  const label = `Review ${id}, which one person did alone`;
  return button("Review", BREAK_GLASS_ACTIONS.review, id, label, { style: "primary" });
}

/** On the card, once somebody acted alone: who and why, and what was said of it. */
export function breakGlassBlocks(request: Request, ...more: Button[]): KnownBlock[] {
  if (request.breakGlass === null) return [];
  return compact<KnownBlock>(
    section(breakGlassText(request)),
    request.review === null && actions("request_review", reviewButton(request), more),
  );
}

/** Two lines, and one more where nobody could say whether they are at risk; empty where nobody acted alone. */
export function breakGlassText({ breakGlass, review, status }: Request): string {
  if (breakGlass === null) return "";
  const { by, at, reason, unchecked, stepUp } = breakGlass;
  // Where nothing, or not all, was done, only the wish was one person's.
  const what = status === "voided" || status === "failed" ? "*Decided alone*" : "*Done alone*";
  return compact(
    `🔴 ${what} by ${mention(by)} ${when(at)}: ${escape(reason, LONGEST)}`,
    uncheckedLine(by, unchecked),
    stepUp !== undefined && "🔐 With a code from their authenticator",
    review === null
      ? "🔎 *Waits for review* by an approver: neither who did it, nor who asked, nor who it is about"
      : reviewText(review),
  ).join("\n");
}

/** Of somebody who decided: why it is not known whether they are at risk. */
export function uncheckedLine(by: string, why: string | undefined): string | null {
  if (why === undefined) return null;
  return `⚠️ Nobody could say whether ${mention(by)} is at risk themselves: ${escape(why, 200)}`;
}

function reviewText({ by, at, verdict, note }: Review): string {
  const sign = verdict === "justified" ? "☑️" : "❗";
  return `${sign} *Reviewed* by ${mention(by)}: ${VERDICTS[verdict]}, ${when(at)}${note === "" ? "" : `: ${escape(note, LONGEST)}`}`;
}

const VERDICTS: Record<Review["verdict"], string> = {
  justified: "justified",
  "not-justified": "*not justified*",
};

/** The same in a few plain words, for notifications and screen readers. */
export function breakGlassWords({ breakGlass, review }: Request): string {
  if (breakGlass === null) return "";
  const said =
    review === null
      ? "waits for review"
      : `reviewed by ${mention(review.by)}: ${review.verdict === "justified" ? "justified" : "not justified"}`;
  return `decided alone by ${mention(breakGlass.by)}, ${said}`;
}

/** In the thread: the decision, where one person took it. */
export function breakGlassDecisionText({ by, at, reason }: NonNullable<Request["breakGlass"]>): string {
  return `🔴 *Done alone* by ${mention(by)} ${when(at)}, without approval: ${escape(reason, LONGEST)}\nEverybody who has to know is told. Somebody else has to review it.`;
}

/** In the thread: what was said of it. */
export function reviewedText({ review }: Request): string {
  return review === null ? "" : reviewText(review);
}

/** To everybody who has to know, at once. */
export function breakGlassMessage(
  request: Request,
  words: RequestText,
  link: string | null,
  behind: Behind | null = null,
): Message {
  const { by = "", at = 0, reason = "", unchecked } = request.breakGlass ?? {};
  return message(
    `${mention(by)} broke the glass: ${escape(words.headline)}, without approval. ${escape(reason, 500)}`,
    section(
      `🔴 *${mention(by)} acts alone, without approval* ${when(at)}`,
      `*${escape(words.headline)}*, asked by ${mention(request.requesterId)}: ${escape(request.reason, 500)}`,
      `*Why alone* ${escape(reason, LONGEST)}`,
      uncheckedLine(by, unchecked),
    ),
    context(`${linked(request, link)} · an approver who had no part in it has to review it on the card`),
    behind !== null && context(behindText(request, behind, "anybody")),
  );
}

/** To who did it. */
export function breakGlassReviewedMessage(
  request: Request,
  words: RequestText,
  link: string | null,
): Message {
  return message(
    `${escape(words.headline)}: ${breakGlassWords(request)}`,
    section(`*${escape(words.headline)}*, which you did alone`, reviewedText(request)),
    context(linked(request, link)),
  );
}
