import { assignIds } from "./elements.ts";
import { toTs } from "./ids.ts";
import type { MessageMetadata, StoredMessage } from "./types.ts";
import type { Workspace } from "./workspace.ts";

export interface NewMessage {
  channel: string;
  user: string;
  text: string;
  isVerbatim?: boolean;
  blocks?: readonly unknown[];
  files?: StoredMessage["files"];
  metadata?: MessageMetadata;
  threadTs?: string;
  broadcast?: boolean;
  ephemeralTo?: string;
}

/** Puts a message into the channel and counts it in its thread. */
export function addMessage(workspace: Workspace, input: NewMessage): StoredMessage {
  const { bot } = workspace.options;
  const message: StoredMessage = {
    ts: nextTs(workspace),
    channel: input.channel,
    user: input.user,
    text: input.text,
    blocks: assignIds(input.blocks ?? []),
    replyCount: 0,
    history: [],
    ...(input.isVerbatim === true ? { isVerbatim: true } : {}),
    ...(input.user === bot.userId ? { botId: bot.botId } : {}),
    ...(input.files === undefined ? {} : { files: input.files }),
    ...(input.metadata === undefined ? {} : { metadata: input.metadata }),
    ...(input.threadTs === undefined ? {} : { threadTs: input.threadTs }),
    ...(input.broadcast === true ? { broadcast: true } : {}),
    ...(input.ephemeralTo === undefined ? {} : { ephemeralTo: input.ephemeralTo }),
  };
  workspace.data.messages.push(message);
  countReplies(workspace, message);
  workspace.changed();
  return message;
}

export interface MessageChange {
  text?: string;
  isVerbatim?: boolean;
  blocks?: readonly unknown[];
  metadata?: MessageMetadata | Record<string, never>;
  /** Its author unless told. */
  editedBy?: string;
}

/** Edits in place: the ts stays, what is left out stays, the version before is kept in `history`. */
export function changeMessage(workspace: Workspace, message: StoredMessage, change: MessageChange): void {
  message.history.push({
    text: message.text,
    blocks: message.blocks,
    ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
    replacedAt: new Date(workspace.now()).toISOString(),
  });
  if (change.text !== undefined) message.text = change.text;
  if (change.isVerbatim !== undefined) message.isVerbatim = change.isVerbatim;
  if (change.blocks !== undefined) message.blocks = assignIds(change.blocks);
  if (change.metadata !== undefined) {
    delete message.metadata;
    if (isMetadata(change.metadata)) message.metadata = change.metadata;
  }
  message.edited = {
    user: change.editedBy ?? message.user,
    ts: `${Math.floor(workspace.now() / 1000)}.000000`,
  };
  workspace.changed();
}

/**
 * Deletes a message. One with replies stays as a tombstone at the head of its thread, and takes more of them; one
 * without is gone, and no thread can grow under it.
 */
export function removeMessage(workspace: Workspace, message: StoredMessage): void {
  if (message.replyCount > 0) {
    Object.assign(message, { user: "USLACKBOT", text: "This message was deleted.", blocks: [] });
    message.tombstone = true;
    delete message.botId;
    delete message.metadata;
    workspace.changed();
    return;
  }
  workspace.data.deleted.push(`${message.channel}:${message.ts}`);
  workspace.data.messages = workspace.data.messages.filter((each) => each !== message);
  countReplies(workspace, message);
  workspace.changed();
}

/** A message everybody in the channel can see. */
export function findMessage(workspace: Workspace, channel: string, ts: string): StoredMessage | undefined {
  return workspace.data.messages.find(
    (message) => message.channel === channel && message.ts === ts && message.ephemeralTo === undefined,
  );
}

/** A message this person can see, one of their own ephemeral ones included. */
export function findVisible(
  workspace: Workspace,
  user: string,
  channel: string,
  ts: string,
): StoredMessage | undefined {
  return workspace.data.messages.find(
    (message) =>
      message.channel === channel &&
      message.ts === ts &&
      (message.ephemeralTo === undefined || message.ephemeralTo === user),
  );
}

/** Top-level messages of a channel that everybody sees, oldest first. */
export function listMessages(workspace: Workspace, channel: string): StoredMessage[] {
  return workspace.data.messages.filter(
    (message) =>
      message.channel === channel &&
      message.ephemeralTo === undefined &&
      (message.threadTs === undefined || message.broadcast === true),
  );
}

/** The replies of a thread, oldest first, without its head. */
export function listReplies(workspace: Workspace, channel: string, threadTs: string): StoredMessage[] {
  return workspace.data.messages.filter(
    (message) =>
      message.channel === channel && message.threadTs === threadTs && message.ephemeralTo === undefined,
  );
}

/** The message as the Web API and the payloads show it. */
export function toWireMessage(
  workspace: Workspace,
  message: StoredMessage,
  withMetadata = true,
): Record<string, unknown> {
  const { bot, team } = workspace.options;
  const replies =
    message.threadTs === undefined ? listReplies(workspace, message.channel, message.ts) : undefined;
  const thread =
    replies === undefined || replies.length === 0
      ? {}
      : {
          thread_ts: message.ts,
          reply_count: replies.length,
          reply_users: [...new Set(replies.map((reply) => reply.user))],
          reply_users_count: new Set(replies.map((reply) => reply.user)).size,
          latest_reply: replies.at(-1)?.ts,
        };
  return {
    type: "message",
    ...(message.broadcast === true ? { subtype: "thread_broadcast" } : {}),
    ...(message.tombstone === true ? { subtype: "tombstone", hidden: true } : {}),
    user: message.user,
    ts: message.ts,
    ...(message.botId === undefined ? {} : { bot_id: message.botId, app_id: bot.appId }),
    text: message.text,
    team: team.id,
    ...(message.blocks.length === 0 ? {} : { blocks: message.blocks }),
    ...(message.files === undefined ? {} : { files: message.files }),
    ...(message.edited === undefined ? {} : { edited: message.edited }),
    ...(message.reactions === undefined || message.reactions.length === 0
      ? {}
      : { reactions: message.reactions.map(({ name, users }) => ({ name, users, count: users.length })) }),
    ...(message.threadTs === undefined ? thread : { thread_ts: message.threadTs }),
    ...(withMetadata && message.metadata !== undefined ? { metadata: message.metadata } : {}),
  };
}

function isMetadata(value: MessageMetadata | Record<string, never>): value is MessageMetadata {
  return typeof value["event_type"] === "string";
}

function nextTs(workspace: Workspace): string {
  workspace.data.lastTs = Math.max(Math.floor(workspace.now() * 1000), workspace.data.lastTs + 1);
  return toTs(workspace.data.lastTs);
}

function countReplies(workspace: Workspace, reply: StoredMessage): void {
  if (reply.threadTs === undefined) return;
  const head = findMessage(workspace, reply.channel, reply.threadTs);
  if (head !== undefined) head.replyCount = listReplies(workspace, head.channel, head.ts).length;
}
