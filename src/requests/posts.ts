import type { Kysely, Selectable, Transaction } from "kysely";

import type { Database, PostsTable } from "../store/schema.ts";
import type { Verification } from "../actions/define.ts";
import type { WatchNews } from "../watch/news.ts";
import type { Request, Held, Vote } from "./request.ts";

/** What a message in the request's thread tells; the view turns it into words when it is posted. */
/** Why someone may have to be kept out although their block is over. */
export interface Meanwhile {
  /** The newest request that revoked them since the block; null: none did. */
  revoked: { id: string; at: number } | null;
  /** Open incidents that they belong to. */
  incidents: string[];
}

export type PostData =
  /** Of those whom it revoked, and who are watched since. */
  | WatchNews
  /** `others`: what is known of those who come after the first, where several users are meant. */
  | { kind: "evidence"; others?: OthersSeen }
  /** Someone agreed, and more have to. */
  | ({ kind: "vote"; counting: number; quorum: number } & Vote)
  /** Who has not answered is mentioned; `missing` approvals are. Ids are Slack's, of people or of groups. */
  | { kind: "reminder"; at: number; expiresAt: number; asked: readonly string[]; missing: number }
  /** Further people may approve: `also`. `asked` are those before them who have not answered; no one where the policy
   * wants no reminders. */
  | {
      kind: "escalated";
      at: number;
      createdAt: number;
      expiresAt: number;
      also: readonly string[];
      asked: readonly string[];
      missing: number;
    }
  | { kind: "decision"; at: number }
  | { kind: "voided"; at: number }
  /** It is approved, and something keeps it from being carried out now. */
  | { kind: "held"; at: number; why: string; code?: Held["code"] }
  | { kind: "call-started"; at: number; call: string }
  | {
      kind: "call-accepted";
      at: number;
      call: string;
      cfRay: string | null;
      reconciled: boolean;
      isAgain?: true;
      wasSo?: true;
    }
  | { kind: "call-waiting"; at: number; call: string; why: string; retryAt: number; isUnknown: boolean }
  /** No answer is recorded: the process ended before or, as it knows itself, the database did not take it. */
  | { kind: "call-cut"; at: number; call: string; isUnrecorded?: true }
  | { kind: "verification"; verification: Verification }
  /** Of several users: the first is done, and so many others follow. */
  | { kind: "first-verified"; verification: Verification; others: number }
  | { kind: "stopped"; by: string; at: number }
  /** A page of those of several users for whom it failed; `from` counts them from 1. */
  | {
      kind: "failures";
      page: number;
      pages: number;
      from: number;
      total: number;
      failures: { email: string; why: string }[];
    }
  | { kind: "summary" }
  /** A block ends by itself, or no longer does; `was`: when an earlier one would have ended. It stays, as someone else put them on the list; has another end, by another request. */
  | { kind: "block-until"; until: number; was?: number }
  | { kind: "block-without-end"; was: number }
  | { kind: "block-stays"; until: number; isUnknown: boolean }
  | { kind: "block-replaced"; by: string; isUnblocked: boolean; until: number | null }
  /** It ended, and was verified; `wasSo`: they were off the list before. It is late; it was given up. */
  | { kind: "block-end"; at: number; wasSo: boolean; meanwhile?: Meanwhile }
  | { kind: "block-end-late"; at: number; why: string }
  | { kind: "block-end-failed"; at: number; why: string }
  /** Someone else has looked at what was done by break-glass. */
  | { kind: "reviewed" }
  /** No one has since then; who could is mentioned. Ids are Slack's, of people or of groups. */
  | { kind: "review-reminder"; at: number; since: number; asked: readonly string[] }
  /** As direct messages to a Slack user: that someone uses break-glass; what was said of it, to who did. */
  | { kind: "alone" | "alone-reviewed"; to: string }
  /** To an approver, as a direct message with buttons; and that this message is to show how the request stands now. */
  | { kind: "approver" | "approver-update"; to: string }
  /** Approvers are mentioned in the thread. Ids are Slack's, of people or of groups. */
  | { kind: "approvers"; asked: readonly string[] }
  /** The row in the database is not what the record says, where it differs; in the thread and in the channel. */
  | { kind: "unproven"; at: number; findings: readonly string[] }
  /** To the requester, as direct messages: how it ended; that the card can't be posted; that it is there. */
  | { kind: "outcome" }
  | { kind: "card-late" }
  | { kind: "card-there"; isAgain?: true };

/** Counts over users of whom only their row in the list of users was read. */
export interface OthersSeen {
  count: number;
  /** Who logged in within the last 24 hours. */
  recent: number;
  /** Their registered devices; null when Cloudflare does not say for all of them. */
  devices: number | null;
}

/** The key of a request's n-th reminder. */
export function reminderKey(nth: number): string {
  return `reminder-${nth}`;
}

/** The key of the n-th reminder that no one has reviewed what was done by break-glass. */
export function reviewReminderKey(nth: number): string {
  return `review-reminder-${nth}`;
}

/** The key of the direct message that asks an approver to decide. */
export function approverKey(userId: string): string {
  return `approver-${userId}`;
}

export interface NewPost {
  key: string;
  /** `channel`: the approvals channel itself, where everyone sees it. */
  surface: "thread" | "dm" | "channel";
  data: PostData;
}

export interface Post extends NewPost {
  seq: number;
  requestId: string;
  attemptedAt: number | null;
}

/** Whom a direct message is for, as a Slack user id. */
export function recipientOf({ data }: NewPost, { requesterId }: Pick<Request, "requesterId">): string {
  return "to" in data ? data.to : requesterId;
}

type Writer = Kysely<Database> | Transaction<Database>;

/** Writes messages to be posted, in the transaction of what they tell; one that is there already stays. */
export async function addPosts(
  db: Writer,
  requestId: string,
  at: number,
  posts: readonly NewPost[],
): Promise<void> {
  if (posts.length === 0) return;
  await db
    .insertInto("posts")
    .values(
      posts.map((post) => ({
        request_id: requestId,
        key: post.key,
        surface: post.surface,
        data: JSON.stringify(post.data),
        created_at: at,
        attempted_at: null,
        posted_at: null,
        channel: null,
        ts: null,
      })),
    )
    .onConflict((conflict) => conflict.columns(["request_id", "key"]).doNothing())
    .execute();
}

/**
 * Has the direct messages that asked approvers to decide show how the request stands: written in the transaction of what
 * they tell. `news` names it, and is told once. `only`: to these approvers; to all of them by default.
 */
export async function updateApprovers(
  db: Writer,
  requestId: string,
  { at, news, only }: { at: number; news: string; only?: readonly string[] },
): Promise<void> {
  const told = await readApproverMessages(db, requestId);
  const chosen = only === undefined ? told : told.filter(({ to }) => only.includes(to));
  await addPosts(
    db,
    requestId,
    at,
    chosen.map(({ to }) => ({
      key: `${approverKey(to)}:${news}`,
      surface: "dm",
      data: { kind: "approver-update", to },
    })),
  );
}

/** The direct messages that asked approvers to decide; `place`: null while it is not posted, or could not be. */
export async function readApproverMessages(
  db: Writer,
  requestId: string,
): Promise<{ to: string; place: { channel: string; ts: string } | null }[]> {
  const rows = await db
    .selectFrom("posts")
    .select(["key", "channel", "ts"])
    .where("request_id", "=", requestId)
    .where("key", "like", "approver-%")
    .orderBy("seq")
    .execute();
  return rows
    .filter(({ key }) => !key.includes(":"))
    .map(({ key, channel, ts }) => ({
      to: key.slice(approverKey("").length),
      place: channel && ts ? { channel, ts } : null,
    }));
}

/** The messages still to be posted, in order. */
export async function readUnposted(db: Kysely<Database>, requestId: string): Promise<Post[]> {
  const rows = await db
    .selectFrom("posts")
    .selectAll()
    .where("request_id", "=", requestId)
    .where("posted_at", "is", null)
    .orderBy("seq")
    .execute();
  return rows.map(fromRow);
}

function fromRow(row: Selectable<PostsTable>): Post {
  return {
    seq: row.seq,
    requestId: row.request_id,
    key: row.key,
    surface: row.surface,
    data: JSON.parse(row.data) as PostData,
    attemptedAt: row.attempted_at,
  };
}

/**
 * The message that a post takes the place of, so that retries in nine seconds are one message that is edited, and what
 * was expected is said where it was told.
 * @returns null when it is a message of its own, or the one before was never posted.
 */
export async function readPredecessor(
  db: Kysely<Database>,
  { requestId, key, seq, surface, data: { kind } }: Post,
): Promise<{ channel: string; ts: string } | null> {
  if (kind !== "call-waiting" && kind !== "expected") return null;
  const row = await db
    .selectFrom("posts")
    .select(["data", "channel", "ts"])
    .where("request_id", "=", requestId)
    .where("surface", "=", surface)
    .where("seq", "<", seq)
    .$if(kind === "expected", (query) => query.where("key", "=", key.replace("watch-expected-", "watch-")))
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined || !row.channel || !row.ts) return null;
  // A message of another kind may have come between two that wait.
  const isSame = kind === "expected" || (JSON.parse(row.data) as PostData).kind === kind;
  return isSame ? { channel: row.channel, ts: row.ts } : null;
}

/** Noted before posting: should the process die now, the next attempt first looks whether the message is there. null:
 * it was not posted for certain. */
export async function markAttempted(db: Kysely<Database>, seq: number, at: number | null): Promise<void> {
  await db.updateTable("posts").set({ attempted_at: at }).where("seq", "=", seq).execute();
}

export async function markPosted(
  db: Kysely<Database>,
  seq: number,
  at: number,
  channel: string,
  ts: string,
): Promise<void> {
  await db.updateTable("posts").set({ posted_at: at, channel, ts }).where("seq", "=", seq).execute();
}
