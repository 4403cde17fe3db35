import { findInChannel, findInThread, openDirect, permalink, postMessage } from "../slack/messages.ts";
import type { MessagePlace } from "../slack/messages.ts";
import { isChannelTrouble, isTokenTrouble } from "../slack-trouble.ts";
import { aloneMessage, aloneReviewedMessage } from "../views/alone.ts";
import type { Message } from "../views/blocks.ts";
import { cardLateMessage, cardThereMessage, type Behind } from "../views/direct.ts";
import { outcomeMessage, threadMessage } from "../views/thread.ts";
import { publishCard, type CardDeps, type CardState } from "./cards.ts";
import { takeClaim, type Claim } from "./claim.ts";
import { describeRequest } from "./describe.ts";
import {
  addPosts,
  markAttempted,
  markPosted,
  readUnposted,
  recipientOf,
  reminderKey,
  reviewReminderKey,
  type Post,
} from "./posts.ts";
import type { Request } from "./request.ts";
import { readRequest } from "./store.ts";
import { noteTrouble, releasePublishing, tryInSlack, type Trouble } from "./trouble.ts";

export type PublishDeps = CardDeps;

/** After so long without a card, who asked is told in a message of their own. */
const CARD_LATE_MS = 10_000;

/**
 * Brings a request's card, thread and direct messages in Slack up to date with the database, each message once and
 * in order: one publisher at a time holds the request; every message is noted as attempted before it is posted, and
 * one that was attempted before is first looked for by its metadata. What does not go through in the approvals
 * channel keeps back the rest of the thread, but not the direct messages.
 * @returns false when somebody else is at it: whoever holds the claim publishes everything before letting go.
 * @throws what Slack answered, written down and with the claim given back: the caller's retry goes on where this one
 * stopped.
 */
export async function publishRequest(deps: PublishDeps, id: string): Promise<boolean> {
  for (;;) {
    const claim = await takeClaim(deps.db, id, deps.now);
    if (claim === null) return false;
    let trouble: Trouble | null;
    try {
      trouble = await publishRound(deps, claim);
    } catch (error) {
      await claim.abandon();
      throw error;
    }
    if (trouble !== null) {
      const { code, error } = trouble;
      await claim.finish(() => noteTrouble(deps.db, id, code, deps.now()));
      throw error;
    }
    if (await claim.finish(() => releasePublishing(deps.db, claim.request, deps.now()))) return true;
    await claim.abandon();
  }
}

/** @returns the first trouble that there was, or null when everything is posted. */
async function publishRound(deps: PublishDeps, claim: Claim): Promise<Trouble | null> {
  const { db, now } = deps;
  // Read in this order, the request is never older than the messages that tell of it; what is written from here on
  // is told in the next round, after the card shows it.
  const posts = await readUnposted(db, claim.request.id);
  const request = (await readRequest(db, claim.request.id)) ?? claim.request;
  const card = await publishCard(deps, request);
  const late = await noteLateCard(deps, request, card);
  // The thread keeps its order, and so do one person's messages; who can't be written to holds up nobody else.
  const troubles = new Map<string, Trouble>();
  if (card.place === null && card.trouble !== null) troubles.set(THREAD, card.trouble);
  let onToken = onlyToken(card.trouble);
  for (const post of [...posts, ...late]) {
    const line = post.surface === "thread" ? THREAD : recipientOf(post, request);
    if (troubles.has(line) || (post.surface === "dm" && onToken !== null) || isEarly(post, card)) continue;
    await claim.keep();
    const behind = behindOf(request, card, card.trouble ?? troubles.get(THREAD) ?? null, now());
    const posted = await tryInSlack(() => publishPost(deps, request, card, behind, post));
    if (posted.ok) continue;
    troubles.set(line, posted.trouble);
    onToken ??= onlyToken(posted.trouble);
  }
  return card.trouble ?? troubles.get(THREAD) ?? troubles.values().next().value ?? onToken;
}

/** Beside the people who get direct messages. */
const THREAD = "thread";

/** Where Slack does not take the token, nothing goes through: no need to ask again for each message. */
function onlyToken(trouble: Trouble | null): Trouble | null {
  return trouble !== null && isTokenTrouble(trouble.code) ? trouble : null;
}

/** What needs the card waits for it. */
function isEarly({ surface, data }: Post, { place }: CardState): boolean {
  return place === null && (surface === "thread" || data.kind === "card-there");
}

/** Who asked was told at once why there is no card; when that lasts, they are told what to do, and once. */
async function noteLateCard(
  { db, now }: PublishDeps,
  request: Request,
  { place, trouble }: CardState,
): Promise<Post[]> {
  if (place !== null || trouble === null || request.status !== "pending") return [];
  if (now() - (request.trouble?.since ?? now()) < CARD_LATE_MS) return [];
  await addPosts(db, request.id, now(), [{ key: "card-late", surface: "dm", data: { kind: "card-late" } }]);
  return (await readUnposted(db, request.id)).filter(({ key }) => key === "card-late");
}

/** What a direct message says of the card and the thread that do not show the same. */
function behindOf(request: Request, card: CardState, trouble: Trouble | null, now: number): Behind | null {
  if (card.isGone) return { kind: "gone" };
  if (trouble === null) return null;
  return { kind: "trouble", code: trouble.code, since: request.trouble?.since ?? now };
}

async function publishPost(
  deps: PublishDeps,
  request: Request,
  card: CardState,
  behind: Behind | null,
  item: Post,
): Promise<void> {
  const { db, slack, now } = deps;
  const isDirect = item.surface === "dm";
  if (isOver(item, request, card, now()) || (card.isGone && !isDirect)) {
    await markPosted(db, item.seq, now(), "", "");
    return;
  }
  const messageId = `${request.id}:${item.key}`;
  const channel = isDirect
    ? await openDirect(slack, recipientOf(item, request))
    : (card.place?.channel ?? null);
  if (channel === null) return giveUp(deps, request, item);
  if (item.attemptedAt !== null) {
    const found =
      isDirect || card.place === null
        ? await findInChannel(slack, channel, messageId, item.attemptedAt)
        : await findInThread(slack, card.place, messageId);
    if (found !== null) {
      await markPosted(db, item.seq, now(), channel, found);
      return;
    }
  }
  await markAttempted(db, item.seq, now());
  const message = isDirect
    ? await drawDirect(deps, request, card.place, behind, item)
    : threadMessage(request, describeRequest(request), item.data);
  const posted = await tryInSlack(() =>
    postMessage(slack, channel, message, messageId, isDirect ? undefined : card.place?.ts),
  );
  if (posted.ok) return markPosted(db, item.seq, now(), posted.value.channel, posted.value.ts);
  // A direct message that Slack does not let through is no trouble of the approvals channel, and does not pass.
  if (isDirect && isChannelTrouble(posted.trouble.code)) return giveUp(deps, request, item);
  throw posted.trouble.error;
}

/** The thread has the story all the same. */
async function giveUp({ db, log, now }: PublishDeps, request: Request, item: Post): Promise<void> {
  log.warn({ userId: recipientOf(item, request), requestId: request.id }, "somebody cannot be written to");
  await markPosted(db, item.seq, now(), "", "");
}

/**
 * A message that is overtaken: about the card, when the request is decided or the card is there meanwhile; a call to
 * decide, when there is nothing to decide any more, or a later one is to follow.
 */
function isOver({ key, data }: Post, request: Request, card: CardState, now: number): boolean {
  const isPending = request.status === "pending";
  switch (data.kind) {
    case "card-late":
      return !isPending || card.place !== null;
    case "card-there":
      return !isPending;
    case "reminder":
      return !isPending || now >= request.expiresAt || key !== reminderKey(request.reminders);
    case "review-reminder":
      return request.review !== null || key !== reviewReminderKey(request.reminders);
    case "escalated":
      return !isPending || now >= request.expiresAt;
    default:
      return false;
  }
}

async function drawDirect(
  { slack }: PublishDeps,
  request: Request,
  card: MessagePlace | null,
  behind: Behind | null,
  { data }: Post,
): Promise<Message> {
  const words = describeRequest(request);
  if (data.kind === "card-late" && behind !== null) return cardLateMessage(request, words, behind);
  const link = card === null ? null : await permalink(slack, card);
  if (data.kind === "card-there")
    return cardThereMessage(request, words, { link, isAnew: data.isAnew === true });
  if (data.kind === "alone") return aloneMessage(request, words, link, behind);
  if (data.kind === "alone-reviewed") return aloneReviewedMessage(request, words, link);
  return outcomeMessage(request, words, link, behind);
}
