import type { StoredFile } from "./files.ts";
import type { FaultTable } from "./trouble/faults.ts";
import type { RateTable } from "./trouble/rates.ts";
import type {
  ApiCall,
  DeliveryMode,
  Notice,
  SlackChannel,
  SlackOptions,
  SlackPerson,
  StoredMessage,
  StoredView,
  Violation,
} from "./types.ts";

/** What survives a restart. Plain data: saved and read as JSON. */
export interface SlackData {
  messages: StoredMessage[];
  /** Messages that are gone, as `channel:ts`. */
  deleted: string[];
  /** Open modals; a person's are their stack, bottom first. */
  views: StoredView[];
  homes: StoredView[];
  triggers: Record<string, Trigger>;
  responseUrls: Record<string, ResponseUrl>;
  notices: Notice[];
  files: StoredFile[];
  /** The last message timestamp given out, in microseconds: no two messages share one. */
  lastTs: number;
}

export interface Trigger {
  user: string;
  /** Milliseconds since 1970. */
  issuedAt: number;
  exchanged: boolean;
  /** The modal the interaction came from: views.push needs one. */
  viewId?: string;
}

export interface ResponseUrl {
  user: string;
  channel: string;
  /** Milliseconds since 1970. */
  issuedAt: number;
  uses: number;
  /** The message whose control was used; a slash command has none. */
  messageTs?: string;
  threadTs?: string;
}

/** Everything the parts of the emulator share. */
export interface Workspace {
  options: SlackOptions;
  delivery: DeliveryMode;
  data: SlackData;
  people: SlackPerson[];
  channels: SlackChannel[];
  /** What Slack answers to the bot's token, when it was revoked. */
  tokenError: string | null;
  calls: ApiCall[];
  violations: Violation[];
  faults: FaultTable;
  rates: RateTable;
  baseUrl: string;
  now(): number;
  /** Say that something a person or a test could see has changed. */
  changed(): void;
}

export function emptyData(): SlackData {
  return {
    messages: [],
    deleted: [],
    views: [],
    homes: [],
    triggers: {},
    responseUrls: {},
    notices: [],
    files: [],
    lastTs: 0,
  };
}

export function findPerson(workspace: Workspace, id: string): SlackPerson | undefined {
  return workspace.people.find((person) => person.id === id);
}

/** The DM of the bot and this person. Its id is made from the person's, so it is the same after a restart. */
export function dmChannel(user: string): string {
  return `D${user.slice(1)}`;
}

export interface Conversation {
  id: string;
  name: string;
  kind: "channel" | "private" | "im";
  members: string[];
  botIsMember: boolean;
  isArchived: boolean;
  isExtShared: boolean;
  isPendingExtShared: boolean;
  isOrgShared: boolean;
  posting: NonNullable<SlackChannel["posting"]> | "everything";
  lockedThreads: string[];
  /** The person at the other end of a DM. */
  user?: string;
}

/** A channel by its id or `#name`, or a DM by its id. */
export function findConversation(workspace: Workspace, idOrName: string): Conversation | undefined {
  const name = idOrName.replace(/^#/, "");
  const channel = workspace.channels.find((each) => each.id === idOrName || each.name === name);
  if (channel !== undefined) return toConversation(workspace, channel);
  const person = workspace.people.find((each) => dmChannel(each.id) === idOrName);
  if (person === undefined) return undefined;
  return directConversation(workspace, person);
}

export function listConversations(workspace: Workspace): Conversation[] {
  const channels = workspace.channels.map((channel) => toConversation(workspace, channel));
  const direct = workspace.people
    .filter((person) => person.isBot !== true)
    .map((person) => directConversation(workspace, person));
  return [...channels, ...direct];
}

function directConversation(workspace: Workspace, person: SlackPerson): Conversation {
  return {
    id: dmChannel(person.id),
    name: "directmessage",
    kind: "im",
    members: [person.id, workspace.options.bot.userId],
    botIsMember: true,
    isArchived: false,
    isExtShared: false,
    isPendingExtShared: false,
    isOrgShared: false,
    posting: "everything",
    lockedThreads: [],
    user: person.id,
  };
}

function toConversation(workspace: Workspace, channel: SlackChannel): Conversation {
  const bot = workspace.options.bot.userId;
  const botIsMember = channel.botIsMember ?? channel.members.includes(bot);
  const people = channel.members.filter((member) => member !== bot);
  return {
    id: channel.id,
    name: channel.name,
    kind: channel.isPrivate === true ? "private" : "channel",
    members: botIsMember ? [...people, bot] : people,
    botIsMember,
    isArchived: channel.isArchived === true,
    isExtShared: channel.isExtShared === true,
    isPendingExtShared: channel.isPendingExtShared === true,
    isOrgShared: channel.isOrgShared === true,
    posting: channel.posting ?? "everything",
    lockedThreads: channel.lockedThreads ?? [],
  };
}

/** A person sees public channels, the private ones they are in, and their own DM with the bot. */
export function canSee(conversation: Conversation, user: string): boolean {
  return conversation.kind === "channel" || conversation.members.includes(user);
}

/** Shows a person what Slack itself tells them, as Slackbot does. */
export function addNotice(workspace: Workspace, user: string, text: string): void {
  workspace.data.notices.push({ user, at: new Date(workspace.now()).toISOString(), text });
  workspace.data.notices.splice(0, workspace.data.notices.length - 200);
  workspace.changed();
}

/** Runs what may break limits, and gives back in words which it broke. */
export function collectBroken<T>(workspace: Workspace, run: () => T): { result: T; broken: string[] } {
  const before = workspace.violations.length;
  const result = run();
  const broken = workspace.violations.slice(before).map(({ error, detail }) => `${error}: ${detail}`);
  return { result, broken };
}

export function addViolation(workspace: Workspace, violation: Violation): void {
  workspace.violations.push(violation);
  if (workspace.options.quiet !== true) {
    process.stderr.write(`Slack would object: ${violation.method} ${violation.error}: ${violation.detail}\n`);
  }
  workspace.changed();
}
