import { findMessage, listMessages, listReplies, toWireMessage } from "../messages.ts";
import type { StoredMessage } from "../types.ts";
import { dmChannel, findConversation, findPerson, listConversations } from "../workspace.ts";
import type { Conversation } from "../workspace.ts";
import { ApiError, flagArg, needScope, paginate, requiredArg, textArg } from "./method.ts";
import type { ApiArgs, ApiContext, ApiMethod } from "./method.ts";

export const conversationMethods: ApiMethod[] = [
  { name: "conversations.open", run: openConversation },
  { name: "conversations.list", run: listAll },
  {
    name: "conversations.info",
    run(context, args) {
      const conversation = findReadable(context, args, "read");
      return { channel: describe(conversation) };
    },
  },
  {
    name: "conversations.members",
    run(context, args) {
      const conversation = findReadable(context, args, "read");
      const { page, nextCursor } = paginate(args, conversation.members, 100);
      return { members: page, response_metadata: { next_cursor: nextCursor } };
    },
  },
  {
    name: "conversations.history",
    run(context, args) {
      const conversation = findReadable(context, args, "history");
      checkMember(conversation);
      const newestFirst = within(args, listMessages(context.workspace, conversation.id)).toReversed();
      return page(context, args, newestFirst);
    },
  },
  {
    name: "conversations.replies",
    run(context, args) {
      const conversation = findReadable(context, args, "history");
      checkMember(conversation);
      const ts = requiredArg(args, "ts");
      const asked = findMessage(context.workspace, conversation.id, ts);
      if (asked === undefined) throw new ApiError("thread_not_found");
      const head = findMessage(context.workspace, conversation.id, asked.threadTs ?? asked.ts) ?? asked;
      const replies = within(args, listReplies(context.workspace, conversation.id, head.ts));
      return page(context, args, [head, ...replies]);
    },
  },
];

function openConversation(context: ApiContext, args: ApiArgs): Record<string, unknown> {
  const channel = textArg(args, "channel");
  if (channel !== undefined) {
    const conversation = findConversation(context.workspace, channel);
    if (conversation?.kind !== "im") throw new ApiError("channel_not_found");
    return { channel: { id: conversation.id } };
  }
  const users = requiredArg(args, "users").split(",");
  const [user = ""] = users;
  // Group DMs are not part of this workspace.
  if (users.length > 1) throw new ApiError("not_enough_users");
  needScope(context, "im:write");
  const person = findPerson(context.workspace, user);
  if (person === undefined) throw new ApiError("user_not_found");
  if (person.isHidden === true) throw new ApiError("user_not_visible");
  if (person.deleted === true) throw new ApiError("user_disabled");
  return { no_op: true, already_open: true, channel: { id: dmChannel(person.id) } };
}

function listAll(context: ApiContext, args: ApiArgs): Record<string, unknown> {
  const types = (textArg(args, "types") ?? "public_channel").split(",");
  const kinds = { public_channel: "channel", private_channel: "private", im: "im" } as const;
  const wanted = Object.entries(kinds).filter(([type]) => types.includes(type));
  for (const [, kind] of wanted) needScope(context, scopeFor(kind, "read"));
  const all = listConversations(context.workspace).filter(
    (each) =>
      wanted.some(([, kind]) => kind === each.kind) &&
      (each.kind === "channel" || each.botIsMember) &&
      !(flagArg(args, "exclude_archived") && each.isArchived),
  );
  const { page, nextCursor } = paginate(args, all, 100);
  return { channels: page.map(describe), response_metadata: { next_cursor: nextCursor } };
}

function findReadable(context: ApiContext, args: ApiArgs, purpose: "read" | "history"): Conversation {
  const conversation = findConversation(context.workspace, requiredArg(args, "channel"));
  // To a bot that is not in it, a private channel does not exist.
  if (conversation === undefined || (conversation.kind === "private" && !conversation.botIsMember)) {
    throw new ApiError("channel_not_found");
  }
  needScope(context, scopeFor(conversation.kind, purpose));
  return conversation;
}

function checkMember(conversation: Conversation): void {
  if (!conversation.botIsMember) throw new ApiError("not_in_channel");
}

function scopeFor(kind: Conversation["kind"], purpose: "read" | "history"): string {
  const family = { channel: "channels", private: "groups", im: "im" }[kind];
  return `${family}:${purpose}`;
}

/** Only what lies between `oldest` and `latest`; `inclusive` counts the two ends. */
function within(args: ApiArgs, messages: StoredMessage[]): StoredMessage[] {
  const oldest = textArg(args, "oldest") ?? "0";
  const latest = textArg(args, "latest") ?? "99999999999.000000";
  const inclusive = flagArg(args, "inclusive");
  return messages.filter(({ ts }) => {
    if (ts === oldest || ts === latest) return inclusive;
    return Number(ts) > Number(oldest) && Number(ts) < Number(latest);
  });
}

function page({ workspace }: ApiContext, args: ApiArgs, messages: StoredMessage[]): Record<string, unknown> {
  const withMetadata = flagArg(args, "include_all_metadata");
  const { page, nextCursor } = paginate(args, messages, 100);
  return {
    messages: page.map((message) => toWireMessage(workspace, message, withMetadata)),
    has_more: nextCursor !== "",
    ...(nextCursor === "" ? {} : { response_metadata: { next_cursor: nextCursor } }),
  };
}

/** https://docs.slack.dev/reference/objects/conversation-object */
function describe(conversation: Conversation): Record<string, unknown> {
  const { id, kind, user } = conversation;
  if (kind === "im")
    return { id, is_im: true, is_channel: false, is_private: true, user, is_archived: false };
  return {
    id,
    name: conversation.name,
    name_normalized: conversation.name,
    is_channel: kind === "channel",
    is_group: kind === "private",
    is_im: false,
    is_mpim: false,
    is_private: kind === "private",
    is_archived: conversation.isArchived,
    is_shared: conversation.isExtShared || conversation.isOrgShared,
    is_ext_shared: conversation.isExtShared,
    is_pending_ext_shared: conversation.isPendingExtShared,
    is_org_shared: conversation.isOrgShared,
    is_member: conversation.botIsMember,
    num_members: conversation.members.length,
  };
}
