import type { ViewOutput } from "@slack/bolt";
import type { AnyBlock } from "@slack/types";
import type { Express } from "express";
import type { Observe } from "../inspector/journal.ts";
import type {
  ClickInput,
  CloseViewInput,
  CommandInput,
  GlobalShortcutInput,
  MessageShortcutInput,
  OpenHomeInput,
  PersonState,
  Posted,
  EditInput,
  PostInput,
  ReactInput,
  RemoveInput,
  SubmitInput,
  SuggestedOption,
  SuggestInput,
} from "./person-types.ts";

export type * from "./person-types.ts";

/** A member of the workspace. `name` is what one types after an @. */
export interface SlackPerson {
  id: string;
  name: string;
  realName: string;
  email: string;
  tz?: string;
  avatarColor?: string;
  isBot?: boolean;
  deleted?: boolean;
  isRestricted?: boolean;
  isUltraRestricted?: boolean;
  /** Of another organization, and in no channel with anybody here. Who shares a channel is none (users.ts). */
  isStranger?: boolean;
  /** Their own workspace; the installation's unless told. */
  teamId?: string;
  /** Of an Enterprise organization: every workspace they are a member of. */
  teams?: string[];
  /** The organization of `teams`; the installation's unless told. */
  enterpriseId?: string;
  /** The bot may not see them: no conversation with them can be opened. */
  isHidden?: boolean;
  /** Whether Slack shows them as active, which they are unless told. */
  presence?: "active" | "away";
}

export interface SlackChannel {
  id: string;
  name: string;
  isPrivate?: boolean;
  members: string[];
  botIsMember?: boolean;
  isArchived?: boolean;
  /** Shared with another organization by Slack Connect. */
  isExtShared?: boolean;
  /** Another organization is invited, and has not accepted yet. */
  isPendingExtShared?: boolean;
  /** Shared between workspaces of the same Enterprise organization. */
  isOrgShared?: boolean;
  /** Who manages it lets apps post nothing, only replies, or no replies. Everything unless told. */
  posting?: "nothing" | "only replies" | "no replies";
  /** Threads, by the ts of their first message, that administrators have locked. */
  lockedThreads?: string[];
}

export interface SlackUserGroup {
  id: string;
  handle: string;
  users: string[];
}

/** A slash command as the manifest describes it: Slack suggests it while one types. */
export interface SlackCommand {
  /** With the slash: `/zt`. */
  command: string;
  description: string;
  usageHint?: string;
}

/** A shortcut of the app: in the menu of every message, or beside the composer. */
export interface SlackShortcut {
  type: "message" | "global";
  /** What the menu says; at most 24 characters. */
  name: string;
  callbackId: string;
}

/** The installed app: its tokens, its signing secret and the bot scopes it was granted. */
export interface SlackBot {
  userId: string;
  botId: string;
  appId: string;
  name: string;
  botToken: string;
  appToken: string;
  signingSecret: string;
  scopes: string[];
}

/** How payloads reach the app: over its own web sockets, or as signed requests to its url. */
export type DeliveryMode = { mode: "socket" } | { mode: "http"; url: string };

export interface SlackOptions {
  /** 127.0.0.1 unless told. */
  host?: string;
  /** A free port unless told. */
  port?: number;
  team: { id: string; name: string; domain: string };
  people: SlackPerson[];
  channels: SlackChannel[];
  userGroups: SlackUserGroup[];
  bot: SlackBot;
  delivery: DeliveryMode;
  /** Where Socket Mode connections are opened, if not here. */
  socketUrl?: string;
  commands: SlackCommand[];
  /** None unless told. */
  shortcuts?: SlackShortcut[];
  /** Events the app subscribed to: `app_mention`, `message.channels`, `message.groups`, `message.im`, `reaction_added`, `app_home_opened` … None unless told. */
  events?: string[];
  /** The manifest's `messages_tab_enabled`, true unless told: without it the bot can't write to anyone directly. */
  hasMessagesTab?: boolean;
  /** The workspace belongs to this Enterprise organization. */
  enterprise?: { id: string; name: string };
  /** Block types that this workspace does not know yet. */
  unknownBlocks?: string[];
  /** How long Slack takes to do what an ack asks for, in milliseconds: calls of the Web API may overtake it. */
  ackEffectMs?: number;
  /** The manifest's `home_tab_enabled`, true unless told: without it views.publish is refused. */
  hasHomeTab?: boolean;
  /** Send emails in slash text as `<mailto:a@b|a@b>`, as some clients do. */
  linkEmails?: boolean;
  /** Messages and views are kept in this JSON file: read at the start, saved after each change and on close. */
  dataFile?: string;
  /** The clock, in milliseconds: triggers and response URLs expire by it, message timestamps come from it. */
  now?: () => number;
  /** How long the app has to ack, in milliseconds. Slack's is 3000. */
  ackTimeoutMs?: number;
  /** Adds further routes to the same server, after the emulator's own. */
  mount?: (app: Express) => void;
  /** Do not write broken limits to stderr. */
  quiet?: boolean;
  /** Told of every request between Slack and the app, both ways. */
  observe?: Observe;
}

export interface MessageMetadata {
  event_type: string;
  event_payload: Record<string, unknown>;
}

export interface MessageVersion {
  text: string;
  blocks: AnyBlock[];
  metadata?: MessageMetadata;
  /** ISO time at which this version was replaced. */
  replacedAt: string;
}

/** A message as the workspace keeps it. Every block has a block_id and every control an action_id. */
export interface StoredMessage {
  ts: string;
  channel: string;
  user: string;
  botId?: string;
  text: string;
  /** Posted with `parse: "none"`: bare URLs, domains and addresses in its text are no links. */
  isVerbatim?: boolean;
  blocks: AnyBlock[];
  /** What is attached to it. */
  files?: { id: string; name: string }[];
  metadata?: MessageMetadata;
  threadTs?: string;
  /** Deleted, and still there as the head of its replies: "This message was deleted." */
  tombstone?: boolean;
  /** A reply that is also shown in the channel (`reply_broadcast`). */
  broadcast?: boolean;
  edited?: { user: string; ts: string };
  reactions?: { name: string; users: string[] }[];
  /** The only person who sees it. */
  ephemeralTo?: string;
  replyCount: number;
  /** Earlier versions, oldest first. */
  history: MessageVersion[];
}

/** An open modal (or a Home tab) in the wire's own shape, with whose it is. */
export interface StoredView extends ViewOutput {
  user: string;
  /** What the app said about single inputs at the last submission, by block_id. */
  errors?: Record<string, string>;
}

/** One Web API call (or a POST to a response_url: method `response_url`). Tokens are left out. */
export interface ApiCall {
  method: string;
  args: Record<string, unknown>;
  /** ISO time. */
  at: string;
  /** Absent while the call is held, and when the connection was dropped. */
  response?: Record<string, unknown>;
  /** 0 until answered. */
  status: number;
  /** The caller went away, or the connection was cut, before there was an answer. */
  lost?: true;
}

/** A limit or a rule of Slack that the app broke. */
export interface Violation {
  method: string;
  error: string;
  detail: string;
}

export interface Notice {
  user: string;
  at: string;
  text: string;
}

/** What was sent to the app, enough to send the same again. */
export type SentRequest =
  | { mode: "socket"; kind: PayloadKind; payload: Payload; retry?: EventRetry }
  | {
      mode: "http";
      kind: PayloadKind;
      payload: Payload;
      url: string;
      headers: Record<string, string>;
      body: string;
    };

export type PayloadKind = "slash_commands" | "interactive" | "events_api";
export type Payload = Record<string, unknown>;

/** The first retry for `http_timeout` unless told. */
export interface EventRetry {
  /** 1 to 3. */
  attempt?: number;
  /** `http_timeout`, `http_error`, `connection_failed`, `timeout`, … */
  reason?: string;
}

/** How an interaction went, from the person's side. */
export interface Delivery {
  ok: boolean;
  /** `operation_timeout`, `dispatch_failed`, `no_such_element`, `invalid_input`, `validation_errors`, … */
  error?: string;
  /** For a submission: what is wrong, by block_id. */
  errors?: Record<string, string>;
  /** HTTP mode: the status the app answered with. */
  status?: number;
  /** What the app's ack carried. */
  ack?: unknown;
  /** Absent when nothing was sent to the app. */
  request?: SentRequest;
}

/** https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect */
export type DisconnectReason = "refresh_requested" | "warning" | "link_disabled";

/** Milliseconds. */
export interface RefreshTimes {
  /** From the warning to the refresh; Slack's 10,000 unless told. */
  warningMs?: number;
  /** From the refresh to the end of the TCP connection; 30,000 unless told. */
  lingerMs?: number;
}

export interface Fault {
  /** Answer `{ok: false, error}`. */
  error?: string;
  /** Answer with this HTTP status. */
  status?: number;
  /** Seconds; makes it a 429 `ratelimited`. */
  retryAfter?: number;
  latencyMs?: number;
  /** Cut the connection before anything happened. */
  dropConnection?: boolean;
  /** Do what was asked, then cut the connection instead of answering. */
  dropAnswer?: boolean;
  /** For how many calls. Until cleared unless told. */
  times?: number;
  /** For how long from now; a `retryAfter` beside it gives way to what is left of it, in whole seconds. */
  forMs?: number;
}

/** How often a method may be called. */
export interface Rate {
  /** Calls at once, where there were none for a while. */
  burst: number;
  /** What may be called again after that. */
  perSecond: number;
}

export interface SlackRates {
  /** From now on more calls than this are answered with a 429 and `Retry-After`. */
  set(method: string, rate: Rate): void;
  clear(): void;
}

export interface Hold {
  /** Resolves when the first matching call has arrived. */
  arrived: Promise<void>;
  /** Lets the held calls, and all later ones, go on. A held call whose caller has gone has no effect. */
  release(): void;
}

export interface SlackFaults {
  /** `method` is a Web API method, `response_url`, or `*` for all of them. */
  set(method: string, fault: Fault): void;
  clear(): void;
  /** Keeps matching calls waiting before they have any effect. */
  hold(method: string): Hold;
  /** Lets matching calls have their effect and keeps their answers back. */
  holdAnswer(method: string): Hold;
}

/** Anything that shows words: a message, an earlier version of one, or a view. */
export interface Shown {
  text?: string;
  blocks: AnyBlock[];
  title?: { text: string };
  submit?: { text: string } | null;
  close?: { text: string } | null;
}

export interface Slack {
  url: string;
  /** `${url}/api/`: what the app is given as `slackApiUrl`. */
  apiUrl: string;
  command(input: CommandInput): Promise<Delivery>;
  /** Clicks what is there now; `{ok: false, error: "no_such_element"}` when it is not. */
  click(input: ClickInput): Promise<Delivery>;
  /** Sends a click on something this person's client still shows and the workspace no longer has. */
  clickStale(input: ClickInput): Promise<Delivery>;
  /** Asks the app for the options of an external select. */
  suggest(input: SuggestInput): Promise<Delivery & { options: SuggestedOption[] }>;
  submitView(input: SubmitInput): Promise<Delivery>;
  closeView(input: CloseViewInput): Promise<Delivery>;
  /** Uses a message shortcut from the menu of a message that everybody in the channel sees. */
  messageShortcut(input: MessageShortcutInput): Promise<Delivery>;
  globalShortcut(input: GlobalShortcutInput): Promise<Delivery>;
  /** Opens the app from the sidebar: the app is sent `app_home_opened`, where it subscribed to it. */
  openHome(input: OpenHomeInput): Promise<Delivery>;
  /** Resolves once the app has acked the events that came of it, if there were any. */
  post(input: PostInput): Promise<Posted>;
  /** A person edits a message of theirs, or deletes it; the app hears of it where it subscribed to messages. */
  edit(input: EditInput): Promise<Delivery[]>;
  remove(input: RemoveInput): Promise<Delivery[]>;
  /** Adds a person's reaction to a message, or removes it. */
  react(input: ReactInput): Promise<Delivery[]>;
  /** Sends the very same request again: the same signed bytes, or the same payload in a new envelope. */
  replay(delivery: Delivery): Promise<Delivery>;
  /** Delivers an event once more, as Slack does after one that was not acked: same event_id, marked as a retry. */
  retry(delivery: Delivery, retry?: EventRetry): Promise<Delivery>;
  /** Top-level messages everybody in the channel sees, oldest first. */
  messages(channel: string): StoredMessage[];
  thread(channel: string, ts: string): StoredMessage[];
  ephemerals(user: string, channel?: string): StoredMessage[];
  views(user: string): StoredView[];
  /** What this person's Home tab shows: the view that was published for them last. */
  home(user: string): StoredView | undefined;
  notices(user: string): Notice[];
  state(user: string): PersonState;
  /** The newest 10,000 calls of the app, oldest first. */
  calls: ApiCall[];
  violations: Violation[];
  /** All the words a person sees in a message or a view. */
  visibleText(shown: Shown): string;
  waitFor<T>(predicate: (slack: Slack) => T | undefined | false | null, timeoutMs?: number): Promise<T>;
  dm(user: string): string;
  faults: SlackFaults;
  /** Limits on how often the app calls: none unless told. */
  rates: SlackRates;
  setDelivery(delivery: DeliveryMode): void;
  /** Socket Mode connections that payloads are sent to. */
  readonly connections: number;
  /**
   * Asks each Socket Mode connection to reconnect. `refresh_requested`, which it is unless told, is what Slack does every
   * few hours: a warning, the refresh, and TCP open for a while after it. The others are one message and no more.
   */
  disconnectSockets(reason?: DisconnectReason, times?: RefreshTimes): void;
  /** Sends each Socket Mode connection a message that need not be one of Slack's. */
  sendRaw(message: string): void;
  /** Adds, replaces or changes a member: a suspended account, a changed email. */
  setPerson(id: string, change: Partial<SlackPerson>): void;
  /** Adds a user group, or changes its handle or its members. */
  setUserGroup(id: string, change: Partial<SlackUserGroup>): void;
  /** Adds or changes a channel: archives it, renames it, takes the bot out of it or puts it back. */
  setChannel(id: string, change: Partial<SlackChannel>): void;
  /** As an administrator does by hand, which the app is not told; of a message with replies, a tombstone stays at the head of its thread. */
  deleteMessage(channel: string, ts: string): void;
  /** From now on the bot's token is answered with this (`token_revoked`, `account_inactive`); null ends it. */
  setTokenError(error: string | null): void;
  on(event: "change", listener: () => void): () => void;
  /** Forgets all that happened, so that tests can share a workspace. Connections stay, and so does the clock. */
  reset(): void;
  close(): Promise<void>;
}
