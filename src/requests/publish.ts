import type { WebClient } from "@slack/web-api";

import type { Log } from "../log.ts";
import { slackErrorCode } from "../slack/clients.ts";
import type { Db } from "../store/open.ts";
import { approvalCard } from "../views/card.ts";
import type { Message } from "../views/blocks.ts";
import { cut } from "../views/text.ts";
import { outcomeMessage, threadMessage } from "../views/thread.ts";
import { describeRequest } from "./describe.ts";
import type { ActionName } from "./plan.ts";
import { markAttempted, markPosted, readUnposted, type Post } from "./posts.ts";
import type { Request } from "./request.ts";
import {
  abandonPublishing,
  claimPublishing,
  extendPublishing,
  markCardAttempted,
  markCardPosted,
  readRequest,
  releasePublishing,
} from "./store.ts";

export interface PublishDeps {
  db: Db;
  slack: WebClient;
  log: Log;
  now(): number;
  /** Slack ids of who may approve this action now: the card names them. */
  approversOf(action: ActionName): readonly string[];
}

/** How long a replica may take for one message before another may take over. */
const CLAIM_MS = 60_000;

/** Marks our messages with the id under which they are looked for after a crash. An id only, never data. */
const EVENT_TYPE = "zt_message";

/**
 * Brings a request's card and thread in Slack up to date with the database, in order, each message once:
 * one publisher at a time holds the request; every message is noted as attempted before it is posted, and one
 * that was attempted before is first looked for by its metadata.
 * @throws what Slack answered, with the claim given back: the caller's retry goes on where this one stopped.
 */
export async function publishRequest(deps: PublishDeps, id: string): Promise<void> {
  for (;;) {
    const now = deps.now();
    const claimed = await claimPublishing(deps.db, id, now, now + CLAIM_MS);
    // Somebody else is at it; whoever holds the claim publishes everything before letting go.
    if (claimed === null) return;
    try {
      // Read in this order, the request is never older than the messages that tell of it; what is written from
      // here on is told in the next round, after the card shows it.
      const posts = await readUnposted(deps.db, id);
      const request = (await readRequest(deps.db, id)) ?? claimed;
      const card = await publishCard(deps, request);
      for (const post of posts) {
        await extendPublishing(deps.db, id, deps.now() + CLAIM_MS);
        await publishPost(deps, request, card, post);
      }
    } catch (error) {
      await abandonPublishing(deps.db, id);
      throw error;
    }
    if (await releasePublishing(deps.db, id, claimed.version)) return;
    await abandonPublishing(deps.db, id);
  }
}

interface CardPlace {
  channel: string;
  ts: string;
}

async function publishCard(
  { db, slack, now, approversOf }: PublishDeps,
  request: Request,
): Promise<CardPlace> {
  const { channel, ts, attemptedAt } = request.card;
  const card = approvalCard({
    request,
    words: describeRequest(request),
    approvers: approversOf(request.plan.action),
    now: now(),
  });
  if (ts !== null) {
    if (request.cardVersion < request.version) await updateCard(slack, channel, ts, card);
    return { channel, ts };
  }
  const found = attemptedAt === null ? null : await findInChannel(slack, channel, request.id, attemptedAt);
  if (found !== null) {
    await markCardPosted(db, request.id, channel, found, 0);
    await updateCard(slack, channel, found, card);
    return { channel, ts: found };
  }
  await markCardAttempted(db, request.id, now());
  const posted = await post(slack, channel, card, request.id);
  await markCardPosted(db, request.id, posted.channel, posted.ts, request.version);
  return posted;
}

/** A card that somebody deleted is not posted again, and does not keep its thread from going on. */
async function updateCard(slack: WebClient, channel: string, ts: string, card: Message): Promise<void> {
  try {
    await slack.chat.update({ channel, ts, text: card.text, blocks: card.blocks });
  } catch (error) {
    if (slackErrorCode(error) !== "message_not_found") throw error;
  }
}

async function publishPost(deps: PublishDeps, request: Request, card: CardPlace, item: Post): Promise<void> {
  const { db, slack, now } = deps;
  const messageId = `${request.id}:${item.key}`;
  const channel = item.surface === "thread" ? card.channel : await openDm(deps, request.requesterId);
  if (channel === null) {
    await markPosted(db, item.seq, now(), "", "");
    return;
  }
  if (item.attemptedAt !== null) {
    const found =
      item.surface === "thread"
        ? await findInThread(slack, channel, card.ts, messageId)
        : await findInChannel(slack, channel, messageId, item.attemptedAt);
    if (found !== null) {
      await markPosted(db, item.seq, now(), channel, found);
      return;
    }
  }
  await markAttempted(db, item.seq, now());
  const words = describeRequest(request);
  const message =
    item.surface === "thread"
      ? threadMessage(request, words, item.data)
      : outcomeMessage(request, words, await permalink(slack, card));
  const posted = await post(
    slack,
    channel,
    message,
    messageId,
    item.surface === "thread" ? card.ts : undefined,
  );
  await markPosted(db, item.seq, now(), posted.channel, posted.ts);
}

/** null when the person cannot be written to (deactivated meanwhile): the thread has the story all the same. */
async function openDm({ slack, log }: PublishDeps, userId: string): Promise<string | null> {
  try {
    const { channel } = await slack.conversations.open({ users: userId });
    return channel?.id ?? null;
  } catch (error) {
    const code = slackErrorCode(error);
    if (code !== "user_not_found" && code !== "cannot_dm_bot" && code !== "user_disabled") throw error;
    log.warn({ code, userId }, "requester cannot be written to");
    return null;
  }
}

async function post(
  slack: WebClient,
  channel: string,
  message: Message,
  messageId: string,
  threadTs?: string,
): Promise<CardPlace> {
  const send = (content: { text: string; blocks?: Message["blocks"] }) =>
    slack.chat.postMessage({
      channel,
      ...content,
      metadata: { event_type: EVENT_TYPE, event_payload: { id: messageId } },
      unfurl_links: false,
      unfurl_media: false,
      ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
    });
  try {
    const posted = await send({ text: message.text, blocks: message.blocks });
    return { channel: posted.channel ?? channel, ts: posted.ts ?? "" };
  } catch (error) {
    // Blocks that Slack will never take must not hold up every later message of the request: the words go alone.
    if (!UNDRAWABLE.has(slackErrorCode(error) ?? "")) throw error;
    const posted = await send({ text: cut(message.text, 3000) });
    return { channel: posted.channel ?? channel, ts: posted.ts ?? "" };
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

/** A link to the card, or null when Slack gives none. */
export async function permalink(slack: WebClient, card: CardPlace): Promise<string | null> {
  try {
    const answer = await slack.chat.getPermalink({ channel: card.channel, message_ts: card.ts });
    return answer.permalink ?? null;
  } catch {
    // A link is a comfort: a message without one is better than none.
    return null;
  }
}

interface Found {
  ts?: string;
  metadata?: { event_type?: string; event_payload?: object };
}

function payloadId(payload: object | undefined): unknown {
  return payload !== undefined && "id" in payload ? payload.id : undefined;
}

function findOurs(messages: readonly Found[] | undefined, messageId: string): string | null {
  const ours = messages?.find(
    ({ metadata }) => metadata?.event_type === EVENT_TYPE && payloadId(metadata.event_payload) === messageId,
  );
  return ours?.ts ?? null;
}

/** Clocks differ: looks from a minute before the attempt. */
async function findInChannel(
  slack: WebClient,
  channel: string,
  messageId: string,
  attemptedAt: number,
): Promise<string | null> {
  const oldest = String(Math.floor((attemptedAt - 60_000) / 1000));
  let cursor: string | undefined;
  do {
    const page = await slack.conversations.history({
      channel,
      oldest,
      include_all_metadata: true,
      limit: 200,
      ...(cursor ? { cursor } : {}),
    });
    const found = findOurs(page.messages, messageId);
    if (found !== null) return found;
    cursor = page.response_metadata?.next_cursor;
  } while (cursor);
  return null;
}

async function findInThread(
  slack: WebClient,
  channel: string,
  threadTs: string,
  messageId: string,
): Promise<string | null> {
  let cursor: string | undefined;
  do {
    const page = await slack.conversations.replies({
      channel,
      ts: threadTs,
      include_all_metadata: true,
      limit: 200,
      ...(cursor ? { cursor } : {}),
    });
    const found = findOurs(page.messages, messageId);
    if (found !== null) return found;
    cursor = page.response_metadata?.next_cursor;
  } while (cursor);
  return null;
}
