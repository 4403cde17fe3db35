import { expressionBuilder } from "kysely";

import { clockOf } from "../store/clock.ts";
import type { Db } from "../store/open.ts";
import type { Database } from "../store/schema.ts";

/** Ids of requests. */
export interface SweepWork {
  /** Approved or under way, due, and nobody is at it. */
  toExecute: string[];
  /** Approved or under way, and kept back: tried again when what kept them may be over. */
  held: string[];
  /** Pending past their deadline. */
  overdue: string[];
  /** Pending before their deadline, or done alone, and somebody who has not answered is to be reminded by now. */
  toNudge: string[];
  /** Pending, where some time ago nobody who could decide was active. */
  unattended: string[];
  /** With messages left to post and nobody at it. */
  unpublished: string[];
  /** Carried out, and their block ends by itself by now. */
  blocksToEnd: string[];
}

/** What is to be done. The indexes hold only such requests, however many there ever were. */
export async function findSweepWork(db: Db, now: number): Promise<SweepWork> {
  const [open, toReview, unpublished, blocksToEnd] = await Promise.all([
    db
      .selectFrom("requests")
      .select([
        "id",
        "status",
        "expires_at",
        "held",
        "nudge_at",
        "nobody_there_at",
        "execution_due",
        "execution_until",
      ])
      .where("status", "in", ["pending", "approved", "executing", "unknown"])
      .execute(),
    db
      .selectFrom("requests")
      .select("id")
      .where("review_due", "is not", null)
      .where("nudge_at", "<=", now)
      .execute(),
    findUnpublished(db, now),
    findBlocksToEnd(db, now),
  ]);
  const pending = open.filter((row) => row.status === "pending");
  const begun = open.filter((row) => row.status !== "pending" && (row.execution_until ?? 0) < now);
  const waiting = pending.filter((row) => row.expires_at > now);
  const idsOf = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id);
  return {
    toExecute: idsOf(begun.filter((row) => row.execution_due !== null && row.execution_due <= now)),
    held: idsOf(begun.filter((row) => row.held !== null)),
    overdue: idsOf(pending.filter((row) => row.expires_at <= now)),
    toNudge: [
      ...idsOf(waiting.filter((row) => row.nudge_at !== null && row.nudge_at <= now)),
      ...idsOf(toReview),
    ],
    unattended: idsOf(
      waiting.filter((row) => row.nobody_there_at !== null && row.nobody_there_at <= now - LOOK_AGAIN_MS),
    ),
    unpublished,
    blocksToEnd,
  };
}

/** How long a card may say that nobody is active before that is looked at again. */
export const LOOK_AGAIN_MS = 90_000;

async function findBlocksToEnd(db: Db, now: number): Promise<string[]> {
  const rows = await db
    .selectFrom("block_ends")
    .select("request_id")
    .where("state", "=", "open")
    .where("due_at", "<=", now)
    .execute();
  return rows.map(({ request_id }) => request_id);
}

/** Asked one after the other: with an OR of the two, neither database uses an index. */
async function findUnpublished(db: Db, now: number): Promise<string[]> {
  // What somebody is posting is told by them; a dead replica's right to it runs out.
  const eb = expressionBuilder<Database, "requests">();
  const isFree = eb.and([
    eb.or([eb("publishing_until", "is", null), eb("publishing_until", "<", clockOf(db, now))]),
    eb.or([eb("publishing_due", "is", null), eb("publishing_due", "<=", now)]),
  ]);
  const [behind, waiting] = await Promise.all([
    db.selectFrom("requests").select("id").whereRef("card_version", "<", "version").where(isFree).execute(),
    db
      .selectFrom("posts")
      .innerJoin("requests", "requests.id", "posts.request_id")
      .select("requests.id")
      .where("posts.posted_at", "is", null)
      .where(isFree)
      .execute(),
  ]);
  return [...new Set([...behind, ...waiting].map(({ id }) => id))];
}
