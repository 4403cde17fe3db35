import type { MessageMetadata } from "@slack/types";
import type { ConversationsHistoryResponse, WebClient } from "@slack/web-api";

import type { Message } from "../views/blocks.ts";
import { cutMarkup } from "../views/text.ts";
import { slackErrorCode } from "./clients.ts";
import { sendUnfolding } from "./containers.ts";

/** Where a message is. */
export interface MessagePlace {
  channel: string;
  ts: string;
}

/** Marks our messages with the id under which they are looked for after a crash. An id only, never data. */
const EVENT_TYPE = "zt_message";

/**
 * Slack makes no more of our words than what is written: no links of addresses and domains, no mentions of names. An
 * edit does not keep what the message was posted with, so that it goes with each one
 * (https://docs.slack.dev/reference/methods/chat.update).
 */
export const AS_WRITTEN = { parse: "none", link_names: false } as const;

/** Posts a message. */
export async function post(
  slack: WebClient,
  channel: string,
  { text, blocks }: { text: string; blocks?: Message["blocks"] },
  more: { thread_ts?: string; reply_broadcast?: true; metadata?: MessageMetadata } = {},
): Promise<MessagePlace> {
  const { thread_ts, reply_broadcast, metadata } = more;
  const where =
    thread_ts === undefined ? {} : { thread_ts, ...(reply_broadcast === true && { reply_broadcast }) };
  const posted = await sendUnfolding(slack, blocks, (shown) => {
    const content = {
      text,
      ...(shown !== undefined && { blocks: shown }),
      ...where,
      ...(metadata !== undefined && { metadata }),
    };
    return slack.chat.postMessage({
      channel,
      ...content,
      ...AS_WRITTEN,
      unfurl_links: false,
      unfurl_media: false,
    });
  });
  return { channel: posted.channel ?? channel, ts: posted.ts ?? "" };
}

/** Posts a message that only one person sees. Slack shows one in a thread only where that has replies already. */
export async function postOnlyTo(
  slack: WebClient,
  { channel, user, threadTs }: { channel: string; user: string; threadTs?: string },
  { text, blocks }: Message,
): Promise<void> {
  await sendUnfolding(slack, blocks, (shown) =>
    slack.chat.postEphemeral({
      channel,
      user,
      text,
      blocks: [...shown],
      ...AS_WRITTEN,
      ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
    }),
  );
}

/** Posts a message under our id, in a thread where one is given; `isBroadcast`: shown in the channel as well. */
export async function postMessage(
  slack: WebClient,
  channel: string,
  message: Message,
  messageId: string,
  threadTs?: string,
  { isBroadcast = false }: { isBroadcast?: boolean } = {},
): Promise<MessagePlace> {
  const more = {
    metadata: { event_type: EVENT_TYPE, event_payload: { id: messageId } },
    ...(threadTs !== undefined && { thread_ts: threadTs }),
    ...(threadTs !== undefined && isBroadcast && { reply_broadcast: true as const }),
  };
  try {
    return await post(slack, channel, message, more);
  } catch (error) {
    // Blocks that Slack will never take must not hold up every later message of the request: the words go alone.
    if (!UNDRAWABLE.has(slackErrorCode(error) ?? "")) throw error;
    return post(slack, channel, { text: cutMarkup(message.text, 3000) }, more);
  }
}

/** What Slack answers to a message that it will not draw, however often it is sent. */
const UNDRAWABLE: ReadonlySet<string> = new Set([
  "invalid_blocks",
  "invalid_blocks_format",
  "invalid_attachments",
  "msg_blocks_too_long",
  "msg_too_long",
]);

/** @returns false when the message is no longer there: it was deleted. */
export async function editMessage(slack: WebClient, place: MessagePlace, message: Message): Promise<boolean> {
  try {
    await sendUnfolding(slack, message.blocks, (blocks) =>
      slack.chat.update({ ...place, text: message.text, blocks, ...AS_WRITTEN }),
    );
    return true;
  } catch (error) {
    const code = slackErrorCode(error);
    if (code === "message_not_found") return false;
    // By the workspace's settings it can't be edited, or no longer, however often that is tried: its thread goes on.
    if (code === "edit_window_closed" || code === "cant_update_message") return true;
    throw error;
  }
}

/**
 * Whether a message was deleted. Of one with replies, Slack leaves a mark in the history with the subtype
 * `tombstone`: https://docs.slack.dev/reference/events/message
 */
export async function isDeleted(slack: WebClient, { channel, ts }: MessagePlace): Promise<boolean> {
  const { messages = [] } = await slack.conversations.history({
    channel,
    oldest: ts,
    latest: ts,
    inclusive: true,
    limit: 1,
  });
  return !messages.some((message) => message.ts === ts && message.subtype !== "tombstone");
}

/**
 * Whether a thread takes replies though its first message was deleted: only when it had some. Slack posts what is
 * said in a thread that is gone as a message of its own (https://github.com/slack-go/slack/issues/1571), so this is
 * asked first.
 */
export async function hasThread(slack: WebClient, { channel, ts }: MessagePlace): Promise<boolean> {
  try {
    await slack.conversations.replies({ channel, ts, limit: 1 });
    return true;
  } catch (error) {
    if (slackErrorCode(error) === "thread_not_found") return false;
    throw error;
  }
}

/** A message that someone wrote, as far as notes need it. */
export interface ReadMessage {
  /** Slack's user id; null: it is an app's. */
  user: string | null;
  threadTs: string | null;
  /** When it was edited last, in Slack's time; 0: never. */
  editedAt: number;
  /** Who reacted with what; Slack names some of them, and how many there are. */
  reactions: readonly { name: string; users: readonly string[]; count: number }[];
  /** As Slack gave it: its words may stand in blocks and attachments. */
  raw: Readonly<Record<string, unknown>>;
}

/** Reads one message of a channel or of a thread in it; null when it is not there, or was deleted. */
export async function readMessage(
  slack: WebClient,
  { channel, ts }: MessagePlace,
): Promise<ReadMessage | null> {
  try {
    // Of a reply, Slack gives it alone or its thread: the place says which one is meant.
    const { messages = [] } = await slack.conversations.replies({
      channel,
      ts,
      oldest: ts,
      latest: ts,
      inclusive: true,
    });
    const found = messages.find((message) => message.ts === ts);
    const raw: Readonly<Record<string, unknown>> = { ...found };
    if (found === undefined || raw["subtype"] === "tombstone") return null;
    return {
      user: found.user ?? null,
      threadTs: found.thread_ts ?? null,
      editedAt: Number(found.edited?.ts ?? 0),
      reactions: (found.reactions ?? []).map(({ name = "", users = [], count = users.length }) => ({
        name,
        users,
        count,
      })),
      raw,
    };
  } catch (error) {
    if (slackErrorCode(error) === "thread_not_found" || slackErrorCode(error) === "message_not_found")
      return null;
    throw error;
  }
}

/** null when the person cannot be written to (deactivated meanwhile, a bot). */
export async function openDirect(slack: WebClient, userId: string): Promise<string | null> {
  try {
    const { channel } = await slack.conversations.open({ users: userId });
    return channel?.id ?? null;
  } catch (error) {
    if (!UNREACHABLE.has(slackErrorCode(error) ?? "")) throw error;
    return null;
  }
}

// https://docs.slack.dev/reference/methods/conversations.open#errors
const UNREACHABLE: ReadonlySet<string> = new Set([
  "user_not_found",
  "user_not_visible",
  "cannot_dm_bot",
  "user_disabled",
]);

/** A link to a message, or null when Slack gives none. */
export async function permalink(slack: WebClient, { channel, ts }: MessagePlace): Promise<string | null> {
  try {
    const answer = await slack.chat.getPermalink({ channel, message_ts: ts });
    return answer.permalink ?? null;
  } catch {
    // A link is a comfort: a message without one is better than none.
    return null;
  }
}

/** Our message with this id, posted after `attemptedAt`. Clocks differ: looks from a minute before. */
export function findInChannel(
  slack: WebClient,
  channel: string,
  messageId: string,
  attemptedAt: number,
): Promise<string | null> {
  const oldest = String(Math.floor((attemptedAt - 60_000) / 1000));
  return findAmong(slack, "conversations.history", { channel, oldest }, messageId);
}

/** Our message with this id in a thread. */
export function findInThread(
  slack: WebClient,
  { channel, ts }: MessagePlace,
  messageId: string,
): Promise<string | null> {
  return findAmong(slack, "conversations.replies", { channel, ts }, messageId);
}

/** Looks through the pages of a method that lists messages, until ours is there. */
async function findAmong(
  slack: WebClient,
  method: "conversations.history" | "conversations.replies",
  where: Record<string, string>,
  messageId: string,
): Promise<string | null> {
  const pages = slack.paginate(method, { ...where, include_all_metadata: true, limit: 200 });
  for await (const page of pages) {
    const { messages = [] } = page as ConversationsHistoryResponse;
    const ours = messages.find(({ metadata }) => {
      const payload: { id?: unknown } = metadata?.event_payload ?? {};
      return metadata?.event_type === EVENT_TYPE && payload.id === messageId;
    });
    if (ours?.ts !== undefined) return ours.ts;
  }
  return null;
}
