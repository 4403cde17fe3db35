import type { WebClient } from "@slack/web-api";

import type { Log } from "../log.ts";
import type { PolicySource } from "../policy-file.ts";
import { editMessage, findInChannel, hasThread, isDeleted, postMessage } from "../slack/messages.ts";
import type { MessagePlace } from "../slack/messages.ts";
import { isChannelTrouble } from "../slack-trouble.ts";
import type { Db } from "../store/open.ts";
import type { Message } from "../views/blocks.ts";
import { approvalCard } from "../views/card.ts";
import { describeRequest } from "./describe.ts";
import type { Request } from "./request.ts";
import { rulesFor } from "./rules.ts";
import { markCardAttempted, markCardPosted } from "./publishing.ts";
import { moveCard, readPendingCards, replaceCard, tryInSlack, type Tried, type Trouble } from "./trouble.ts";

export interface CardDeps {
  db: Db;
  slack: WebClient;
  log: Log;
  now(): number;
  policy: PolicySource;
}

/** How a card stands in Slack after an attempt to bring it up to date. */
export interface CardState {
  /** null while it is not posted. */
  place: MessagePlace | null;
  /** Somebody deleted it, and there is no thread any more. */
  isGone: boolean;
  trouble: Trouble | null;
}

/** Posts a request's card, or edits it to show the request as it is. Slack's trouble is a part of the result. */
export async function publishCard(deps: CardDeps, request: Request): Promise<CardState> {
  const { channel, ts } = request.card;
  if (ts === null) return postFirst(deps, request);
  const place = { channel, ts };
  if (request.cardVersion >= request.version) return { place, isGone: false, trouble: null };
  const edited = await tryInSlack(() => editMessage(deps.slack, place, drawCard(deps, request)));
  if (!edited.ok) return { place, isGone: false, trouble: edited.trouble };
  if (edited.value) return { place, isGone: false, trouble: null };
  // A card that is decided tells nobody what to do: it is not posted again, and its thread goes on if it can.
  if (request.status !== "pending") {
    const thread = await tryInSlack(() => hasThread(deps.slack, place));
    if (!thread.ok) return { place, isGone: false, trouble: thread.trouble };
    return { place, isGone: !thread.value, trouble: null };
  }
  // The request is another version now: it is published in the next round.
  await replaceCard(deps.db, request, {
    channel: deps.policy.current().approvalsChannel,
    why: "deleted",
    at: deps.now(),
  });
  return { place: null, isGone: false, trouble: null };
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
async function postFirst(deps: CardDeps, request: Request): Promise<CardState> {
  const { channel, attemptedAt } = request.card;
  const posted = await post(deps, request, channel, attemptedAt);
  if (posted.ok) return { place: posted.value, isGone: false, trouble: null };
  const now = deps.policy.current().approvalsChannel;
  const canMove = isChannelTrouble(posted.trouble.code) && now !== channel;
  if (!canMove || !(await moveCard(deps.db, request.id, channel, now)))
    return { place: null, isGone: false, trouble: posted.trouble };
  deps.log.info({ requestId: request.id, from: channel, to: now }, "card goes to another channel");
  const moved = await post(deps, request, now, null);
  return moved.ok
    ? { place: moved.value, isGone: false, trouble: null }
    : { place: null, isGone: false, trouble: moved.trouble };
}

/** One that was attempted before is looked for first. */
function post(
  deps: CardDeps,
  request: Request,
  channel: string,
  attemptedAt: number | null,
): Promise<Tried<MessagePlace>> {
  const { db, slack, now } = deps;
  return tryInSlack(async () => {
    const card = drawCard(deps, request);
    const found = attemptedAt === null ? null : await findInChannel(slack, channel, request.id, attemptedAt);
    if (found !== null) {
      await markCardPosted(db, request.id, channel, found, 0);
      await editMessage(slack, { channel, ts: found }, card);
      return { channel, ts: found };
    }
    await markCardAttempted(db, request.id, now());
    const posted = await postMessage(slack, channel, card, request.id);
    await markCardPosted(db, request.id, posted.channel, posted.ts, request.version);
    return posted;
  });
}

/**
 * More than mostly wait at once; what is left is looked at when these are decided. At two sweeps a minute it stays
 * under Slack's 50 calls of conversations.history.
 */
const MAX_WATCHED = 20;

/**
 * Looks whether the cards of pending requests are still there for somebody to decide on, and replaces those that
 * are not: deleted ones, and those in a channel that can't be written to any more where the policy names another.
 * @returns the requests whose cards are to be posted anew. What Slack does not tell now is asked at the next sweep.
 */
export async function replaceLostCards(deps: CardDeps): Promise<Request[]> {
  const replaced: Request[] = [];
  for (const request of await readPendingCards(deps.db, MAX_WATCHED)) {
    const channel = deps.policy.current().approvalsChannel;
    const lost = await tryInSlack(() => whyLost(deps, request, channel));
    // Slack has other trouble than with this one card: the others are asked for at the next sweep.
    if (!lost.ok && !isChannelTrouble(lost.trouble.code)) break;
    const why = lost.ok ? lost.value : null;
    if (why === null) continue;
    const anew = await replaceCard(deps.db, request, { channel, why, at: deps.now() });
    if (anew === null) continue;
    deps.log.warn({ requestId: request.id, why }, "card is gone, it is posted anew");
    replaced.push(anew);
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
  if (isChannelTrouble(edited.trouble.code)) return edited.trouble.code;
  throw edited.trouble.error;
}
