import type { KnownBlock } from "@slack/types";

import type { RequestText } from "../requests/describe.ts";
import type { BreakGlassUse, Request, Review } from "../requests/request.ts";
import { actions, button, context, section, type Message } from "./blocks.ts";
import { behindText, type Behind } from "./direct.ts";
import { escape, mention, when } from "./text.ts";

/** What one person did alone, and what somebody else says of it. Values are the request's id and nothing else. */
export const ALONE_ACTIONS = { breakGlass: "request_break_glass", review: "request_review" } as const;

const LONGEST = 1000;

/** Stands on the card, and in what is private to who asked: it opens a form. */
export function breakGlassButton({ id }: Pick<Request, "id">) {
  return button({
    text: "Break glass…",
    action: ALONE_ACTIONS.breakGlass,
    value: id,
    label: `Do ${id} alone, without approval: only for some`,
  });
}

/** Stays until somebody pressed it, whatever came of the action. */
export function reviewButton({ id }: Pick<Request, "id">) {
  return button({
    text: "Review",
    action: ALONE_ACTIONS.review,
    value: id,
    style: "primary",
    label: `Review ${id}, which one person did alone`,
  });
}

/** On the card, once somebody acted alone: who and why, and what was said of it. */
export function aloneBlocks(request: Request, ...more: ReturnType<typeof button>[]): KnownBlock[] {
  if (request.breakGlass === null) return [];
  const isWaiting = request.review === null;
  return [
    section(aloneText(request)),
    ...(isWaiting ? [actions("request_review", reviewButton(request), ...more)] : []),
  ];
}

/** Two lines, and one more where nobody could say whether they are at risk; empty where nobody acted alone. */
export function aloneText({ breakGlass, review, status }: Request): string {
  if (breakGlass === null) return "";
  const { by, at, reason } = breakGlass;
  // Where nothing, or not all, was done, only the wish was one person's.
  const what = status === "voided" || status === "failed" ? "*Decided alone*" : "*Done alone*";
  return [
    `🔴 ${what} by ${mention(by)} ${when(at)}: ${escape(reason, LONGEST)}`,
    ...uncheckedLines(breakGlass),
    review === null
      ? "🔎 *Waits for review* by an approver: neither who did it, nor who asked, nor who it is about"
      : reviewText(review),
  ].join("\n");
}

/** As the card says it of approvers. */
function uncheckedLines({ by, unchecked }: BreakGlassUse): string[] {
  if (unchecked === undefined) return [];
  return [`⚠️ Nobody could say whether ${mention(by)} is at risk themselves: ${escape(unchecked, 200)}`];
}

function reviewText({ by, at, verdict, note }: Review): string {
  const sign = verdict === "justified" ? "☑️" : "❗";
  return `${sign} *Reviewed* by ${mention(by)}: ${VERDICTS[verdict]}, ${when(at)}${note === "" ? "" : `: ${escape(note, LONGEST)}`}`;
}

export const VERDICTS: Record<Review["verdict"], string> = {
  justified: "justified",
  "not-justified": "*not justified*",
};

/** The same in a few plain words, for notifications and screen readers. */
export function aloneWords({ breakGlass, review }: Request): string {
  if (breakGlass === null) return "";
  const said =
    review === null
      ? "waits for review"
      : `reviewed by ${mention(review.by)}: ${review.verdict === "justified" ? "justified" : "not justified"}`;
  return `decided alone by ${mention(breakGlass.by)}, ${said}`;
}

/** In the thread: the decision, where one person took it. */
export function aloneDecisionText({ by, at, reason }: NonNullable<Request["breakGlass"]>): string {
  return `🔴 *Done alone* by ${mention(by)} ${when(at)}, without approval: ${escape(reason, LONGEST)}\nEverybody who has to know is told. Somebody else has to review it.`;
}

/** In the thread: what was said of it. */
export function reviewedText({ review }: Request): string {
  return review === null ? "" : reviewText(review);
}

/** To everybody who has to know, at once. */
export function aloneMessage(
  request: Request,
  words: RequestText,
  link: string | null,
  behind: Behind | null = null,
): Message {
  const { by = "", at = 0, reason = "" } = request.breakGlass ?? {};
  return {
    text: `${mention(by)} broke the glass: ${escape(words.headline)}, without approval. ${escape(reason, 500)}`,
    blocks: [
      section(
        [
          `🔴 *${mention(by)} acts alone, without approval* ${when(at)}`,
          `*${escape(words.headline)}*, asked by ${mention(request.requesterId)}: ${escape(request.reason, 500)}`,
          `*Why alone* ${escape(reason, LONGEST)}`,
          ...(request.breakGlass === null ? [] : uncheckedLines(request.breakGlass)),
        ].join("\n"),
      ),
      context(`${linked(request, link)} · an approver who had no part in it has to review it on the card`),
      ...(behind === null ? [] : [context(behindText(request, behind, "anybody"))]),
    ],
  };
}

/** To who did it. */
export function aloneReviewedMessage(request: Request, words: RequestText, link: string | null): Message {
  return {
    text: `${escape(words.headline)}: ${aloneWords(request)}`,
    blocks: [
      section(`*${escape(words.headline)}*, which you did alone\n${reviewedText(request)}`),
      context(linked(request, link)),
    ],
  };
}

function linked({ id }: Request, link: string | null): string {
  return link === null ? id : `<${link}|${id}>`;
}
