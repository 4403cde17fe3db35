import type { PlacedElement } from "./elements.ts";
import { newId, toTs } from "./ids.ts";
import { collectState } from "./inputs.ts";
import type { StateValue, StateValues } from "./inputs.ts";
import { toWireMessage } from "./messages.ts";
import { issueResponseUrl, issueTrigger } from "./triggers.ts";
import type { Payload, SlackPerson, StoredMessage, StoredView } from "./types.ts";
import { toWireView } from "./views.ts";
import type { Conversation, Workspace } from "./workspace.ts";

/** Slack still sends the old verification token; no app should look at it. */
const verificationToken = "sandbox-verification-token";

/** https://docs.slack.dev/interactivity/implementing-slash-commands */
export function commandPayload(
  workspace: Workspace,
  input: { person: SlackPerson; conversation: Conversation; command: string; text: string },
): Payload {
  const { team, bot, enterprise } = workspace.options;
  const { person, conversation } = input;
  return {
    token: verificationToken,
    team_id: team.id,
    team_domain: team.domain,
    ...(enterprise === undefined ? {} : { enterprise_id: enterprise.id, enterprise_name: enterprise.name }),
    channel_id: conversation.id,
    channel_name: shownName(conversation),
    user_id: person.id,
    user_name: person.name,
    command: input.command,
    text: input.text,
    api_app_id: bot.appId,
    is_enterprise_install: "false",
    response_url: issueResponseUrl(workspace, { user: person.id, channel: conversation.id }),
    trigger_id: issueTrigger(workspace, person.id),
  };
}

/** https://docs.slack.dev/reference/interaction-payloads/block_actions-payload, from a message. */
export function messageActionPayload(
  workspace: Workspace,
  input: {
    person: SlackPerson;
    conversation: Conversation;
    message: StoredMessage;
    placed: PlacedElement;
    chosen: StateValue | undefined;
  },
): Payload {
  const { person, conversation, message, placed, chosen } = input;
  return {
    type: "block_actions",
    ...commonFields(workspace, person),
    ...messageContext(workspace, conversation, message),
    trigger_id: issueTrigger(workspace, person.id),
    state: { values: collectState(message.blocks, enteredBy(placed, chosen)) },
    response_url: issueResponseUrl(workspace, {
      user: person.id,
      channel: conversation.id,
      messageTs: message.ts,
      ...(message.threadTs === undefined ? {} : { threadTs: message.threadTs }),
    }),
    actions: [toAction(workspace, placed, chosen)],
  };
}

/** The same from a modal or a Home tab, which have neither a channel nor a response_url. */
export function viewActionPayload(
  workspace: Workspace,
  input: {
    person: SlackPerson;
    view: StoredView;
    placed: PlacedElement;
    chosen: StateValue | undefined;
    values: StateValues;
  },
): Payload {
  const { person, view, placed, chosen, values } = input;
  const entered = enteredBy(placed, chosen);
  const here = { ...values[placed.blockId], ...entered[placed.blockId] };
  return {
    type: "block_actions",
    ...commonFields(workspace, person),
    container: { type: "view", view_id: view.id },
    trigger_id: issueTrigger(workspace, person.id, view.type === "modal" ? view.id : undefined),
    view: toWireView(view, { ...values, [placed.blockId]: here }),
    actions: [toAction(workspace, placed, chosen)],
  };
}

/** https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload */
export function submissionPayload(
  workspace: Workspace,
  person: SlackPerson,
  view: StoredView,
  values: StateValues,
): Payload {
  return {
    type: "view_submission",
    ...commonFields(workspace, person),
    trigger_id: issueTrigger(workspace, person.id, view.id),
    view: toWireView(view, values),
    response_urls: [],
  };
}

export function closedPayload(
  workspace: Workspace,
  person: SlackPerson,
  view: StoredView,
  isCleared: boolean,
): Payload {
  return {
    type: "view_closed",
    ...commonFields(workspace, person),
    view: toWireView(view),
    is_cleared: isCleared,
  };
}

/** What an external select asks while one types. */
export function suggestionPayload(
  workspace: Workspace,
  input: {
    person: SlackPerson;
    placed: PlacedElement;
    value: string;
    from: { view: StoredView } | { conversation: Conversation; message: StoredMessage };
  },
): Payload {
  const { person, placed, from } = input;
  return {
    type: "block_suggestion",
    ...commonFields(workspace, person),
    action_id: placed.element.action_id,
    block_id: placed.blockId,
    value: input.value,
    ...("view" in from
      ? { container: { type: "view", view_id: from.view.id }, view: toWireView(from.view) }
      : messageContext(workspace, from.conversation, from.message)),
  };
}

/** https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload, from a message's menu. */
export function messageShortcutPayload(
  workspace: Workspace,
  input: { person: SlackPerson; conversation: Conversation; message: StoredMessage; callbackId: string },
): Payload {
  const { person, conversation, message, callbackId } = input;
  return {
    type: "message_action",
    ...shortcutFields(workspace, person, callbackId),
    message_ts: message.ts,
    message: toWireMessage(workspace, message),
    channel: { id: conversation.id, name: shownName(conversation) },
    // Without a message to replace: what the app answers is always a new message.
    response_url: issueResponseUrl(workspace, { user: person.id, channel: conversation.id }),
  };
}

/** The same from beside the composer, which knows neither a channel nor a response_url. */
export function globalShortcutPayload(
  workspace: Workspace,
  person: SlackPerson,
  callbackId: string,
): Payload {
  return { type: "shortcut", ...shortcutFields(workspace, person, callbackId) };
}

/** https://docs.slack.dev/apis/events-api */
export function eventPayload(workspace: Workspace, event: Record<string, unknown>): Payload {
  const { team, bot, enterprise } = workspace.options;
  return {
    token: verificationToken,
    team_id: team.id,
    ...(enterprise === undefined ? {} : { enterprise_id: enterprise.id }),
    api_app_id: bot.appId,
    event,
    type: "event_callback",
    event_id: newId("Ev"),
    event_time: Math.floor(workspace.now() / 1000),
    authorizations: [
      {
        enterprise_id: enterprise?.id ?? null,
        team_id: team.id,
        user_id: bot.userId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
  };
}

/** Where a control is; an app is not told what an ephemeral message says. */
function messageContext(workspace: Workspace, conversation: Conversation, message: StoredMessage): Payload {
  const isEphemeral = message.ephemeralTo !== undefined;
  return {
    container: {
      type: "message",
      message_ts: message.ts,
      channel_id: conversation.id,
      is_ephemeral: isEphemeral,
      ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
    },
    channel: { id: conversation.id, name: shownName(conversation) },
    ...(isEphemeral ? {} : { message: toWireMessage(workspace, message) }),
  };
}

/** Unlike other interactions, shortcuts do not name the app. */
function shortcutFields(workspace: Workspace, person: SlackPerson, callbackId: string): Payload {
  const { api_app_id: _appId, ...fields } = commonFields(workspace, person);
  return {
    ...fields,
    action_ts: toTs(Math.floor(workspace.now() * 1000)),
    callback_id: callbackId,
    trigger_id: issueTrigger(workspace, person.id),
  };
}

function commonFields(workspace: Workspace, person: SlackPerson): Payload {
  const { team, bot, enterprise = null } = workspace.options;
  return {
    team: {
      id: team.id,
      domain: team.domain,
      ...(enterprise === null ? {} : { enterprise_id: enterprise.id, enterprise_name: enterprise.name }),
    },
    user: { id: person.id, username: person.name, name: person.name, team_id: person.teamId ?? team.id },
    api_app_id: bot.appId,
    token: verificationToken,
    enterprise,
    is_enterprise_install: false,
  };
}

/** The element's fixed parts that Slack repeats in an action. */
const repeated = [
  "text",
  "value",
  "style",
  "url",
  "placeholder",
  "confirm",
  "initial_option",
  "initial_options",
];

function toAction(workspace: Workspace, placed: PlacedElement, chosen: StateValue | undefined): Payload {
  const { element, blockId } = placed;
  const kept = Object.entries(element).filter(([field]) => repeated.includes(field));
  return {
    action_id: element.action_id,
    block_id: blockId,
    ...Object.fromEntries(kept),
    ...chosen,
    type: element.type,
    action_ts: toTs(Math.floor(workspace.now() * 1000)),
  };
}

function enteredBy(placed: PlacedElement, chosen: StateValue | undefined): StateValues {
  // Buttons and overflow menus hold no state.
  if (chosen === undefined || chosen.type === "overflow") return {};
  return { [placed.blockId]: { [placed.element.action_id]: chosen } };
}

/** Slack names no private channel to an app. */
function shownName(conversation: Conversation): string {
  return conversation.kind === "private" ? "privategroup" : conversation.name;
}
