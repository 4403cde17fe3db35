import { BOT } from "../audit/append.ts";
import { slackRetryAfterMs, slackTroubleOf } from "../slack/clients.ts";
import { describeSlackTrouble } from "../slack-trouble.ts";
import type { Db } from "../store/open.ts";
import { changeRequest } from "../requests/change.ts";
import type { Lease } from "../requests/lease.ts";
import { fromRowIfKnown, type Request } from "../requests/request.ts";

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

/** Trouble that passes by itself is recorded when it has lasted so long: a full minute of messages is no incident. */
const RECORDED_AFTER_MS = 30_000;

/**
 * Writes down what keeps a request's messages from Slack and when they are tried again, and gives the lease back. It is
 * recorded once: at once where a person has to fix it, otherwise when it has lasted half a minute.
 */
export async function recordDeliveryFailure(
  db: Db,
  { request, release }: Lease,
  { code, error }: DeliveryFailure,
  at: number,
): Promise<void> {
  const since = request.deliveryFailure?.since ?? at;
  const isDue = describeSlackTrouble(code).next !== null || at - since >= RECORDED_AFTER_MS;
  const isNews = isDue && !(request.deliveryFailure !== undefined && (await isRecorded(db, request.id)));
  const waitMs = slackRetryAfterMs(error) ?? retryAfterMs(at - since);
  await release({
    set: { trouble: code, trouble_since: since, publishing_due: at + Math.ceil(waitMs) },
    ...(isNews ? { event: "messages.trouble", actor: BOT, data: { code } } : {}),
  });
}

/** Whether the trouble that there is stands in the record. Asked under the lease, whose holder alone writes these rows. */
async function isRecorded(db: Db, requestId: string): Promise<boolean> {
  const newest = await db
    .selectFrom("audit")
    .select("event")
    .where("request_id", "=", requestId)
    .where("event", "in", ["messages.trouble", "messages.recovered"])
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return newest?.event === "messages.trouble";
}

/** Soon at first, then ever less often; what lasts ten minutes waits for a person to fix it. */
function retryAfterMs(lastedMs: number): number {
  return lastedMs > 10 * 60_000 ? 150_000 : Math.min(Math.max(lastedMs, 1000), 30_000);
}

/**
 * Gives the lease back if the card shows the request as it is; if trouble was recorded, so is its end.
 * @returns false when the request changed meanwhile: there is more to post.
 */
export async function finishPublishing(db: Db, { request, release }: Lease): Promise<boolean> {
  const { id, version, deliveryFailure, card } = request;
  const isNews = deliveryFailure !== undefined && (await isRecorded(db, id));
  const released = await release({
    where: (eb) => eb("version", "=", version),
    set: { card_version: version, trouble: null, trouble_since: null, publishing_due: null },
    ...(isNews
      ? {
          event: "messages.recovered",
          actor: BOT,
          data: { code: deliveryFailure.code, since: deliveryFailure.since, card_channel: card.channel },
        }
      : {}),
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
      { key: `card-there:${version}`, surface: "dm", data: { kind: "card-there", isAgain: true } },
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
  return rows.flatMap(fromRowIfKnown);
}
