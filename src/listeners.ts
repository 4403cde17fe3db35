import type { App, BlockAction, CodedError, GlobalShortcut, MessageShortcut } from "@slack/bolt";

import { createCommands } from "./commands/index.ts";
import type { Asker, Deps } from "./deps.ts";
import { type ErrorBody, explainError } from "./error-boundary.ts";
import { unwrapError } from "./errors.ts";
import { readAsker, readClick } from "./interactions/click.ts";
import { CLICKS, FORMS } from "./interactions/index.ts";
import { showForm } from "./interactions/form-click.ts";
import { investigate, wordsOf } from "./interactions/investigate.ts";
import { createLauncherForm, openLauncher } from "./interactions/launcher.ts";
import { answerMention } from "./interactions/mention.ts";
import { buildOrExplain, fillModal, showProgress } from "./interactions/modal.ts";
import { openForm } from "./interactions/open-form.ts";
import { searchUsers } from "./interactions/search-users.ts";
import { showScreen } from "./interactions/screen.ts";
import { respond } from "./slack/respond.ts";
import { takeDelivery } from "./store/deliveries.ts";
import { USER_SEARCH } from "./views/ask-modal.ts";
import { FORM_PREFIX } from "./views/form-button.ts";
import { LAUNCHER_MODAL } from "./views/launcher.ts";
import { SCREEN_PREFIX } from "./views/screen-button.ts";
import { loadingModal } from "./views/notice.ts";

export const COMMAND = "/zt";

/** "Investigate in Zero Trust", on a message. */
export const INVESTIGATE = "investigate";

/** "Zero Trust…", anywhere. */
export const LAUNCHER = "launcher";

/** The parts of a Bolt app that listeners are attached to. */
export type ListenerHost = Pick<
  App,
  "command" | "action" | "options" | "view" | "shortcut" | "event" | "error"
>;

/**
 * Attaches every listener. Each acknowledges before it does anything (Slack waits three seconds), and whatever
 * goes wrong afterwards ends in the one error boundary.
 */
export function attachListeners(app: ListenerHost, deps: Deps): void {
  const commands = createCommands();
  app.command(COMMAND, async ({ ack, command }) => {
    await ack();
    const startedAt = deps.now();
    const asker: Asker = {
      userId: command.user_id,
      teamId: command.team_id,
      channelId: command.channel_id,
      surface: "command",
    };
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
    const asker = readAsker(body, "menu");
    try {
      await ack({ options: await searchUsers(deps, asker, payload.value) });
    } catch (error) {
      deps.log.warn({ err: error }, "users could not be searched");
      await ack({ options: [] });
    }
  });

  app.shortcut<MessageShortcut>(
    { callback_id: INVESTIGATE, type: "message_action" },
    async ({ ack, shortcut }) => {
      await ack();
      const asker = readAsker(shortcut, "message shortcut", shortcut.channel.id);
      await respond(
        shortcut.response_url,
        await investigate(commands, deps, asker, wordsOf(shortcut.message)),
      );
    },
  );

  app.shortcut<GlobalShortcut>({ callback_id: LAUNCHER, type: "shortcut" }, async ({ ack, shortcut }) => {
    await ack();
    const asker = readAsker(shortcut, "global shortcut");
    await openLauncher(commands, deps, asker, shortcut.trigger_id);
  });

  app.event("app_mention", async ({ event, body, context }) => {
    if (event.user === undefined || !(await takeDelivery(deps.db, body.event_id, deps.now()))) return;
    await answerMention(commands, deps, {
      asker: {
        userId: event.user,
        teamId: event.team ?? body.team_id,
        channelId: event.channel,
        surface: "mention",
      },
      text: event.text,
      botUserId: context.botUserId ?? "",
      channel: event.channel,
      threadTs: event.thread_ts ?? event.ts,
    });
  });

  const forms = {
    ...FORMS,
    [LAUNCHER_MODAL]: { handler: createLauncherForm(commands), title: "Zero Trust", working: "Working…" },
  };
  for (const [callbackId, { handler, title, working }] of Object.entries(forms)) {
    app.view(callbackId, async ({ ack, body, view }) => {
      const { errors } = handler.read(view);
      if (errors !== undefined) {
        await ack({ response_action: "errors", errors });
        return;
      }
      await ack({ response_action: "update", view: loadingModal(title, working) });
      const asker = readAsker(body, callbackId === LAUNCHER_MODAL ? "global shortcut" : "form");
      const progress = showProgress(deps, view.id, title);
      const result = await buildOrExplain(deps, title, () =>
        handler.run({ deps, asker, view, progress: (what) => progress.say(what) }),
      );
      await progress.stop();
      await fillModal(deps, view.id, result);
    });
  }

  app.error(async ({ error, body }: { error: CodedError; body: unknown }) => {
    await explainError(deps, unwrapError(error), body as ErrorBody);
  });
}
