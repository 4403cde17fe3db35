import type { Button, KnownBlock } from "@slack/types";

import type { RequestText } from "../../actions/describe.ts";
import { actionOf } from "../../actions/index.ts";
import { compact } from "../../compact.ts";
import type { Request, Review } from "../../requests/request.ts";
import { actions, button, context, expanded, linked, message, section, type Message } from "../blocks.ts";
import { capitalize } from "../../pluralize.ts";
import { escape, mention, when } from "../text.ts";
import { behindText, type Behind } from "../request/direct.ts";

/** What one person did without approval, and what another says of it afterwards. Values are the request's id and nothing else. */
export const BREAK_GLASS_ACTIONS = { breakGlass: "request_break_glass", review: "request_review" } as const;

const LONGEST = 1000;

/** `Revoke now`: what an action is called where no one has to approve it. */
export function nowText({ plan }: { plan: Pick<Request["plan"], "action"> }): string {
  return `${actionOf(plan).label.split(" ", 1)[0]} now`;
}

/** Stands on the card, and in what is private to the requester: it opens a form. */
export function breakGlassButton(request: Pick<Request, "id" | "plan">): Button {
  const label = `Break-glass: ${request.id} without approval`;
  return button(`${nowText(request)}…`, BREAK_GLASS_ACTIONS.breakGlass, request.id, label);
}

/** Stays until it is reviewed, whatever came of the action. */
export function reviewButton({ id }: Pick<Request, "id">): Button {
  const label = `Review ${id}, a break-glass action`;
  return button("Review…", BREAK_GLASS_ACTIONS.review, id, label, { style: "primary" });
}

/** On the card after break-glass: who and why, and what the review said. `max`: characters of what people typed. */
export function breakGlassBlocks(request: Request, max = LONGEST): KnownBlock[] {
  if (request.breakGlass === null) return [];
  return compact<KnownBlock>(
    section(breakGlassText(request, max)),
    request.review === null && actions("request_review", reviewButton(request)),
  );
}

/** Two lines, and one more where no one knows whether they are at risk; empty without break-glass. */
export function breakGlassText({ breakGlass, review }: Request, max = LONGEST): string {
  if (breakGlass === null) return "";
  const { by, reason, unchecked, stepUp } = breakGlass;
  return compact(
    `🚨 *Break-glass by* ${mention(by)}: ${escape(reason, max)}`,
    uncheckedLine(by, unchecked, max < LONGEST ? 0 : 200),
    stepUp !== undefined && "🔐 With an authenticator code",
    review === null ? "🟡 *Needs review* by another approver" : reviewText(review, max),
  ).join("\n");
}

/** Of someone who decided: that it is unknown whether they are at risk, and why. `max`: characters of why; 0: not why. */
export function uncheckedLine(by: string, why: string | undefined, max = 200): string | null {
  if (why === undefined) return null;
  return `⚠️ Unknown whether ${mention(by)} is at risk${max === 0 ? "" : `: ${escape(why, max)}`}`;
}

function reviewText({ by, at, verdict, note }: Review, max = LONGEST): string {
  const sign = verdict === "justified" ? "☑️" : "🔴";
  return `${sign} *${capitalize(VERDICTS[verdict])}*, reviewed by ${mention(by)} ${when(at)}${note === "" ? "" : `: ${escape(note, max)}`}`;
}

const VERDICTS: Record<Review["verdict"], string> = {
  justified: "justified",
  "not-justified": "not justified",
};

/** The same in a few plain words, for notifications and screen readers. */
export function breakGlassWords({ breakGlass, review }: Request): string {
  if (breakGlass === null) return "";
  const said =
    review === null ? "needs review" : `reviewed by ${mention(review.by)}: ${VERDICTS[review.verdict]}`;
  return `break-glass by ${mention(breakGlass.by)}, ${said}`;
}

/** In the thread: the decision, where one person took it. */
export function breakGlassDecisionText({ by, at, reason }: NonNullable<Request["breakGlass"]>): string {
  return `🚨 *Break-glass by* ${mention(by)} ${when(at)}, without approval: ${escape(reason, LONGEST)}\nAnother approver needs to review it.`;
}

/** In the thread: what the review said. */
export function reviewedText({ review }: Request): string {
  return review === null ? "" : reviewText(review);
}

/** To everyone whom the policy names, at once. */
export function breakGlassMessage(
  request: Request,
  words: RequestText,
  link: string | null,
  behind: Behind | null = null,
): Message {
  const { by = "", at = 0, reason = "", unchecked } = request.breakGlass ?? {};
  return message(
    `Break-glass by ${mention(by)}: ${escape(words.headline)}, without approval. ${escape(reason, 500)}`,
    section(
      `🚨 *Break-glass by ${mention(by)}* ${when(at)}, without approval`,
      `*${escape(words.headline)}*`,
      uncheckedLine(by, unchecked),
    ),
    expanded(
      `*Why it can't wait* ${escape(reason, LONGEST)}`,
      `*Requested by* ${mention(request.requesterId)}: ${escape(request.reason, 500)}`,
    ),
    context(`Next: Another approver reviews it on the card · ${linked(request, link)}`),
    behind !== null && context(behindText(request, behind, "anyone")),
  );
}

/** To who used break-glass. */
export function breakGlassReviewedMessage(
  request: Request,
  words: RequestText,
  link: string | null,
): Message {
  return message(
    `${escape(words.headline)}: ${breakGlassWords(request)}`,
    section(reviewedText(request), `Your break-glass: *${escape(words.headline)}*`),
    context(linked(request, link)),
  );
}
