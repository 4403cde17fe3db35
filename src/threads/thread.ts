import type { Expression, ExpressionBuilder, Selectable, SqlBool, Transaction } from "kysely";

import type { Db } from "../store/open.ts";
import type { Database, ThreadRepliesTable, ThreadsTable } from "../store/schema.ts";

/**
 * A thread in Slack that is not a request's. Its messages are written in the transaction of what they tell of, and
 * posted later, each once: see publish.ts.
 */
export interface Thread {
  /** Of what it is about: an incident's or a watch's id; of a notice, see incidents/trouble.ts. */
  id: string;
  kind: ThreadKind;
  /** `ts` is null before the first message is posted. */
  place: { channel: string; ts: string | null; attemptedAt: number | null };
  /** Of the reply that is kept current since somebody deleted the first message; null: that is there. */
  headTs: string | null;
  version: number;
  shownVersion: number;
  /** What keeps its messages from Slack, and since when; null when nothing does. */
  trouble: { code: string; since: number } | null;
  /** Token of the lease on it. */
  fence: number;
}

/** Who draws its messages: each kind names its drawer in app.ts. */
export type ThreadKind = "incident" | "watch" | "notice";

/** A message in a thread, as plain data: its drawer turns it into words when it is posted. */
export interface NewReply {
  /** Names the message within its thread: the same one is written once. */
  key: string;
  data: unknown;
}

export interface Reply extends NewReply {
  seq: number;
  version: number;
  shownVersion: number;
  attemptedAt: number | null;
  ts: string | null;
}

type Trx = Transaction<Database>;

/** Begins a thread with its head message, in the transaction that makes what it is about. */
export async function createThread(
  trx: Trx,
  { id, kind, channel, at }: { id: string; kind: ThreadKind; channel: string; at: number },
  replies: readonly NewReply[] = [],
): Promise<void> {
  await trx
    .insertInto("threads")
    .values({ id, kind, channel, version: 1, shown_version: 0, created_at: at })
    .execute();
  await addReplies(trx, id, at, replies);
}

/** The head is to be drawn again, and these replies follow, in the transaction of what they tell of. */
export async function changeThread(
  trx: Trx,
  id: string,
  at: number,
  replies: readonly NewReply[] = [],
): Promise<void> {
  await trx
    .updateTable("threads")
    .set((eb) => ({ version: eb("version", "+", 1) }))
    .where("id", "=", id)
    .execute();
  await addReplies(trx, id, at, replies);
}

async function addReplies(
  trx: Trx,
  threadId: string,
  at: number,
  replies: readonly NewReply[],
): Promise<void> {
  if (replies.length === 0) return;
  await trx
    .insertInto("thread_replies")
    .values(
      replies.map(({ key, data }) => ({
        thread_id: threadId,
        key,
        data: JSON.stringify(data),
        version: 1,
        shown_version: 0,
        created_at: at,
      })),
    )
    .onConflict((conflict) => conflict.columns(["thread_id", "key"]).doNothing())
    .execute();
}

/** Has a reply say something else; one that is not posted yet is posted like this. */
export async function changeReply(trx: Trx, threadId: string, { key, data }: NewReply): Promise<void> {
  await trx
    .updateTable("thread_replies")
    .set((eb) => ({ data: JSON.stringify(data), version: eb("version", "+", 1) }))
    .where("thread_id", "=", threadId)
    .where("key", "=", key)
    .execute();
}

/** What a reply says by now; null: there is none of this key. */
export async function readReply(trx: Trx, threadId: string, key: string): Promise<unknown> {
  const row = await trx
    .selectFrom("thread_replies")
    .select("data")
    .where("thread_id", "=", threadId)
    .where("key", "=", key)
    .executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.data) as unknown);
}

/** The thread of this id, or null. */
export async function readThread(db: Db, id: string): Promise<Thread | null> {
  const row = await db.selectFrom("threads").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : threadOf(row);
}

/** Its replies that Slack does not show, or shows as they were before, in order. */
export async function readUnshown(db: Db, threadId: string): Promise<Reply[]> {
  const rows = await db
    .selectFrom("thread_replies")
    .selectAll()
    .where("thread_id", "=", threadId)
    .whereRef("shown_version", "<", "version")
    .orderBy("seq")
    .execute();
  return rows.map(replyOf);
}

/** A condition on a thread's row. */
export type ThreadCondition = (eb: ExpressionBuilder<Database, "threads">) => Expression<SqlBool>;

export function threadOf(row: Selectable<ThreadsTable>): Thread {
  return {
    id: row.id,
    kind: row.kind as ThreadKind,
    place: { channel: row.channel, ts: row.ts, attemptedAt: row.attempted_at },
    headTs: row.head_ts,
    version: row.version,
    shownVersion: row.shown_version,
    trouble:
      row.trouble === null || row.trouble_since === null
        ? null
        : { code: row.trouble, since: row.trouble_since },
    fence: row.publishing_fence,
  };
}

function replyOf(row: Selectable<ThreadRepliesTable>): Reply {
  return {
    seq: row.seq,
    key: row.key,
    data: JSON.parse(row.data) as unknown,
    version: row.version,
    shownVersion: row.shown_version,
    attemptedAt: row.attempted_at,
    ts: row.ts,
  };
}
