import { expressionBuilder } from "kysely";

import { clockOf } from "../store/clock.ts";
import type { Db } from "../store/open.ts";
import type { Database } from "../store/schema.ts";
import { readPause } from "./pause.ts";
import type { Held } from "./request.ts";

export interface Loose {
  /** Approved or under way, not running for all we know, and to be started. */
  toStart: { id: string; runs: number; decidedAt: number }[];
  /** Being carried out, since when (epoch milliseconds). */
  executing: { id: string; runs: number; startedAt: number }[];
  /** Pending past their deadline. */
  overdue: string[];
  /** Pending before their deadline, or done alone, and whoever has not answered is to be reminded by now. */
  toNudge: string[];
  /** Pending, where some time ago nobody who could decide was active. */
  unattended: string[];
  /** With messages left to post and nobody at it, and since when Slack does not take them (null where it was not tried). */
  unpublished: { id: string; troubleSince: number | null }[];
}

/** What the sweep looks for. The indexes hold only such requests, however many there ever were. */
export async function findLoose(db: Db, now: number): Promise<Loose> {
  const [isPaused, open, toReview, unpublished] = await Promise.all([
    readPause(db).then((pause) => pause !== null),
    db
      .selectFrom("requests")
      .select([
        "id",
        "status",
        "expires_at",
        "started_at",
        "held",
        "runs",
        "nudge_at",
        "nobody_there_at",
        "decided_at",
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
  ]);
  const waiting = open.filter((row) => row.status === "pending" && row.expires_at > now);
  return {
    toStart: open
      .filter((row) => row.status === "approved" || (row.status !== "pending" && row.held !== null))
      .filter((row) => !isPaused || codeOf(row.held) !== "paused")
      .map(({ id, runs, decided_at: decidedAt }) => ({ id, runs, decidedAt: decidedAt ?? now })),
    executing: open.flatMap((row) =>
      row.started_at === null ? [] : [{ id: row.id, runs: row.runs, startedAt: row.started_at }],
    ),
    overdue: open.filter((row) => row.status === "pending" && row.expires_at <= now).map((row) => row.id),
    toNudge: [...waiting.filter((row) => row.nudge_at !== null && row.nudge_at <= now), ...toReview].map(
      (row) => row.id,
    ),
    unattended: waiting
      .filter((row) => row.nobody_there_at !== null && row.nobody_there_at <= now - LOOK_AGAIN_MS)
      .map((row) => row.id),
    unpublished,
  };
}

/** How long a card may say that nobody is active before that is looked at again. */
const LOOK_AGAIN_MS = 90_000;

function codeOf(held: string | null): Held["code"] | null {
  return held === null ? null : (JSON.parse(held) as Held).code;
}

/** Asked one after the other: with an OR of the two, neither database uses an index. */
async function findUnpublished(db: Db, now: number): Promise<Loose["unpublished"]> {
  // What somebody is posting is told by them; a dead replica's right to it runs out.
  const eb = expressionBuilder<Database, "requests">();
  const isNobodyAtIt = eb.or([
    eb("publishing_until", "is", null),
    eb("publishing_until", "<", clockOf(db, now)),
  ]);
  const [behind, waiting] = await Promise.all([
    db
      .selectFrom("requests")
      .select(["id", "trouble_since"])
      .whereRef("card_version", "<", "version")
      .where(isNobodyAtIt)
      .execute(),
    db
      .selectFrom("posts")
      .innerJoin("requests", "requests.id", "posts.request_id")
      .select(["requests.id", "requests.trouble_since"])
      .where("posts.posted_at", "is", null)
      .where(isNobodyAtIt)
      .execute(),
  ]);
  const byId = new Map([...behind, ...waiting].map((row) => [row.id, row.trouble_since]));
  return Array.from(byId, ([id, troubleSince]) => ({ id, troubleSince }));
}
