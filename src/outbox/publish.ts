import { isSlackRateLimit } from "../slack/clients.ts";
import {
  editMessage,
  findInChannel,
  findInThread,
  openDirect,
  permalink,
  postMessage,
} from "../slack/messages.ts";
import type { MessagePlace } from "../slack/messages.ts";
import { isThreadTrouble, isTokenTrouble, isUndeliverable } from "../slack-trouble.ts";
import { canBreakGlass } from "../approvals/rules.ts";
import { breakGlassMessage, breakGlassReviewedMessage } from "../views/card/break-glass.ts";
import type { Message } from "../views/blocks.ts";
import { cardLateMessage, cardThereMessage, type Behind } from "../views/request/direct.ts";
import { besideThreadMessage, mentionedMessage } from "../views/request/elsewhere.ts";
import { blockEndMessage } from "../views/request/block-end.ts";
import { outcomeMessage, threadMessage } from "../views/request/thread.ts";
import { unprovenAlarm } from "../views/request/unproven.ts";
import { isForApprover, publishToApprovers } from "./approvers.ts";
import { publishCard, type CardDeps, type CardState } from "./cards.ts";
import { describeRequest } from "../actions/describe.ts";
import {
  addPosts,
  markAttempted,
  markPosted,
  readPredecessor,
  readUnposted,
  recipientOf,
  reminderKey,
  reviewReminderKey,
  type Post,
} from "../requests/posts.ts";
import { takeLease, type Lease } from "../requests/lease.ts";
import type { Request } from "../requests/request.ts";
import { readRequest } from "../requests/repository.ts";
import {
  finishPublishing,
  recordDeliveryFailure,
  tryInSlack,
  type DeliveryFailure,
} from "./delivery-failure.ts";

export type PublishDeps = CardDeps;

/** After so long without a card, the requester is told in a message of their own. */
const CARD_LATE_MS = 10_000;

/**
 * Brings a request's card, thread and direct messages in Slack up to date with the database, each message once and
 * in order: one publisher at a time holds the request; every message is noted as attempted before it is posted, and
 * one that was attempted before is first looked for by its metadata. What does not go through in the approvals
 * channel keeps back the rest of the thread, but not the direct messages.
 * @param onCard called once the card and its thread are up to date, before approvers are written to.
 * @returns false when someone else is at it: the holder of the lease publishes everything before letting go.
 * @throws what Slack answered, written down and with the lease given back: the caller's retry goes on where this one
 * stopped.
 */
export async function publishRequest(
  deps: PublishDeps,
  id: string,
  onCard: () => void = () => {},
): Promise<boolean> {
  for (;;) {
    const lease = await takeLease(deps.db, "publishing", id, deps.now);
    if (lease === null) return false;
    try {
      if (isEditDue(lease.request) && !deps.slack.canEdit()) {
        // Without the lease, and with nothing read: of all that changes until then, one edit shows the last.
        await lease.release();
        await deps.slack.untilEditable();
      } else if (await publishUnder(deps, lease, onCard)) return true;
    } finally {
      lease.letGo();
    }
  }
}

/** @returns false when there is more to post, or another replica has it by now. @throws what Slack answered */
async function publishUnder(deps: PublishDeps, lease: Lease, onCard: () => void): Promise<boolean> {
  let failure: DeliveryFailure | null;
  try {
    failure = await publishRound(deps, lease, onCard);
  } catch (error) {
    await lease.release();
    throw error;
  }
  if (failure !== null) {
    await recordDeliveryFailure(deps.db, lease, failure, deps.now());
    throw failure.error;
  }
  if (await finishPublishing(deps.db, lease)) return true;
  await lease.release();
  return false;
}

function isEditDue({ card, cardVersion, version }: Request): boolean {
  return card.ts !== null && cardVersion < version;
}

/** @returns the first trouble that there was, or null when everything is posted. */
async function publishRound(
  deps: PublishDeps,
  lease: Lease,
  onCard: () => void,
): Promise<DeliveryFailure | null> {
  const { db, now } = deps;
  // Read in this order, the request is never older than the messages that tell of it; what is written from here on
  // is told in the next round, after the card shows it.
  const posts = await readUnposted(db, lease.request.id);
  const request = (await readRequest(db, lease.request.id)) ?? lease.request;
  const card = await publishCard(deps, lease.isHeld, request);
  const late = await noteLateCard(deps, request, card);
  // The thread keeps its order, and so do one person's messages; who can't be written to holds up no one else.
  const failures = new Map<string, DeliveryFailure>();
  if (card.place === null && card.failure !== null) failures.set(THREAD, card.failure);
  let onToken = onlyToken(card.failure);
  const toApprovers = posts.filter(isForApprover);
  for (const post of [...posts.filter((post) => !isForApprover(post)), ...late]) {
    const line = post.surface === "dm" ? recipientOf(post, request) : post.surface;
    if (failures.has(line) || (post.surface === "dm" && onToken !== null) || isEarly(post, card)) continue;
    await lease.keep();
    const behind = behindOf(request, card, card.failure ?? failures.get(THREAD) ?? null, now());
    const posted = await tryInSlack(() => publishPost(deps, request, card, behind, post));
    if (posted.ok) continue;
    failures.set(line, posted.failure);
    onToken ??= onlyToken(posted.failure);
  }
  if (card.place !== null) onCard();
  const failed =
    onToken === null
      ? await publishToApprovers(deps, request, card.place, toApprovers, () => lease.keep())
      : [];
  return (
    card.failure ?? failures.get(THREAD) ?? failures.values().next().value ?? onToken ?? failed[0] ?? null
  );
}

/** Beside the people who get direct messages. */
const THREAD = "thread";

/** Where Slack does not take the token, nothing goes through: no need to ask again for each message. */
function onlyToken(failure: DeliveryFailure | null): DeliveryFailure | null {
  return failure !== null && isTokenTrouble(failure.code) ? failure : null;
}

/** What needs the card waits for it. */
function isEarly({ surface, data }: Post, { place }: CardState): boolean {
  return place === null && (surface === "thread" || data.kind === "card-there");
}

/** The requester was told at once why there is no card; when that lasts, they are told what to do, and once. */
async function noteLateCard(
  { db, now }: PublishDeps,
  request: Request,
  { place, failure }: CardState,
): Promise<Post[]> {
  if (place !== null || failure === null || request.status !== "pending") return [];
  if (now() - (request.deliveryFailure?.since ?? now()) < CARD_LATE_MS) return [];
  await addPosts(db, request.id, now(), [{ key: "card-late", surface: "dm", data: { kind: "card-late" } }]);
  return (await readUnposted(db, request.id)).filter(({ key }) => key === "card-late");
}

/** What a direct message says of the card and the thread that do not show the same. */
function behindOf(
  request: Request,
  card: CardState,
  failure: DeliveryFailure | null,
  now: number,
): Behind | null {
  if (card.isGone) return { kind: "gone" };
  if (failure === null) return null;
  return { kind: "trouble", code: failure.code, since: request.deliveryFailure?.since ?? now };
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
  const isThread = item.surface === "thread";
  if (isOver(item, request, card, now()) || (card.isGone && isThread)) {
    await markPosted(db, item.seq, now(), "", "");
    return;
  }
  const messageId = `${request.id}:${item.key}`;
  const thread = isThread ? card.place : null;
  const channel = isDirect
    ? await openDirect(slack, recipientOf(item, request))
    : isThread
      ? (thread?.channel ?? null)
      : deps.policy.current().approvalsChannel;
  if (channel === null) return giveUp(deps, request, item);
  if (item.attemptedAt !== null) {
    const found = await findPosted(slack, { channel, thread, messageId, attemptedAt: item.attemptedAt });
    if (found !== null) {
      await markPosted(db, item.seq, now(), channel, found);
      return;
    }
  }
  await markAttempted(db, item.seq, now());
  const message = isThread
    ? threadMessage(request, describeRequest(request), item.data, {
        canRevokeNow: canBreakGlass(deps.policy.current(), "revoke"),
      })
    : await drawAlone(deps, request, card.place, behind, item);
  // An edit can be made twice: a process that dies in between leaves no second message.
  const before = await readPredecessor(db, item);
  if (before !== null && (await editMessage(slack, before, message)))
    return markPosted(db, item.seq, now(), before.channel, before.ts);
  const posted = await tryInSlack(() => postMessage(slack, channel, message, messageId, thread?.ts));
  if (posted.ok) return markPosted(db, item.seq, now(), posted.value.channel, posted.value.ts);
  const { code, error } = posted.failure;
  // Refused before it had any effect: there is nothing to look for at the next attempt.
  if (isSlackRateLimit(error)) await markAttempted(db, item.seq, null);
  // A direct message that Slack does not deliver is no trouble of the approvals channel, and does not pass.
  if (isDirect && isUndeliverable(code)) return mentionInstead(deps, request, card, item, { message, code });
  if (thread !== null && isThreadTrouble(code)) return postBeside(deps, request, thread, item, message);
  throw error;
}

/** Where a message may be that was posted before, and what it is known by there. */
interface Attempted {
  channel: string;
  thread: MessagePlace | null;
  messageId: string;
  attemptedAt: number;
}

function findPosted(
  slack: PublishDeps["slack"],
  { channel, thread, messageId, attemptedAt }: Attempted,
): Promise<string | null> {
  return thread === null
    ? findInChannel(slack, channel, messageId, attemptedAt)
    : findInThread(slack, thread, messageId);
}

/** Posts in another place than where it belongs, unless an earlier attempt already did. */
async function postElsewhere(
  { db, slack, now }: PublishDeps,
  { requestId, key, seq, attemptedAt }: Post,
  { channel, thread }: Pick<Attempted, "channel" | "thread">,
  message: Message,
): Promise<void> {
  const messageId = `${requestId}:${key}`;
  const found =
    attemptedAt === null ? null : await findPosted(slack, { channel, thread, messageId, attemptedAt });
  const ts = found ?? (await postMessage(slack, channel, message, messageId, thread?.ts)).ts;
  await markPosted(db, seq, now(), channel, ts);
}

/** Somebody who can't be written to directly is mentioned in the card's thread, or in the channel where it is gone. */
async function mentionInstead(
  deps: PublishDeps,
  request: Request,
  { place, isGone }: CardState,
  item: Post,
  { message, code }: { message: Message; code: string },
): Promise<void> {
  const userId = recipientOf(item, request);
  deps.log.warn(
    { userId, requestId: request.id, code },
    "mentioned in the channel instead of a direct message",
  );
  const said = mentionedMessage(userId, message, code);
  const channel = place?.channel ?? deps.policy.current().approvalsChannel;
  const thread = isGone ? null : place;
  const posted = await tryInSlack(() => postElsewhere(deps, item, { channel, thread }, said));
  if (posted.ok) return;
  if (thread === null || !isThreadTrouble(posted.failure.code)) throw posted.failure.error;
  await postElsewhere(deps, item, { channel, thread: null }, said);
}

/** What people need to read wherever it stands. The rest of a thread that takes no replies is on the card. */
const NEEDED: ReadonlySet<Post["data"]["kind"]> = new Set([
  "reminder",
  "escalated",
  "review-reminder",
  "voided",
  "failures",
  "summary",
  "returned",
  "watch-blind",
]);

async function postBeside(
  deps: PublishDeps,
  request: Request,
  card: MessagePlace,
  item: Post,
  message: Message,
): Promise<void> {
  deps.log.warn({ requestId: request.id, kind: item.data.kind }, "the thread takes no replies");
  if (!NEEDED.has(item.data.kind)) return markPosted(deps.db, item.seq, deps.now(), "", "");
  const beside = besideThreadMessage(request, message, await permalink(deps.slack, card));
  await postElsewhere(deps, item, { channel: card.channel, thread: null }, beside);
}

/** The thread has the story all the same. */
async function giveUp({ db, log, now }: PublishDeps, request: Request, item: Post): Promise<void> {
  log.warn({ userId: recipientOf(item, request), requestId: request.id }, "someone cannot be written to");
  await markPosted(db, item.seq, now(), "", "");
}

/**
 * A message that is overtaken: about the card, when the request is decided or the card is there meanwhile; a call to
 * decide, when nothing is left to decide, or a later one is to follow.
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
    case "approvers":
    case "escalated":
      return !isPending || now >= request.expiresAt;
    default:
      return false;
  }
}

/** What stands by itself: a direct message, or an alarm in the approvals channel. */
async function drawAlone(
  { slack }: PublishDeps,
  request: Request,
  card: MessagePlace | null,
  behind: Behind | null,
  { data }: Post,
): Promise<Message> {
  const words = describeRequest(request);
  if (data.kind === "card-late" && behind !== null) return cardLateMessage(request, words, behind);
  const link = card === null ? null : await permalink(slack, card);
  if (data.kind === "unproven") return unprovenAlarm(request, link, data.findings);
  if (data.kind === "block-end" || data.kind === "block-end-failed") return blockEndMessage(request, data);
  if (data.kind === "card-there")
    return cardThereMessage(request, words, { link, isAgain: data.isAgain === true });
  if (data.kind === "alone") return breakGlassMessage(request, words, link, behind);
  if (data.kind === "alone-reviewed") return breakGlassReviewedMessage(request, words, link);
  return outcomeMessage(request, words, link, behind);
}
