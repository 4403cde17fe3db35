import {
  addMessage,
  changeMessage,
  findMessage,
  listReplies,
  removeMessage,
  toWireMessage,
} from "../messages.ts";
import type { MessageMetadata, StoredMessage } from "../types.ts";
import { validateMessage } from "../validate.ts";
import type { MessageSurface } from "../validate.ts";
import { addViolation, dmChannel, findConversation, findPerson } from "../workspace.ts";
import type { Conversation } from "../workspace.ts";
import {
  ApiError,
  flagArg,
  refuse,
  refuseMissingFile,
  refuseProblems,
  refuseUnknownBlocks,
  requiredArg,
  textArg,
} from "./method.ts";
import type { ApiArgs, ApiContext, ApiMethod } from "./method.ts";

/** Slack advises 4,000 characters for the text beside blocks. */
const advisedText = 4000;

export const chatMethods: ApiMethod[] = [
  { name: "chat.postMessage", scope: "chat:write", run: postMessage },
  { name: "chat.postEphemeral", scope: "chat:write", run: postEphemeral },
  { name: "chat.update", scope: "chat:write", run: updateMessage },
  { name: "chat.delete", scope: "chat:write", run: deleteMessage },
  {
    name: "chat.getPermalink",
    run({ workspace }, args) {
      const conversation = findConversation(workspace, requiredArg(args, "channel"));
      if (conversation === undefined) throw new ApiError("channel_not_found");
      const message = findMessage(workspace, conversation.id, requiredArg(args, "message_ts"));
      if (message === undefined || message.tombstone === true) throw new ApiError("message_not_found");
      return { channel: conversation.id, permalink: permalink(workspace.options.team.domain, message) };
    },
  },
];

/** `https://acme.slack.com/archives/C…/p1700000000000100`, with the thread where it is a reply. */
function permalink(domain: string, message: StoredMessage): string {
  const base = `https://${domain}.slack.com/archives/${message.channel}/p${message.ts.replace(".", "")}`;
  if (message.threadTs === undefined) return base;
  return `${base}?thread_ts=${message.threadTs}&cid=${message.channel}`;
}

function postMessage(context: ApiContext, args: ApiArgs): Record<string, unknown> {
  const { workspace } = context;
  const conversation = findTarget(context, requiredArg(args, "channel"));
  checkMayPost(context, conversation, textArg(args, "thread_ts"));
  const content = readContent(context, args, "chat.postMessage");
  const message = addMessage(workspace, {
    channel: conversation.id,
    user: workspace.options.bot.userId,
    ...content,
    ...threadOf(context, conversation, args),
    broadcast: flagArg(args, "reply_broadcast"),
  });
  return { channel: conversation.id, ts: message.ts, message: toWireMessage(workspace, message) };
}

function postEphemeral(context: ApiContext, args: ApiArgs): Record<string, unknown> {
  const { workspace } = context;
  const conversation = findTarget(context, requiredArg(args, "channel"));
  const user = requiredArg(args, "user");
  if (conversation.isArchived) throw new ApiError("is_archived");
  if (!conversation.botIsMember) {
    throw new ApiError(conversation.kind === "private" ? "channel_not_found" : "not_in_channel");
  }
  if (!conversation.members.includes(user)) throw new ApiError("user_not_in_channel");
  const content = readContent(context, args, "chat.postEphemeral");
  const thread = threadOf(context, conversation, args);
  if (thread.threadTs !== undefined) checkActive(context, conversation, thread.threadTs);
  const message = addMessage(workspace, {
    channel: conversation.id,
    user: workspace.options.bot.userId,
    ...content,
    ...thread,
    ephemeralTo: user,
  });
  return { message_ts: message.ts };
}

function updateMessage(context: ApiContext, args: ApiArgs): Record<string, unknown> {
  const { workspace } = context;
  checkMayEdit(findTarget(context, requiredArg(args, "channel")));
  const message = findOwn(context, args, "cant_update_message");
  const { text, blocks, metadata } = args;
  refuseUnknownBlocks(context, blocks);
  refuseMissingFile(context, blocks);
  // What is left out stays as it is, so the message that would result is what the limits are checked on.
  refuseProblems(
    context,
    validateMessage(
      { text: text ?? message.text, blocks: blocks ?? message.blocks, metadata },
      "chat.update",
    ),
  );
  checkText(context, text ?? message.text);
  changeMessage(workspace, message, {
    ...(typeof text === "string" ? { text, isVerbatim: args["parse"] === "none" } : {}),
    ...(Array.isArray(blocks) ? { blocks } : {}),
    ...(metadata === undefined ? {} : { metadata: metadata as MessageMetadata }),
  });
  return {
    channel: message.channel,
    ts: message.ts,
    text: message.text,
    message: toWireMessage(workspace, message),
  };
}

function deleteMessage(context: ApiContext, args: ApiArgs): Record<string, unknown> {
  const message = findOwn(context, args, "cant_delete_message");
  removeMessage(context.workspace, message);
  return { channel: message.channel, ts: message.ts };
}

/** A channel's id or name, a DM's id, or a person's id for their DM. */
function findTarget({ workspace }: ApiContext, channel: string): Conversation {
  const person = findPerson(workspace, channel);
  const conversation = findConversation(workspace, person === undefined ? channel : dmChannel(person.id));
  if (conversation === undefined) throw new ApiError("channel_not_found");
  return conversation;
}

/** The codes and when each is given: https://docs.slack.dev/reference/methods/chat.postMessage#errors */
function checkMayPost({ workspace }: ApiContext, conversation: Conversation, threadTs?: string): void {
  const { kind, posting, lockedThreads } = conversation;
  if (kind === "im" && workspace.options.hasMessagesTab === false)
    throw new ApiError("messages_tab_disabled");
  if (conversation.isArchived) throw new ApiError("is_archived");
  if (!conversation.botIsMember) {
    if (kind === "private") throw new ApiError("channel_not_found");
    if (!workspace.options.bot.scopes.includes("chat:write.public")) throw new ApiError("not_in_channel");
  }
  if (posting === "nothing") throw new ApiError("restricted_action_read_only_channel");
  if (threadTs === undefined) {
    if (posting === "only replies") throw new ApiError("restricted_action_thread_only_channel");
    return;
  }
  if (posting === "no replies") throw new ApiError("restricted_action_non_threadable_channel");
  if (lockedThreads.includes(threadTs)) throw new ApiError("restricted_action_thread_locked");
}

/** `is_inactive`: "within a frozen, archived or deleted channel", https://docs.slack.dev/reference/methods/chat.update */
function checkMayEdit(conversation: Conversation): void {
  if (conversation.isArchived) throw new ApiError("is_inactive");
  if (conversation.kind === "private" && !conversation.botIsMember) throw new ApiError("channel_not_found");
}

/** The bot's own message that `channel` and `ts` name. Ephemeral ones can't be edited this way. */
function findOwn(context: ApiContext, args: ApiArgs, notOwn: string): StoredMessage {
  const conversation = findTarget(context, requiredArg(args, "channel"));
  const message = findMessage(context.workspace, conversation.id, requiredArg(args, "ts"));
  if (message === undefined || message.tombstone === true) throw new ApiError("message_not_found");
  if (message.user !== context.workspace.options.bot.userId) throw new ApiError(notOwn);
  return message;
}

interface Content {
  text: string;
  isVerbatim: boolean;
  blocks: unknown[];
  metadata?: MessageMetadata;
}

function readContent(context: ApiContext, args: ApiArgs, surface: MessageSurface): Content {
  refuseUnknownBlocks(context, args["blocks"]);
  refuseProblems(context, validateMessage(args, surface));
  refuseMissingFile(context, args["blocks"]);
  checkText(context, args["text"]);
  return {
    text: textArg(args, "text") ?? "",
    isVerbatim: args["parse"] === "none",
    blocks: Array.isArray(args["blocks"]) ? args["blocks"] : [],
    ...(args["metadata"] === undefined ? {} : { metadata: args["metadata"] as MessageMetadata }),
  };
}

/** Slack lets these pass; a reader with a screen reader or a notification does not. */
function checkText({ workspace, method }: ApiContext, text: unknown): void {
  if (typeof text !== "string" || text === "") {
    const detail = "blocks without a text: notifications and screen readers have nothing to read";
    addViolation(workspace, { method, error: "missing_text_in_message", detail });
    return;
  }
  if (text.length <= advisedText) return;
  const detail = `the text has ${text.length} characters, ${advisedText} are advised`;
  addViolation(workspace, { method, error: "text_over_advised_length", detail });
}

/**
 * Slack answers ok and shows an ephemeral message in a thread only once the thread has a reply:
 * https://docs.slack.dev/reference/methods/chat.postEphemeral
 */
function checkActive({ workspace, method }: ApiContext, conversation: Conversation, threadTs: string): void {
  if (listReplies(workspace, conversation.id, threadTs).length > 0) return;
  const detail = `${threadTs} in ${conversation.id} has no reply yet, so nobody is shown an ephemeral one`;
  addViolation(workspace, { method, error: "thread_not_active", detail });
}

function threadOf(context: ApiContext, conversation: Conversation, args: ApiArgs): { threadTs?: string } {
  const threadTs = textArg(args, "thread_ts");
  if (threadTs === undefined) return {};
  const head = findMessage(context.workspace, conversation.id, threadTs);
  if (head === undefined && context.workspace.data.deleted.includes(`${conversation.id}:${threadTs}`)) {
    // Slack answers ok and posts it outside of any thread: https://github.com/slack-go/slack/issues/1571
    const detail = `${threadTs} in ${conversation.id} was deleted: the reply stands alone in the channel`;
    addViolation(context.workspace, { method: context.method, error: "reply_without_thread", detail });
    return {};
  }
  if (head === undefined) refuse(context, "thread_not_found", `no message ${threadTs} in ${conversation.id}`);
  // A reply to a reply stays in the thread it is in.
  return { threadTs: head.threadTs ?? head.ts };
}
