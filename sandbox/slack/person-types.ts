import type {
  Delivery,
  SlackCommand,
  SlackOptions,
  SlackPerson,
  SlackShortcut,
  StoredMessage,
  StoredView,
} from "./types.ts";

/** What a person does in the workspace, and what they see of it. */

export interface CommandInput {
  user: string;
  channel: string;
  text: string;
  /** The first of `options.commands` unless told. */
  command?: string;
}

export interface ClickInput {
  user: string;
  channel?: string;
  ts?: string;
  viewId?: string;
  actionId: string;
  blockId?: string;
  /** What was chosen, for selects, checkboxes, radio buttons, pickers and overflow menus. */
  value?: unknown;
  /** In a view: what the other inputs hold at that moment. */
  values?: SubmittedValues;
}

/** `values[blockId][actionId]`: a string, an array of strings, or a whole state value. */
export type SubmittedValues = Record<string, Record<string, unknown>>;

export interface SubmitInput {
  user: string;
  viewId: string;
  values: SubmittedValues;
}

export interface CloseViewInput {
  user: string;
  viewId: string;
}

export interface PostInput {
  user: string;
  channel: string;
  text: string;
  threadTs?: string;
}

/** A person's message, and what the app was sent because of it. */
export interface Posted {
  ts: string;
  /** The events, in the order in which they were delivered. */
  deliveries: Delivery[];
}

export interface SuggestInput {
  user: string;
  channel?: string;
  ts?: string;
  viewId?: string;
  actionId: string;
  blockId?: string;
  /** What was typed so far. */
  value: string;
}

/** An option of an external select as the app offered it. */
export interface SuggestedOption {
  text: string;
  value: string;
  description?: string;
  /** The label of the group it is in. */
  group?: string;
}

export interface MessageShortcutInput {
  user: string;
  channel: string;
  ts: string;
  callbackId: string;
}

export interface GlobalShortcutInput {
  user: string;
  callbackId: string;
}

export interface OpenHomeInput {
  user: string;
  /** Which of the app's tabs; its Home unless told. */
  tab?: "home" | "messages";
}

/** What one person sees: the control API's `GET /sandbox/state`. */
export interface PersonState {
  team: SlackOptions["team"];
  me: SlackPerson;
  people: SlackPerson[];
  bot: { userId: string; name: string };
  userGroups: { id: string; handle: string }[];
  channels: PersonChannel[];
  views: StoredView[];
  home?: StoredView;
  commands: SlackCommand[];
  shortcuts: SlackShortcut[];
  /** Whether the app hears of messages that mention it. */
  hearsMentions: boolean;
  /** Whether the app has a Home tab that it fills. */
  hasHome: boolean;
  notices: { at: string; text: string }[];
}

export interface PersonChannel {
  id: string;
  name: string;
  kind: "channel" | "private" | "im";
  messages: StoredMessage[];
  threads: Record<string, StoredMessage[]>;
}

/** Of a message that everybody in the channel sees. */
export interface RemoveInput {
  user: string;
  channel: string;
  ts: string;
}

export interface EditInput extends RemoveInput {
  text: string;
}

export interface ReactInput extends RemoveInput {
  /** Without colons: `pushpin`. */
  name: string;
  /** The reaction is taken back. */
  isRemoved?: boolean;
}
