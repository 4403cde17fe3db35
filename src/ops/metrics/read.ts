import { z } from "zod";
import type { Kysely } from "kysely";

import { readLag, type Lag } from "../../audit/forward/lag.ts";
import { readLastVerify, type LastVerify } from "../../audit/last-verify.ts";
import { readNewest } from "../../audit/search.ts";
import type { AuditForward } from "../../config.ts";
import { readPause } from "../../requests/pause.ts";
import { STATUSES, type Held } from "../../requests/request.ts";
import type { Database } from "../../store/schema.ts";

type Reader = Kysely<Database>;

/** Why an approved request may be kept from going on. */
export const HELD: readonly Held["code"][] = ["paused", "target-busy", "unchecked", "copy-behind"];

interface OpenRequest {
  action: string;
  state: string;
  createdAt: number;
  held: Held["code"] | null;
}

/** Requests that are not over, by an index that holds no others; `queue`: how long (ms) each is due that no one is at. */
export async function openRequests(
  db: Reader,
  now: number,
): Promise<{ rows: OpenRequest[]; queue: number[] }> {
  const open = await db
    .selectFrom("requests")
    .select(["action", "status", "created_at", "held", "execution_due", "execution_until"])
    .where("status", "in", ["pending", "approved", "executing", "unknown"])
    .execute();
  const rows = open.map(({ action, status: state, created_at: createdAt, held }) => ({
    action,
    state,
    createdAt,
    held: heldCode(held),
  }));
  const queue = open.flatMap(({ status, held, execution_due: due, execution_until: until }) =>
    status !== "pending" && held === null && due !== null && due <= now && (until ?? 0) < now
      ? [now - due]
      : [],
  );
  return { rows, queue };
}

function heldCode(held: string | null): Held["code"] | null {
  if (held === null) return null;
  const { code } = JSON.parse(held) as Held;
  return HELD.includes(code) ? code : null;
}

/** Messages of requests and of other threads that are not in Slack, and since when the oldest is not. */
export async function outbox(db: Reader): Promise<{ count: number; since: number | null }> {
  const { fn } = db;
  const [posts, replies] = await Promise.all([
    db
      .selectFrom("posts")
      .select([fn.countAll().as("count"), fn.min("created_at").as("since")])
      .where("posted_at", "is", null)
      .executeTakeFirstOrThrow(),
    db
      .selectFrom("thread_replies")
      .select([fn.countAll().as("count"), fn.min("created_at").as("since")])
      .whereRef("shown_version", "<", "version")
      .executeTakeFirstOrThrow(),
  ]);
  const begins = [posts.since, replies.since].flatMap((since) => since ?? []);
  return {
    count: Number(posts.count) + Number(replies.count),
    since: begins.length === 0 ? null : Math.min(...begins.map(Number)),
  };
}

/** What else waits for people. `incidents`: the severity of each open one. */
export async function work(
  db: Reader,
): Promise<{ watches: number; unreviewed: number; incidents: number[]; isPaused: boolean }> {
  const { fn } = db;
  const [watches, unreviewed, incidents, pause] = await Promise.all([
    db
      .selectFrom("watches")
      .select(fn.countAll().as("count"))
      .where("state", "=", "active")
      .executeTakeFirstOrThrow(),
    db
      .selectFrom("requests")
      .select(fn.countAll().as("count"))
      .where("review_due", "is not", null)
      .executeTakeFirstOrThrow(),
    db.selectFrom("incidents").select("severity").where("status", "=", "open").execute(),
    readPause(db),
  ]);
  return {
    watches: Number(watches.count),
    unreviewed: Number(unreviewed.count),
    incidents: incidents.map(({ severity }) => severity).filter((severity) => severity >= 1 && severity <= 4),
    isPaused: pause !== null,
  };
}

/** The record: its length, its copy (null: there is none), and how it was found last (null: never verified). */
export async function record(
  db: Reader,
  auditForward: AuditForward | null,
  now: number,
): Promise<{ newest: number; lag: Lag | null; last: LastVerify | null }> {
  const [newest, lag, last] = await Promise.all([
    readNewest(db),
    auditForward === null ? null : readLag(db, auditForward, now),
    readLastVerify(db),
  ]);
  return { newest, lag, last };
}

interface RequestEvent {
  action: string;
  /** The state that the request came into. */
  state: string;
  at: number;
  createdAt: number;
  decidedAt: number | null;
  /** Of one that succeeded: it was seen to be done, and not only accepted. */
  isVerified: boolean;
}

/** So many at most in one scrape; the next one goes on. */
const MAX_EVENTS = 2000;
const EVENTS = ["request.created", ...STATUSES.map((status) => `request.${status}`)];

/** What the record tells of requests behind row `after`, up to row `upTo`. */
export async function eventsAfter(
  db: Reader,
  after: number,
): Promise<{ events: RequestEvent[]; upTo: number }> {
  const newest = await readNewest(db);
  const upTo = Math.min(newest, after + MAX_EVENTS);
  if (upTo <= after) return { events: [], upTo: after };
  const rows = await db
    .selectFrom("audit")
    .innerJoin("requests", "requests.id", "audit.request_id")
    .select([
      "audit.event",
      "audit.at",
      "audit.data",
      "requests.action",
      "requests.created_at",
      "requests.decided_at",
    ])
    .where("audit.seq", ">", after)
    .where("audit.seq", "<=", upTo)
    .where("audit.event", "in", EVENTS)
    .execute();
  const events = rows.map(({ event, at, data, action, created_at: createdAt, decided_at: decidedAt }) => ({
    action,
    state: event === "request.created" ? "pending" : event.slice("request.".length),
    at,
    createdAt,
    decidedAt,
    isVerified: event === "request.succeeded" && isVerified(data),
  }));
  return { events, upTo };
}

const Verified = z.object({ verification: z.object({ confirmed: z.literal(true) }) });

function isVerified(data: string): boolean {
  return Verified.safeParse(JSON.parse(data)).success;
}
