import type { ModalView } from "@slack/types";

import { explain, type UserMessage } from "../errors.ts";
import { useBreakGlass, checkBreakGlass, review } from "../approvals/break-glass.ts";
import { checkClick } from "../approvals/click.ts";
import { rulesFor } from "../approvals/rules.ts";
import { checkEnrolled, useCode } from "../approvals/step-up/code.ts";
import { describeRequest } from "../actions/describe.ts";
import type { Request } from "../requests/request.ts";
import { readRequest } from "../requests/repository.ts";
import { BREAK_GLASS_ACTIONS } from "../views/card/break-glass.ts";
import { breakGlassModal, parseBreakGlassForm } from "../views/request/break-glass-modal.ts";
import { noticeModal } from "../views/notice.ts";
import { parseReviewForm, reviewModal } from "../views/request/review-modal.ts";
import type { Asker, Deps } from "../deps.ts";
import type { ClickHandler } from "./click.ts";
import { defineForm } from "./form.ts";
import { openWithLoading } from "./modal.ts";

/** Break-glass: acting without approval, and the review afterwards. */
export const breakGlassClicks: Record<string, ClickHandler> = {
  async [BREAK_GLASS_ACTIONS.breakGlass]({ deps, asker, value, triggerId, isInModal }) {
    const build = () => buildBreakGlassForm(deps, asker, value);
    await openWithLoading(deps, triggerId, "Break-glass", "Checking…", build, { isOnTop: isInModal });
  },

  async [BREAK_GLASS_ACTIONS.review]({ deps, asker, value, triggerId }) {
    await openWithLoading(deps, triggerId, "Review", "Checking…", async () => {
      const { request } = (await checkClick(deps, "review", value, asker)).facts;
      return reviewModal({ request, words: describeRequest(request) });
    });
  },
};

/** @throws UserError where this person may not use it. */
export async function buildBreakGlassForm(deps: Deps, asker: Asker, requestId: string): Promise<ModalView> {
  const { request, stepUp } = (await checkBreakGlass(deps, requestId, asker, { code: "later" })).facts;
  if (stepUp.alone) await checkEnrolled(deps, asker);
  return breakGlassModal({ request, words: describeRequest(request), takesCode: stepUp.alone });
}

export const breakGlassForm = defineForm(parseBreakGlassForm, ({ deps, asker }, form) =>
  takeBreakGlass(deps, asker, form),
);

/** What takes the form's place: that it has begun, or the form again with what is wrong. */
export async function takeBreakGlass(
  deps: Deps,
  asker: Asker,
  { requestId, reason, code }: { requestId: string; reason: string; code: string },
): Promise<ModalView> {
  try {
    const given =
      code === "" ? undefined : await useCode(deps, asker, code, { what: "break-glass", requestId });
    await useBreakGlass(deps, requestId, asker, reason, given);
  } catch (error) {
    return comeBack(deps, requestId, error, ["Break-glass", reason], (request, problem) => {
      const takesCode = rulesFor(deps.policy.current(), request).stepUp.alone;
      return breakGlassModal({ request, words: describeRequest(request), takesCode, reason, problem });
    });
  }
  const done = {
    what: "In progress, without approval.",
    next: "Follow it on the card. Another approver reviews it.",
  };
  return noticeModal("Break-glass", done, "☑️");
}

export const reviewForm = defineForm(parseReviewForm, async ({ deps, asker }, form) => {
  const { requestId, verdict, note } = form;
  if (verdict === null) throw new Error("a form without a verdict is sent back when it is read");
  try {
    await review(deps, requestId, asker, { verdict, note });
  } catch (error) {
    return comeBack(deps, requestId, error, ["Review", note], (request, problem) =>
      reviewModal({ request, words: describeRequest(request), verdict, note, problem }),
    );
  }
  const done = {
    what: "Your review is on the card.",
  };
  return noticeModal("Review", done, "☑️");
});

/** Nothing that was typed is lost: the form as it was, with what is wrong above it. */
export async function comeBack(
  deps: Deps,
  requestId: string,
  error: unknown,
  [title, typed]: [string, string],
  draw: (request: Request, problem: UserMessage) => ModalView,
): Promise<ModalView> {
  const problem = explain(deps.log, error, "form could not be taken");
  const request = await readRequest(deps.db, requestId).catch((failure: unknown) => {
    explain(deps.log, failure, "request not read again for its form");
    return null;
  });
  if (request !== null) return draw(request, problem);
  return noticeModal(title, typed === "" ? problem : { ...problem, why: `You typed: ${typed}` });
}
