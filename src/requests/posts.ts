import type { Kysely, Selectable, Transaction } from "kysely";

import type { Database, PostsTable } from "../store/schema.ts";
import type { Verification } from "./actions/define.ts";

/** What a message in the request's thread tells; the view turns it into words when it is posted. */
export type PostData =
  /** `others`: what is known of those who come after the first, where several users are meant. */
  | { kind: "evidence"; others?: OthersSeen }
  | { kind: "decision"; at: number }
  | { kind: "call-started"; at: number; call: string }
  | { kind: "call-accepted"; at: number; call: string; cfRay: string | null; reconciled: boolean }
  | { kind: "call-waiting"; at: number; call: string; why: string; retryAt: number; isUnknown: boolean }
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
  /** To the requester, as a direct message. */
  | { kind: "outcome" };

/** Counts over users of whom only their row in the list of users was read. */
export interface OthersSeen {
  count: number;
  /** Who logged in within the last 24 hours. */
  recent: number;
  /** Their registered devices; null when Cloudflare does not say for all of them. */
  devices: number | null;
}

export interface NewPost {
  key: string;
  surface: "thread" | "dm";
  data: PostData;
}

export interface Post extends NewPost {
  seq: number;
  requestId: string;
  attemptedAt: number | null;
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

/** Noted before posting: should the process die now, the next attempt first looks whether the message is there. */
export async function markAttempted(db: Kysely<Database>, seq: number, at: number): Promise<void> {
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
