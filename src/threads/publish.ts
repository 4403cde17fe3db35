import type { WebClient } from "@slack/web-api";
import { type UpdateObject, expressionBuilder, sql } from "kysely";

import type { Log } from "../log/log.ts";
import type { DeliveryFailure } from "../outbox/delivery-failure.ts";
import { OWN_TROUBLE } from "../slack-trouble.ts";
import { slackTroubleOf } from "../slack/clients.ts";
import {
  editMessage,
  findInChannel,
  findInThread,
  hasThread,
  postMessage,
  type MessagePlace,
} from "../slack/messages.ts";
import { clockOf } from "../store/clock.ts";
import type { Db } from "../store/open.ts";
import type { Database } from "../store/schema.ts";
import { message, section, type Message } from "../views/blocks.ts";
import {
  readThread,
  readUnshown,
  threadOf,
  type Reply,
  type Thread,
  type ThreadCondition,
  type ThreadKind,
} from "./thread.ts";

/** What draws one kind of thread. Both read what is in the database when they are asked. */
export interface ThreadDrawer {
  /** `isInstead`: it is a reply, in the place of a first message that was deleted. */
  head(thread: Thread, isInstead: boolean): Promise<Message>;
  reply(thread: Thread, data: unknown): Promise<Message>;
  /** Why nothing may be posted in its channel now (a code as Slack's); null when it may. */
  refuse?(thread: Thread): Promise<string | null>;
  /** Its messages are kept from Slack since then: called at every try, so that what it does it does once. */
  tellTrouble?(thread: Thread, trouble: { code: string; since: number }): Promise<void>;
  /** They are there again: called before that is written down, perhaps twice. */
  tellRecovery?(thread: Thread, trouble: { code: string; since: number }): Promise<void>;
}

export interface ThreadDeps {
  db: Db;
  slack: WebClient;
  log: Log;
  now(): number;
  drawers: Readonly<Partial<Record<ThreadKind, ThreadDrawer>>>;
}

/** As with requests: how long a dead replica's lease outlives it. */
const LEASE_MS = 30_000;

/** A reply that could not be drawn for so long, tried ever less often, gives way to those after it. */
const GIVE_UP_MS = 60_000;

const UNDRAWABLE = "⚠️ zt-bot can't show this message. The zt-bot administrator finds the reason in the log.";

/**
 * Brings a thread in Slack up to date: its head, then its replies in order, each once. Every message is noted as
 * attempted before it is posted, and one that was attempted before is first looked for by its metadata. A head that
 * somebody deleted is posted again: as a reply that the channel shows too where the thread goes on, else in a new thread.
 * A reply that can't be drawn is named in its place after a while, so that the thread goes on.
 * @returns false when another replica is at it.
 * @throws what went wrong, written down with when it is tried again.
 */
export async function publishThread(deps: ThreadDeps, id: string): Promise<boolean> {
  for (;;) {
    const lease = await takeThread(deps, id);
    if (lease === null) return false;
    const { change } = lease;
    const failure = await publishRound(deps, lease).catch(failureOf);
    if (failure !== null) {
      const since = (await readTroubleAs(deps.db, id, failure.code)) ?? deps.now();
      await change({
        publishing_until: null,
        publishing_due: deps.now() + retryAfterMs(deps.now() - since),
        trouble: failure.code,
        trouble_since: since,
      });
      await tell(deps, lease.thread, (drawer, thread) =>
        drawer.tellTrouble?.(thread, { code: failure.code, since }),
      );
      throw failure.error;
    }
    const { trouble } = lease.thread;
    if (trouble !== null)
      await tell(deps, lease.thread, (drawer, thread) => drawer.tellRecovery?.(thread, trouble));
    const isOver = await change({
      publishing_until: null,
      publishing_due: null,
      trouble: null,
      trouble_since: null,
    });
    if (!isOver || !(await hasUnshown(deps.db, id))) return true;
  }
}

/** What can't be told of trouble is tried again with the messages themselves. */
async function tell(
  { drawers, log }: ThreadDeps,
  thread: Thread,
  telling: (drawer: ThreadDrawer, thread: Thread) => Promise<void> | undefined,
): Promise<void> {
  const drawer = drawers[thread.kind];
  if (drawer === undefined) return;
  try {
    await telling(drawer, thread);
  } catch (error) {
    log.warn({ err: error, threadId: thread.id }, "trouble with a thread could not be told");
  }
}

function failureOf(error: unknown): DeliveryFailure {
  return { code: slackTroubleOf(error) ?? OWN_TROUBLE, error };
}

/** @returns since when there is trouble of the same origin, Slack's or our own. */
async function readTroubleAs(db: Db, id: string, code: string): Promise<number | null> {
  const trouble = (await readThread(db, id))?.trouble ?? null;
  return trouble !== null && (trouble.code === OWN_TROUBLE) === (code === OWN_TROUBLE) ? trouble.since : null;
}

interface ThreadLease {
  thread: Thread;
  /** Writes under the lease, and renews it. @returns false when it is lost: nothing is written. */
  change(set: UpdateObject<Database, "threads">): Promise<boolean>;
}

async function takeThread({ db, now }: ThreadDeps, id: string): Promise<ThreadLease | null> {
  const row = await db
    .updateTable("threads")
    .set({
      publishing_until: clockOf(db, now(), LEASE_MS),
      publishing_fence: sql<number>`publishing_fence + 1`,
    })
    .where("id", "=", id)
    .where(isFree(db, now()))
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return null;
  const thread = threadOf(row);
  return {
    thread,
    async change(set) {
      const { numUpdatedRows } = await db
        .updateTable("threads")
        .set({ publishing_until: clockOf(db, now(), LEASE_MS), ...set })
        .where("id", "=", id)
        .where("publishing_fence", "=", thread.fence)
        .where("publishing_until", "is not", null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
  };
}

function isFree(db: Db, now: number): ReturnType<ThreadCondition> {
  const eb = expressionBuilder<Database, "threads">();
  return eb.or([eb("publishing_until", "is", null), eb("publishing_until", "<", clockOf(db, now))]);
}

/** @returns what keeps messages back, or null when all is shown or the lease is lost. @throws what Slack does not take */
async function publishRound(deps: ThreadDeps, lease: ThreadLease): Promise<DeliveryFailure | null> {
  const { db, drawers } = deps;
  const thread = (await readThread(db, lease.thread.id)) ?? lease.thread;
  const replies = await readUnshown(db, thread.id);
  const drawer = drawers[thread.kind];
  if (drawer === undefined) throw new Error(`nothing draws threads of the kind ${thread.kind}`);
  const refused = (await drawer.refuse?.(thread)) ?? null;
  if (refused !== null) return { code: refused, error: new Error(`the channel is refused: ${refused}`) };
  const { channel, ts } = thread.place;
  let headFailure: DeliveryFailure | null = null;
  const place = await publishHead(deps, lease, thread, drawer).catch((error: unknown) => {
    headFailure = failureOf(error);
    // One that stays as it was keeps nothing back.
    if (ts === null || headFailure.code !== OWN_TROUBLE) throw error;
    return { channel, ts };
  });
  if (place === null) return null;
  for (const reply of replies) {
    // Drawing may read elsewhere: whether the lease still holds is asked after it.
    const drawn = await drawReply(deps, thread, drawer, reply);
    if (!(await lease.change({}))) return null;
    await publishReply(deps, place, reply, drawn, thread.id);
  }
  return headFailure;
}

/** @throws what keeps it from being drawn, until that has lasted too long. */
async function drawReply(
  { db, log, now }: ThreadDeps,
  thread: Thread,
  drawer: ThreadDrawer,
  reply: Reply,
): Promise<Message> {
  try {
    return await drawer.reply(thread, reply.data);
  } catch (error) {
    const since = await readTroubleAs(db, thread.id, OWN_TROUBLE);
    const isOurs = slackTroubleOf(error) === null;
    if (!isOurs || since === null || now() - since < GIVE_UP_MS) throw error;
    log.error(
      { err: error, threadId: thread.id, reply: reply.key },
      "a message can't be drawn, it is left out",
    );
    return message(UNDRAWABLE, section(UNDRAWABLE));
  }
}

/** @returns where the thread is; null when the lease is lost. */
async function publishHead(
  deps: ThreadDeps,
  lease: ThreadLease,
  { id, place: { channel, ts, attemptedAt }, headTs, version, shownVersion }: Thread,
  drawer: ThreadDrawer,
): Promise<MessagePlace | null> {
  const { slack, db, now } = deps;
  if (ts !== null && shownVersion >= version) return { channel, ts };
  const thread = (await readThread(db, id)) ?? lease.thread;
  const head = await drawer.head(thread, headTs !== null);
  if (ts !== null) {
    const place = { channel, ts };
    if (await editMessage(slack, { channel, ts: headTs ?? ts }, head))
      return (await lease.change({ shown_version: version })) ? place : null;
    if (await hasThread(slack, place)) {
      deps.log.warn({ threadId: id }, "the head of a thread is gone, a reply stands for it");
      const shown = await publishInstead(deps, place, id, await drawer.head(thread, true));
      return (await lease.change({ head_ts: shown, shown_version: version })) ? place : null;
    }
    deps.log.warn({ threadId: id }, "the head of a thread is gone, it is posted again");
    if (!(await lease.change({ ts: null, head_ts: null, attempted_at: null }))) return null;
  }
  const first = headTs === null ? head : await drawer.head(thread, false);
  const found =
    ts !== null || attemptedAt === null ? null : await findInChannel(slack, channel, id, attemptedAt);
  if (found !== null) {
    await editMessage(slack, { channel, ts: found }, first);
    return (await lease.change({ ts: found, shown_version: version })) ? { channel, ts: found } : null;
  }
  if (!(await lease.change({ attempted_at: now() }))) return null;
  const posted = await postMessage(slack, channel, first, id);
  return (await lease.change({ ts: posted.ts, shown_version: version })) ? { channel, ts: posted.ts } : null;
}

/**
 * The head as a reply, which the channel shows as well: what was said in the thread stays with it. One that a process
 * posted before it died is found again. @returns where it is
 */
async function publishInstead(
  { slack }: ThreadDeps,
  place: MessagePlace,
  id: string,
  head: Message,
): Promise<string> {
  const messageId = `${id}:head`;
  const found = await findInThread(slack, place, messageId);
  if (found !== null && (await editMessage(slack, { channel: place.channel, ts: found }, head))) return found;
  const posted = await postMessage(slack, place.channel, head, messageId, place.ts, { isBroadcast: true });
  return posted.ts;
}

async function publishReply(
  { db, slack, now }: ThreadDeps,
  place: MessagePlace,
  { seq, key, version, attemptedAt, ts }: Reply,
  message: Message,
  threadId: string,
): Promise<void> {
  const shown = (set: { ts?: string }) =>
    db
      .updateTable("thread_replies")
      .set({ ...set, shown_version: version })
      .where("seq", "=", seq)
      .execute();
  if (ts !== null) {
    // One that somebody deleted stays away: the thread goes on.
    await editMessage(slack, { channel: place.channel, ts }, message);
    await shown({});
    return;
  }
  const messageId = `${threadId}:${key}`;
  const found = attemptedAt === null ? null : await findInThread(slack, place, messageId);
  if (found === null) {
    await db.updateTable("thread_replies").set({ attempted_at: now() }).where("seq", "=", seq).execute();
    const posted = await postMessage(slack, place.channel, message, messageId, place.ts);
    await shown({ ts: posted.ts });
    return;
  }
  await editMessage(slack, { channel: place.channel, ts: found }, message);
  await shown({ ts: found });
}

/** Soon at first, then ever less often. */
function retryAfterMs(lastedMs: number): number {
  return Math.min(Math.max(lastedMs, 1000), 150_000);
}

/** Threads with something to post and nobody at it, and which of them are due. */
export async function findUnshownThreads(db: Db, now: number): Promise<string[]> {
  const eb = expressionBuilder<Database, "threads">();
  const isDue = eb.or([eb("publishing_due", "is", null), eb("publishing_due", "<=", now)]);
  const [heads, replies] = await Promise.all([
    db
      .selectFrom("threads")
      .select("id")
      .whereRef("shown_version", "<", "version")
      .where(isFree(db, now))
      .where(isDue)
      .execute(),
    db
      .selectFrom("thread_replies")
      .innerJoin("threads", "threads.id", "thread_replies.thread_id")
      .select("threads.id")
      .distinct()
      .whereRef("thread_replies.shown_version", "<", "thread_replies.version")
      .where(isFree(db, now))
      .where(isDue)
      .execute(),
  ]);
  return [...new Set([...heads, ...replies].map(({ id }) => id))];
}

async function hasUnshown(db: Db, id: string): Promise<boolean> {
  const thread = await readThread(db, id);
  return thread !== null && (thread.shownVersion < thread.version || (await readUnshown(db, id)).length > 0);
}

/** A process that is alone on its database (SQLite) takes over at once what a dead one held. */
export async function releaseDeadThreads(db: Db): Promise<void> {
  await db
    .updateTable("threads")
    .set({ publishing_until: null })
    .where("publishing_until", "is not", null)
    .execute();
}
