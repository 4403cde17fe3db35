import type { ModalView } from "@slack/types";

import { createReference, toUserMessage, UserError, type UserMessage } from "../errors.ts";
import { actAlone, checkBreakGlass, review } from "../requests/break-glass.ts";
import { checkClick } from "../requests/decide.ts";
import { describeRequest } from "../requests/describe.ts";
import type { Request } from "../requests/request.ts";
import { readRequest } from "../requests/store.ts";
import { ALONE_ACTIONS } from "../views/alone.ts";
import { breakGlassModal, parseBreakGlassForm } from "../views/break-glass-modal.ts";
import { noticeModal } from "../views/notice.ts";
import { parseReviewForm, reviewModal } from "../views/review-modal.ts";
import type { Deps } from "../deps.ts";
import type { ClickHandler } from "./click.ts";
import type { FormHandler } from "./form.ts";
import { openWithLoading } from "./modal.ts";

/** Doing alone what would need approval, and saying afterwards what to think of that. */
export const aloneClicks: Record<string, ClickHandler> = {
  async [ALONE_ACTIONS.breakGlass]({ deps, asker, value, triggerId, isInModal }) {
    const build = async () => {
      const { request } = (await checkBreakGlass(deps, value, asker)).facts;
      return breakGlassModal({ request, words: describeRequest(request) });
    };
    await openWithLoading(deps, triggerId, "Break glass", "Checking…", build, { isOnTop: isInModal });
  },

  async [ALONE_ACTIONS.review]({ deps, asker, value, triggerId }) {
    await openWithLoading(deps, triggerId, "Review", "Checking…", async () => {
      const { request } = (await checkClick(deps, "review", value, asker)).facts;
      return reviewModal({ request, words: describeRequest(request) });
    });
  },
};

/** Who sends it is authorised anew, as the form may have stood open for long. */
export const breakGlassForm: FormHandler = {
  read(view) {
    const { errors } = parseBreakGlassForm(view);
    return Object.keys(errors).length === 0 ? {} : { errors };
  },
  async run({ deps, asker, view }) {
    const { requestId, reason } = parseBreakGlassForm(view);
    try {
      await actAlone(deps, requestId, asker, reason);
    } catch (error) {
      return comeBack(deps, requestId, error, ["Break glass", reason], (request, problem) =>
        breakGlassModal({ request, words: describeRequest(request), reason, problem }),
      );
    }
    return noticeModal(
      "Break glass",
      {
        what: "It is being carried out, on your word alone.",
        next: "The card shows how it goes. Everybody who has to know is told; somebody else reviews it.",
      },
      "🔴",
    );
  },
};

export const reviewForm: FormHandler = {
  read(view) {
    const { errors } = parseReviewForm(view);
    return Object.keys(errors).length === 0 ? {} : { errors };
  },
  async run({ deps, asker, view }) {
    const { requestId, verdict, note } = parseReviewForm(view);
    if (verdict === null) throw new Error("a form without a verdict is sent back when it is read");
    try {
      await review(deps, requestId, asker, { verdict, note });
    } catch (error) {
      return comeBack(deps, requestId, error, ["Review", note], (request, problem) =>
        reviewModal({ request, words: describeRequest(request), verdict, note, problem }),
      );
    }
    return noticeModal(
      "Review",
      {
        what: "Your review is recorded.",
        next: "The card and its thread show it, and who did it is told.",
      },
      "☑️",
    );
  },
};

/** Nothing that was typed is lost: the form as it was, with what is wrong above it. */
async function comeBack(
  deps: Deps,
  requestId: string,
  error: unknown,
  [title, typed]: [string, string],
  draw: (request: Request, problem: UserMessage) => ModalView,
): Promise<ModalView> {
  const reference = createReference();
  if (!(error instanceof UserError)) deps.log.error({ err: error, reference }, "form could not be taken");
  const problem = toUserMessage(error, reference);
  const request = await readRequest(deps.db, requestId).catch(() => null);
  if (request !== null) return draw(request, problem);
  return noticeModal(title, typed === "" ? problem : { ...problem, why: `You typed: ${typed}` });
}
