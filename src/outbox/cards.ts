import type { Log } from "../log/log.ts";
import type { PolicySource } from "../policy-file.ts";
import type { Channels } from "../slack/channels.ts";
import { isSlackRateLimit } from "../slack/clients.ts";
import type { PacedClient } from "../slack/paced-client.ts";
import { editMessage, findInChannel, hasThread, isDeleted, postMessage } from "../slack/messages.ts";
import type { MessagePlace } from "../slack/messages.ts";
import { isChannelTrouble, SHARED_OUTSIDE } from "../slack-trouble.ts";
import type { Db } from "../store/open.ts";
import { takeTurn } from "../store/turn.ts";
import type { Message } from "../views/blocks.ts";
import { approvalCard } from "../views/card/card.ts";
import { describeRequest } from "../actions/describe.ts";
import { changeRequest, type Change, type Condition } from "../requests/change.ts";
import { LeaseLostError } from "../requests/lease.ts";
import type { Request } from "../requests/request.ts";
import { refuseChannel } from "../approvals/channel.ts";
import { rulesFor } from "../approvals/rules.ts";
import {
  moveCard,
  readPendingCards,
  replaceCard,
  tryInSlack,
  type Tried,
  type DeliveryFailure,
} from "./delivery-failure.ts";

export interface CardDeps {
  db: Db;
  slack: PacedClient;
  log: Log;
  now(): number;
  policy: PolicySource;
  channels: Channels;
  /** How often cards are watched; 30 s by default. */
  sweepMs?: number;
}

/** How a card stands in Slack after an attempt to bring it up to date. */
export interface CardState {
  /** null while it is not posted. */
  place: MessagePlace | null;
  /** Someone deleted it, and there is no longer a thread. */
  isGone: boolean;
  failure: DeliveryFailure | null;
}

/**
 * Posts a request's card, or edits it to show the request as it is. A failure is a part of the result.
 * @throws LeaseLostError before a card is posted that another replica may be posting
 */
export async function publishCard(deps: CardDeps, isHeld: Condition, request: Request): Promise<CardState> {
  const { channel, ts } = request.card;
  if (ts === null) return postFirst(deps, isHeld, request);
  const place = { channel, ts };
  if (request.cardVersion >= request.version) return { place, isGone: false, failure: null };
  const edited = await tryInSlack(() => editMessage(deps.slack, place, drawCard(deps, request)));
  if (!edited.ok) return { place, isGone: false, failure: edited.failure };
  if (edited.value) return { place, isGone: false, failure: null };
  // A card that is decided tells no one what to do: it is not posted again, and its thread goes on if it can.
  if (request.status !== "pending") {
    const thread = await tryInSlack(() => hasThread(deps.slack, place));
    if (!thread.ok) return { place, isGone: false, failure: thread.failure };
    return { place, isGone: !thread.value, failure: null };
  }
  // The request is another version now: it is published in the next round.
  await replaceCard(deps.db, request, {
    channel: deps.policy.current().approvalsChannel,
    why: "deleted",
    at: deps.now(),
  });
  return { place: null, isGone: false, failure: null };
}

function drawCard({ policy, now }: CardDeps, request: Request): Message {
  return approvalCard({
    request,
    words: describeRequest(request),
    rules: rulesFor(policy.current(), request),
    now: now(),
  });
}

/** Where the channel can't be written to and the policy names another one by now, the card goes there. */
async function postFirst(deps: CardDeps, isHeld: Condition, request: Request): Promise<CardState> {
  const { channel, attemptedAt } = request.card;
  const posted = await post(deps, isHeld, request, { channel, attemptedAt });
  if (posted.ok) return { place: posted.value, isGone: false, failure: null };
  const now = deps.policy.current().approvalsChannel;
  const canMove = isChannelTrouble(posted.failure.code) && now !== channel;
  if (!canMove || !(await moveCard(deps.db, request.id, channel, now, deps.now())))
    return { place: null, isGone: false, failure: posted.failure };
  deps.log.info({ requestId: request.id, from: channel, to: now }, "card goes to another channel");
  const moved = await post(deps, isHeld, request, { channel: now, attemptedAt: null });
  return moved.ok
    ? { place: moved.value, isGone: false, failure: null }
    : { place: null, isGone: false, failure: moved.failure };
}

/** One that was attempted before is looked for first. The channel may be another one, or shared, since it was asked. */
async function post(
  deps: CardDeps,
  isHeld: Condition,
  request: Request,
  { channel, attemptedAt }: Pick<Request["card"], "channel" | "attemptedAt">,
): Promise<Tried<MessagePlace>> {
  const { db, slack, now } = deps;
  if (refuseChannel(await deps.channels.read(channel))?.kind === "shared")
    return { ok: false, failure: { code: SHARED_OUTSIDE, error: new Error("the channel is shared") } };
  async function mark(set: Change["set"]): Promise<void> {
    const change = { id: request.id, at: now(), where: isHeld, isShown: false, set: { ...set } };
    if ((await changeRequest(db, change)) === null) throw new LeaseLostError(request.id);
  }
  return tryInSlack(async () => {
    const card = drawCard(deps, request);
    const found = attemptedAt === null ? null : await findInChannel(slack, channel, request.id, attemptedAt);
    if (found !== null) {
      await mark({ card_channel: channel, card_ts: found, card_version: 0 });
      await editMessage(slack, { channel, ts: found }, card);
      return { channel, ts: found };
    }
    await mark({ card_attempted_at: now() });
    const posted = await postMessage(slack, channel, card, request.id).catch(async (error: unknown) => {
      // Refused before it had any effect: there is nothing to look for at the next attempt.
      if (isSlackRateLimit(error)) await mark({ card_attempted_at: null });
      throw error;
    });
    const { channel: card_channel, ts: card_ts } = posted;
    await mark({ card_channel, card_ts, card_version: request.version });
    return posted;
  });
}

/**
 * More than mostly wait at once; what is left is looked at when these are decided. At two watches a minute, however
 * many replicas there are, it stays under Slack's 50 calls of conversations.history.
 */
const MAX_WATCHED = 20;
const WATCH_MS = 30_000;

/**
 * Looks whether the cards of pending requests are still there for someone to decide on, and replaces those that
 * are not: deleted ones, and those in a channel that can't be written to where the policy names another.
 * @returns the requests whose cards are to be posted again. What Slack does not tell now is asked at the next sweep.
 * Empty as well where another replica watched within this sweep's time.
 */
export async function replaceLostCards(deps: CardDeps): Promise<Request[]> {
  const replaced: Request[] = [];
  if (!(await takeTurn(deps.db, "card-watch", deps.now(), deps.sweepMs ?? WATCH_MS))) return replaced;
  for (const request of await readPendingCards(deps.db, MAX_WATCHED)) {
    const channel = deps.policy.current().approvalsChannel;
    const lost = await tryInSlack(() => whyLost(deps, request, channel));
    // Slack fails with more than this one card: the others are asked for at the next sweep.
    if (!lost.ok && !isChannelTrouble(lost.failure.code)) break;
    const why = lost.ok ? lost.value : null;
    if (why === null) continue;
    const again = await replaceCard(deps.db, request, { channel, why, at: deps.now() });
    if (again === null) continue;
    deps.log.warn({ requestId: request.id, why }, "card is gone, it is posted again");
    replaced.push(again);
  }
  return replaced;
}

async function whyLost(deps: CardDeps, request: Request, approvals: string): Promise<string | null> {
  const { channel, ts } = request.card;
  if (ts === null) return null;
  const place = { channel, ts };
  if (channel === approvals) {
    return (await isDeleted(deps.slack, place)) ? "deleted" : null;
  }
  // An edit that changes nothing tells whether the old channel can still be written to.
  const edited = await tryInSlack(() => editMessage(deps.slack, place, drawCard(deps, request)));
  if (edited.ok) return edited.value ? null : "deleted";
  if (isChannelTrouble(edited.failure.code)) return edited.failure.code;
  throw edited.failure.error;
}
