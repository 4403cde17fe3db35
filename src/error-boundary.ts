import type { SlackViewAction } from "@slack/bolt";

import type { Deps } from "./deps.ts";
import { threadOf, threadOfMessage } from "./interactions/click.ts";
import { createReference, toUserMessage, UserError, type UserMessage } from "./errors.ts";
import { NewerRequestError } from "./requests/newer-request.ts";
import { slackErrorCode } from "./slack/clients.ts";
import { AS_WRITTEN, openDirect, post } from "./slack/messages.ts";
import { noticeMessage, noticeModal } from "./views/notice.ts";

/** Of a payload, whatever tells who is looking where. */
export interface ErrorBody {
  response_url?: string;
  trigger_id?: string;
  /** Where the button is that was pressed. */
  container?: Record<string, unknown>;
  /** Whose shortcut was used. */
  message?: { ts?: string; thread_ts?: string };
  view?: SlackViewAction["view"];
  user?: { id?: string };
  user_id?: string;
  /** Of a mention. */
  event?: { user?: string; channel?: string; thread_ts?: string; ts?: string };
}

/** The one error boundary: a person gets words in the surface they used, the log gets the rest. */
export async function explainError(deps: Deps, error: unknown, body: ErrorBody): Promise<void> {
  const reference = createReference();
  const userId = body.user?.id ?? body.user_id ?? body.event?.user;
  if (error instanceof UserError || error instanceof NewerRequestError)
    deps.log.info({ userId, what: error.message }, "refused");
  else deps.log.error({ err: error, reference, userId }, "listener failed");
  const detail =
    slackErrorCode(error) === "expired_trigger_id" ? SLOW_TRIGGER : toUserMessage(error, reference);
  const { interactive, respond } = deps.slack;
  try {
    if (body.response_url) {
      const threadTs =
        body.container === undefined ? threadOfMessage(body.message ?? {}) : threadOf(body.container);
      await respond(body.response_url, noticeMessage(detail), { threadTs });
    } else if (body.view?.type === "home") {
      await explainAtHome(deps, { userId, triggerId: body.trigger_id }, detail);
    } else if (body.view !== undefined) {
      await interactive.views.update({ view_id: body.view.id, view: noticeModal("Not done", detail) });
    } else if (body.event?.user !== undefined && body.event.channel !== undefined) {
      const { user, channel, thread_ts: thread } = body.event;
      await interactive.chat.postEphemeral({
        channel,
        user,
        ...noticeMessage(detail),
        ...AS_WRITTEN,
        ...(thread === undefined ? {} : { thread_ts: thread }),
      });
    }
  } catch (failure) {
    deps.log.error({ err: failure, reference, userId }, "error could not be told");
  }
}

/** A Home has no place for an answer: a modal, or a direct message where Slack takes none any longer. */
async function explainAtHome(
  { slack: { interactive } }: Deps,
  { userId, triggerId }: { userId: string | undefined; triggerId: string | undefined },
  detail: UserMessage,
): Promise<void> {
  if (userId === undefined) return;
  try {
    await interactive.views.open({ trigger_id: triggerId ?? "", view: noticeModal("Not done", detail) });
  } catch (error) {
    if (slackErrorCode(error) === null) throw error;
    const channel = (await openDirect(interactive, userId)) ?? userId;
    await post(interactive, channel, noticeMessage(detail));
  }
}

const SLOW_TRIGGER = {
  what: "The form didn't open in time.",
  next: "Try again.",
};
