import { appendAudit, BOT } from "../audit/append.ts";
import { slackTroubleOf } from "../slack/clients.ts";
import type { Db } from "../store/open.ts";
import { addPosts } from "./posts.ts";
import { fromRow, type Request } from "./request.ts";

/** What Slack did not take, and why. */
export interface Trouble {
  code: string;
  error: unknown;
}

export type Tried<T> = { ok: true; value: T } | { ok: false; trouble: Trouble };

/** Does something in Slack; its trouble is a result, as the next message may go through. Other errors are thrown. */
export async function tryInSlack<T>(work: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const code = slackTroubleOf(error);
    if (code === null) throw error;
    return { ok: false, trouble: { code, error } };
  }
}

/**
 * Writes down what keeps a request's messages from Slack, and gives the right to publish back. When it begins it is
 * recorded; that it goes on, or is of another kind by now, is not.
 */
export async function noteTrouble(db: Db, id: string, code: string, at: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const begun = await trx
      .updateTable("requests")
      .set({ trouble: code, trouble_since: at, publishing_until: null })
      .where("id", "=", id)
      .where("trouble", "is", null)
      .returning("team_id")
      .executeTakeFirst();
    if (begun === undefined) {
      await trx
        .updateTable("requests")
        .set({ trouble: code, publishing_until: null })
        .where("id", "=", id)
        .execute();
      return;
    }
    await appendAudit(trx, {
      at,
      teamId: begun.team_id,
      requestId: id,
      actor: BOT,
      event: "messages.trouble",
      data: { code },
    });
  });
}

/**
 * Gives the right to publish back if the card shows the request as it is; if there was trouble, it is over, and
 * that is recorded.
 * @returns false when the request changed meanwhile: there is more to post.
 */
export async function releasePublishing(
  db: Db,
  request: Pick<Request, "id" | "version" | "trouble">,
  at: number,
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const { id, version, trouble } = request;
    const row = await trx
      .updateTable("requests")
      .set({ publishing_until: null, card_version: version })
      .where("id", "=", id)
      .where("version", "=", version)
      .returning(["team_id", "card_channel"])
      .executeTakeFirst();
    if (row === undefined) return false;
    if (trouble === undefined) return true;
    const ended = await trx
      .updateTable("requests")
      .set({ trouble: null, trouble_since: null })
      .where("id", "=", id)
      .where("trouble", "is not", null)
      .returning("id")
      .executeTakeFirst();
    if (ended !== undefined) {
      await appendAudit(trx, {
        at,
        teamId: row.team_id,
        requestId: id,
        actor: BOT,
        event: "messages.recovered",
        data: { code: trouble.code, since: trouble.since, card_channel: row.card_channel },
      });
    }
    return true;
  });
}

/** A card that was never posted goes to another channel. @returns false when it is there, or goes elsewhere, by now. */
export async function moveCard(db: Db, id: string, from: string, to: string): Promise<boolean> {
  const row = await db
    .updateTable("requests")
    .set({ card_channel: to, card_attempted_at: null })
    .where("id", "=", id)
    .where("card_channel", "=", from)
    .where("card_ts", "is", null)
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * The card of a pending request is gone: nobody could decide it, so another one is posted in `channel`, with the
 * evidence in its thread and a link for who asked.
 * @returns the request, or null when it is decided or its card is another one by now.
 */
export async function replaceCard(
  db: Db,
  { id, card }: Pick<Request, "id" | "card">,
  { channel, why, at }: { channel: string; why: string; at: number },
): Promise<Request | null> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable("requests")
      .set((eb) => ({
        card_channel: channel,
        card_ts: null,
        card_attempted_at: null,
        version: eb("version", "+", 1),
      }))
      .where("id", "=", id)
      .where("status", "=", "pending")
      .where("card_ts", "=", card.ts)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return null;
    const request = fromRow(row);
    await appendAudit(trx, {
      at,
      teamId: request.teamId,
      requestId: id,
      actor: BOT,
      event: "card.replaced",
      data: { why, from: card.channel, to: channel },
    });
    await addPosts(trx, id, at, [
      ...(request.evidence === null
        ? []
        : [{ key: `evidence:${request.version}`, surface: "thread", data: { kind: "evidence" } } as const]),
      { key: `card-there:${request.version}`, surface: "dm", data: { kind: "card-there", isAnew: true } },
    ]);
    return request;
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
