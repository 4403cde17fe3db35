import { BOT } from "../audit/append.ts";
import { slackTroubleOf } from "../slack/clients.ts";
import type { Db } from "../store/open.ts";
import { changeRequest } from "../requests/change.ts";
import type { Lease } from "../requests/lease.ts";
import { fromRow, type Request } from "../requests/request.ts";

/** What Slack did not take, and why. */
export interface DeliveryFailure {
  code: string;
  error: unknown;
}

export type Tried<T> = { ok: true; value: T } | { ok: false; failure: DeliveryFailure };

/** Does something in Slack; its trouble is a result, as the next message may go through. Other errors are thrown. */
export async function tryInSlack<T>(work: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const code = slackTroubleOf(error);
    if (code === null) throw error;
    return { ok: false, failure: { code, error } };
  }
}

/**
 * Writes down what keeps a request's messages from Slack and when they are tried again, and gives the lease back. When
 * it begins it is recorded; that it goes on, or is of another kind by now, is not.
 */
export async function recordDeliveryFailure(
  { request, release }: Lease,
  code: string,
  at: number,
): Promise<void> {
  const since = request.deliveryFailure?.since ?? at;
  await release({
    set: { trouble: code, trouble_since: since, publishing_due: at + retryAfterMs(at - since) },
    ...(request.deliveryFailure === undefined
      ? { event: "messages.trouble", actor: BOT, data: { code } }
      : {}),
  });
}

/** Soon at first, then less and less often; what lasts ten minutes waits for a person to fix it. */
function retryAfterMs(lastedMs: number): number {
  return lastedMs > 10 * 60_000 ? 150_000 : Math.min(Math.max(lastedMs, 1000), 30_000);
}

/**
 * Gives the lease back if the card shows the request as it is; if there was trouble, it is over, and that is recorded.
 * @returns false when the request changed meanwhile: there is more to post.
 */
export async function finishPublishing({ request, release }: Lease): Promise<boolean> {
  const { version, deliveryFailure, card } = request;
  const released = await release({
    where: (eb) => eb("version", "=", version),
    set: { card_version: version, trouble: null, trouble_since: null, publishing_due: null },
    ...(deliveryFailure === undefined
      ? {}
      : {
          event: "messages.recovered",
          actor: BOT,
          data: { code: deliveryFailure.code, since: deliveryFailure.since, card_channel: card.channel },
        }),
  });
  return released !== null;
}

/** A card that was never posted goes to another channel. @returns false when it is there, or goes elsewhere, by now. */
export async function moveCard(db: Db, id: string, from: string, to: string, at: number): Promise<boolean> {
  const moved = await changeRequest(db, {
    id,
    at,
    isShown: false,
    where: (eb) => eb.and([eb("card_channel", "=", from), eb("card_ts", "is", null)]),
    set: { card_channel: to, card_attempted_at: null },
  });
  return moved !== null;
}

/**
 * The card of a pending request is gone and no one can decide it, so another is posted in `channel`, with the
 * evidence in its thread and a link for the requester.
 * @returns the request, or null when it is decided or its card is another one by now.
 */
export function replaceCard(
  db: Db,
  { id, card, version, evidence }: Pick<Request, "id" | "card" | "version" | "evidence">,
  { channel, why, at }: { channel: string; why: string; at: number },
): Promise<Request | null> {
  return changeRequest(db, {
    id,
    at,
    where: (eb) => eb.and([eb("status", "=", "pending"), eb("card_ts", "=", card.ts)]),
    set: { card_channel: channel, card_ts: null, card_attempted_at: null },
    event: "card.replaced",
    actor: BOT,
    data: { why, from: card.channel, to: channel },
    posts: [
      ...(evidence === null
        ? []
        : [{ key: `evidence:${version}`, surface: "thread", data: { kind: "evidence" } } as const]),
      { key: `card-there:${version}`, surface: "dm", data: { kind: "card-there", isAnew: true } },
    ],
  });
}

/** Pending requests with a card, the oldest first. */
export async function readPendingCards(db: Db, limit: number): Promise<Request[]> {
  const rows = await db
    .selectFrom("requests")
    .selectAll()
    .where("status", "=", "pending")
    .where("card_ts", "is not", null)
    .orderBy("created_at")
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}
