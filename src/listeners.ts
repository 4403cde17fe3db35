import type { App, BlockAction, CodedError, SlackViewAction } from "@slack/bolt";

import { createCommands } from "./commands/index.ts";
import type { Deps } from "./deps.ts";
import { createReference, toUserMessage, unwrapError, UserError } from "./errors.ts";
import { readClick } from "./interactions/click.ts";
import { CLICKS, FORMS } from "./interactions/index.ts";
import { showForm } from "./interactions/form-click.ts";
import { buildOrExplain, fillModal } from "./interactions/modal.ts";
import { openForm } from "./interactions/open-form.ts";
import { searchUsers } from "./interactions/search-users.ts";
import { showScreen } from "./interactions/screen.ts";
import { slackErrorCode } from "./slack/clients.ts";
import { respond } from "./slack/respond.ts";
import { USER_SEARCH } from "./views/ask-modal.ts";
import { FORM_PREFIX } from "./views/form-button.ts";
import { SCREEN_PREFIX } from "./views/screen-button.ts";
import { loadingModal, noticeMessage, noticeModal } from "./views/notice.ts";

export const COMMAND = "/zt";

/** The parts of a Bolt app that listeners are attached to. */
export type ListenerHost = Pick<App, "command" | "action" | "options" | "view" | "error">;

/**
 * Attaches every listener. Each acknowledges before it does anything (Slack waits three seconds), and whatever
 * goes wrong afterwards ends in the one error boundary.
 */
export function attachListeners(app: ListenerHost, deps: Deps): void {
  const commands = createCommands();
  app.command(COMMAND, async ({ ack, command }) => {
    await ack();
    const startedAt = deps.now();
    const asker = { userId: command.user_id, teamId: command.team_id };
    await commands.run(
      {
        deps,
        asker,
        channelId: command.channel_id,
        reply: (message) => respond(command.response_url, message),
        openForm: (form) =>
          openForm(deps, command.trigger_id, { asker, originChannel: command.channel_id }, form),
      },
      command.text ?? "",
    );
    deps.log.info(
      { userId: command.user_id, subcommand: command.text.split(/\s/, 1)[0], ms: deps.now() - startedAt },
      "command answered",
    );
  });

  for (const [actionId, handle] of Object.entries(CLICKS)) {
    app.action<BlockAction>(actionId, async ({ ack, body, action }) => {
      await ack();
      await handle(readClick(deps, body, action));
    });
  }

  app.action<BlockAction>(new RegExp(`^${SCREEN_PREFIX}`), async ({ ack, body, action }) => {
    await ack();
    await showScreen(commands, action.action_id, readClick(deps, body, action));
  });

  app.action<BlockAction>(new RegExp(`^${FORM_PREFIX}`), async ({ ack, body, action }) => {
    await ack();
    await showForm(action.action_id, readClick(deps, body, action));
  });

  app.options(USER_SEARCH, async ({ ack, body, payload }) => {
    const asker = { userId: body.user.id, teamId: body.user.team_id ?? body.team?.id ?? "" };
    try {
      await ack({ options: await searchUsers(deps, asker, payload.value) });
    } catch (error) {
      deps.log.warn({ err: error }, "users could not be searched");
      await ack({ options: [] });
    }
  });

  for (const [callbackId, { handler, title, working }] of Object.entries(FORMS)) {
    app.view(callbackId, async ({ ack, body, view }) => {
      const { errors } = handler.read(view);
      if (errors !== undefined) {
        await ack({ response_action: "errors", errors });
        return;
      }
      await ack({ response_action: "update", view: loadingModal(title, working) });
      const asker = { userId: body.user.id, teamId: body.user.team_id ?? body.team?.id ?? "" };
      const result = await buildOrExplain(deps, title, () => handler.run({ deps, asker, view }));
      await fillModal(deps, view.id, result);
    });
  }

  app.error(async ({ error, body }: { error: CodedError; body: unknown }) => {
    await explainError(deps, unwrapError(error), body as ErrorBody);
  });
}

/** Of the payload, whatever tells where the person is looking. */
interface ErrorBody {
  response_url?: string;
  view?: SlackViewAction["view"];
  user?: { id?: string };
  user_id?: string;
}

/** The one error boundary: a person gets words in the surface they used, the log gets the rest. */
async function explainError(deps: Deps, error: unknown, body: ErrorBody): Promise<void> {
  const reference = createReference();
  const userId = body.user?.id ?? body.user_id;
  if (error instanceof UserError) deps.log.info({ userId, what: error.message }, "refused");
  else deps.log.error({ err: error, reference, userId }, "listener failed");
  const detail =
    slackErrorCode(error) === "expired_trigger_id" ? SLOW_TRIGGER : toUserMessage(error, reference);
  try {
    if (body.response_url) await respond(body.response_url, noticeMessage(detail));
    else if (body.view !== undefined)
      await deps.slack.interactive.views.update({
        view_id: body.view.id,
        view: noticeModal("Not done", detail),
      });
  } catch (failure) {
    deps.log.error({ err: failure, reference, userId }, "error could not be told");
  }
}

const SLOW_TRIGGER = {
  what: "The form came too late.",
  why: "Slack gives three seconds to open one, and something was slower than that.",
  next: "Press or type it again.",
};
