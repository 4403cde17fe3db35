import type {
  App,
  BlockAction,
  CodedError,
  GlobalShortcut,
  MessageShortcut,
  ViewSubmitAction,
} from "@slack/bolt";

import type { CommandContext } from "./commands/define.ts";
import { createCommands } from "./commands/index.ts";
import { watchRuns } from "./commands/registry.ts";
import type { Asker, Deps } from "./deps.ts";
import { type ErrorBody, explainError } from "./error-boundary.ts";
import { unwrapError } from "./errors.ts";
import { answerForm } from "./interactions/answer-form.ts";
import { type Click, readAsker, readClick, threadOfMessage } from "./interactions/click.ts";
import { createHomeClicks } from "./interactions/home.ts";
import { CLICKS, DECISIONS, FORMS } from "./interactions/index.ts";
import { showChosen, showForm, showScreen } from "./interactions/navigation.ts";
import { investigate, wordsOf } from "./interactions/investigate.ts";
import { addToIncident, openFormOf, openIncidentForm } from "./interactions/incident.ts";
import { createLauncherForm, openLauncher } from "./interactions/launcher.ts";
import { answerMention } from "./interactions/mention.ts";
import { buildOrExplain } from "./interactions/modal.ts";
import { followNote, readMessageChange } from "./interactions/notes/follow.ts";
import { noteByReaction, withdrawByReaction } from "./interactions/notes/reaction.ts";
import { openForm } from "./interactions/open-form.ts";
import { searchUsers } from "./interactions/search-users.ts";
import { isFirstOf, type Purpose } from "./slack/receiving/replay.ts";
import { USER_SEARCH } from "./views/forms/user-search.ts";
import { FORM_PREFIX } from "./views/forms/button.ts";
import { INCIDENT_ACTIONS } from "./views/incident/actions.ts";
import { LAUNCHER_MODAL } from "./views/forms/launcher.ts";
import { MENU_PREFIX } from "./views/menu.ts";
import { SCREEN_PREFIX } from "./views/screen-button.ts";
import { maskForm } from "./views/forms/values.ts";
import { withMaskedNotice } from "./views/masked.ts";

const COMMAND = "/zt";

/** "Investigate in Zero Trust", on a message. */
const INVESTIGATE = "investigate";

/** "Add to incident", on a message. */
const ADD_TO_INCIDENT = "add_to_incident";

/** "Zero Trust…", anywhere. */
const LAUNCHER = "launcher";

/** The parts of a Bolt app that listeners are attached to. */
export type ListenerHost = Pick<
  App,
  "command" | "action" | "options" | "view" | "shortcut" | "event" | "error"
>;

/**
 * Attaches every listener. Each acknowledges before it does anything (Slack waits three seconds), then asks whether
 * the request is new, and what goes wrong afterwards ends in the one error boundary. A form is acknowledged with its
 * result where that is there within two seconds: see answer-form.ts.
 */
export function attachListeners(app: ListenerHost, deps: Deps): void {
  const commands = watchRuns(createCommands(), deps.onRun);
  app.command(COMMAND, async ({ ack, command, context: delivered }) => {
    await ack();
    if (!(await isFirstOf(delivered)(commands.purposeOf(command.text)))) return;
    const startedAt = deps.now();
    const { user_id: userId, team_id: teamId, channel_id: channelId, text } = command;
    const { enterprise_id: enterpriseId } = command;
    const asker: Asker = {
      userId,
      teamId,
      ...(enterpriseId !== undefined && { enterpriseId }),
      channelId,
      surface: "command",
    };
    const context: CommandContext = {
      deps,
      asker,
      channelId,
      reply: (message) => deps.slack.respond(command.response_url, message),
      // Slack replaces no answer to a slash command: the whole one follows below it. docs/adr/0020
      showEarly: (message) => deps.slack.respond(command.response_url, message),
      openForm: (form) => openForm(deps, command.trigger_id, { asker, originChannel: channelId }, form),
      openIncidentForm: ({ title }) =>
        openIncidentForm(deps, command.trigger_id, { asker, channelId, title }),
    };
    await commands.run(context, text);
    // By its name only: what was typed may be anything.
    const subcommand = commands.find(text.split(/\s/, 1)[0] ?? "")?.name ?? null;
    deps.log.info({ userId, subcommand, ms: deps.now() - startedAt }, "command answered");
  });

  const onClick = (
    actionId: string | RegExp,
    purpose: Purpose,
    handle: (click: Click, actionId: string) => Promise<void>,
  ) =>
    app.action<BlockAction>(actionId, async ({ ack, body, action, context }) => {
      await ack();
      if (!(await isFirstOf(context)(purpose))) return;
      try {
        await handle(readClick(deps, body, action), action.action_id);
      } finally {
        // Whatever came of it shows there.
        if (body.view?.type === "home") await deps.home.refresh(body.user.id);
      }
    });
  const lookUps = { ...CLICKS, ...createHomeClicks(commands) };
  for (const [actionId, handle] of Object.entries(lookUps)) onClick(actionId, "look-up", handle);
  for (const [actionId, handle] of Object.entries(DECISIONS)) onClick(actionId, "change", handle);
  onClick(new RegExp(`^${SCREEN_PREFIX}`), "look-up", (click, actionId) =>
    showScreen(commands, actionId, click),
  );
  onClick(new RegExp(`^${FORM_PREFIX}`), "look-up", (click, actionId) => showForm(actionId, click));
  onClick(new RegExp(`^${MENU_PREFIX}`), "look-up", (click) => showChosen(commands, CLICKS, click));

  // Of several in one message, each has a number behind the id.
  onClick(new RegExp(`^${INCIDENT_ACTIONS.open}:`), "look-up", openFormOf);

  app.options(USER_SEARCH, async ({ ack, body, payload, context }) => {
    const asker = readAsker(body, "menu");
    try {
      // Its acknowledgement holds what was found: a sender who repeats it must not read that.
      const found = searchUsers(deps, asker, payload.value);
      const [isFirst, options] = await Promise.all([isFirstOf(context)("look-up"), found]);
      await ack({ options: isFirst ? options : [] });
    } catch (error) {
      deps.log.warn({ err: error }, "users could not be searched");
      await ack({ options: [] });
    }
  });

  const onMessage = { callback_id: INVESTIGATE, type: "message_action" } as const;
  app.shortcut<MessageShortcut>(onMessage, async ({ ack, shortcut, context }) => {
    await ack();
    if (!(await isFirstOf(context)("look-up"))) return;
    const asker = readAsker(shortcut, "message shortcut", shortcut.channel.id);
    const answer = await investigate(commands, deps, asker, wordsOf(shortcut.message));
    // In the thread of a reply: so do the buttons of the answer.
    const threadTs = threadOfMessage(shortcut.message);
    await deps.slack.respond(shortcut.response_url, answer, { threadTs });
  });

  const onAddToIncident = { callback_id: ADD_TO_INCIDENT, type: "message_action" } as const;
  app.shortcut<MessageShortcut>(onAddToIncident, async ({ ack, shortcut, context }) => {
    await ack();
    const asker = readAsker(shortcut, "message shortcut", shortcut.channel.id);
    if (await isFirstOf(context)("look-up")) await addToIncident(deps, asker, shortcut);
  });

  const onLauncher = { callback_id: LAUNCHER, type: "shortcut" } as const;
  app.shortcut<GlobalShortcut>(onLauncher, async ({ ack, shortcut, context }) => {
    await ack();
    const asker = readAsker(shortcut, "global shortcut");
    if (await isFirstOf(context)("look-up")) await openLauncher(commands, deps, asker, shortcut.trigger_id);
  });

  app.event("app_mention", async ({ event, body, context }) => {
    const { user: userId, channel, text, ts, thread_ts: threadTs = ts } = event;
    if (userId === undefined) return;
    const { enterprise_id: enterpriseId } = body;
    const asker: Asker = {
      userId,
      // In a shared channel, `user_team` is the author's workspace whichever one it was heard in.
      teamId: authorTeamOf(event) ?? body.team_id,
      ...(enterpriseId !== undefined && { enterpriseId }),
      channelId: channel,
      surface: "mention",
    };
    const botUserId = context.botUserId ?? "";
    const isFirst = isFirstOf(context);
    await answerMention(commands, deps, { asker, text, botUserId, channel, ts, threadTs, isFirst });
  });

  for (const [type, handle] of [
    ["reaction_added", noteByReaction],
    ["reaction_removed", withdrawByReaction],
  ] as const)
    app.event(type, async ({ event, body, context }) => {
      const { user: userId, reaction: name, item } = event;
      const { enterprise_id: enterpriseId } = body;
      const asker: Asker = {
        userId,
        teamId: body.team_id,
        ...(enterpriseId !== undefined && { enterpriseId }),
        channelId: item.channel,
        surface: "reaction",
      };
      const place = { channel: item.channel, ts: item.ts };
      const version = Number(event.event_ts);
      const botUserId = context.botUserId ?? "";
      await handle(deps, { asker, name, place, version, botUserId, isFirst: isFirstOf(context) });
    });

  // Everything that is written where the bot is comes here; only what became of notes is looked at.
  app.event("message", async ({ event, context }) => {
    const change = readMessageChange(event, context.botUserId ?? "");
    if (change !== null) await followNote(deps, change, isFirstOf(context));
  });

  app.event("app_home_opened", async ({ event, context }) => {
    if (event.tab === "home" && (await isFirstOf(context)("look-up"))) await deps.home.opened(event.user);
  });

  const forms = {
    ...FORMS,
    [LAUNCHER_MODAL]: { handler: createLauncherForm(commands), title: "Zero Trust", working: "Working…" },
  };
  for (const [callbackId, { handler, title, working }] of Object.entries(forms)) {
    app.view<ViewSubmitAction>(callbackId, async ({ ack, body, view, context }) => {
      const { form, found } = maskForm(view);
      const taken = handler(form);
      if ("errors" in taken) {
        await ack({ response_action: "errors", errors: taken.errors });
        return;
      }
      const asker = readAsker(body, callbackId === LAUNCHER_MODAL ? "global shortcut" : "form");
      await answerForm(deps, { ack, view, title, working }, async (progress) => {
        const result = await buildOrExplain(deps, title, async () => {
          if (!(await isFirstOf(context)(taken.purpose))) return null;
          return taken.run({ deps, asker, progress });
        });
        return result === null ? null : withMaskedNotice(result, found);
      });
    });
  }

  app.error(async ({ error, body }: { error: CodedError; body: unknown }) => {
    await explainError(deps, unwrapError(error), body as ErrorBody);
  });
}

/** The workspace of who wrote a message, where its event names one. */
function authorTeamOf(event: { team?: string; user_team?: string }): string | undefined {
  return event.user_team ?? event.team;
}
