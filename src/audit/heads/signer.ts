import { setTimeout as sleep } from "node:timers/promises";

import { type Kysely, sql } from "kysely";

import type { Log } from "../../log/log.ts";
import { clockOf } from "../../store/clock.ts";
import type { Database } from "../../store/schema.ts";
import { appendAudit, BOT } from "../append.ts";
import { type ChainedRow, hashRow, isNext, type Link, START } from "../chain.ts";
import { CHECKPOINT, SIGNED } from "../events.ts";
import { readBatches } from "../read.ts";
import { readNewest } from "../search.ts";
import {
  checkSignature,
  headLine,
  headText,
  parseHead,
  parseVerifierKey,
  type SignedHead,
  type SigningKey,
} from "./note.ts";

/** After so many rows the end of the record is signed. */
export const SIGN_EVERY = 100;

interface SignerDeps {
  db: Kysely<Database>;
  log: Log;
  now(): number;
  key: SigningKey;
  /** To the approvals channel. @returns whether Slack took it. */
  tell(news: HeadNews): Promise<boolean>;
}

/** What the approvals channel reads: once a day where the record ends, or at once that it is broken. */
export type HeadNews = { kind: "head"; seq: number; line: string } | { kind: "broken"; seq: number };

export interface Signer {
  /** Signs the end of the record, and from then on whenever it has grown. Never rejects. */
  start(): Promise<void>;
  /** Signs it once more. */
  stop(): Promise<void>;
}

/** A database that takes nothing is told of once a minute. */
const AFTER_ERROR_MS = 60_000;
const LOOK_MS = 1000;
const TELL_LOOK_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;
const TELL_AGAIN_MS = 10 * 60_000;

/** The record no longer goes on where it was signed last. */
class BrokenError extends Error {
  override readonly name = "BrokenError";
  readonly seq: number;
  constructor(seq: number) {
    super(`the record is broken at row ${seq}`);
    this.seq = seq;
  }
}

/**
 * Signs the end of the record, as a row of the record itself: so it goes wherever the record goes. Before each signature
 * all rows since the one before are checked, and what does not follow from it is not signed: this process knows where
 * the record was, whatever the database says by now.
 */
export function createSigner({ db, log, now, key, tell }: SignerDeps): Signer {
  const keys = [parseVerifierKey(key.publicKey)];
  const stopping = new AbortController();
  const { signal } = stopping;
  /** As far as this process has checked; undefined before it began. */
  let checked: Link | undefined;
  let signedAt = 0;
  let tellAt = 0;
  let isBroken = false;
  let telling: Promise<unknown> | undefined;
  let running: Promise<void> | undefined;

  /** What was signed by this key before is where it begins; otherwise it is the first row. */
  async function findStart(): Promise<Link> {
    const row = await readSigned(db);
    if (row === undefined) return START;
    const head = headOf(row);
    const seen = head === null ? "bad" : checkSignature(head, keys);
    // By another key: all of it is checked once more.
    if (seen === "unknown") return START;
    if (seen === "bad" || head?.head.hash !== row.prev_hash || hashRow(row) !== row.hash)
      throw new BrokenError(row.seq);
    signedAt = row.seq;
    return { seq: row.seq, hash: row.hash };
  }

  /** Signs when there is something new, and at least `after` rows of it. */
  async function sign(after: number): Promise<void> {
    checked ??= await findStart();
    // Most of it without holding up those who write.
    checked = await follow(db, checked);
    const from = checked;
    checked = await db.transaction().execute(async (trx) => {
      // The head is ours until the end: nobody appends between the check and the signature.
      const head = await trx
        .updateTable("audit_head")
        .set({ id: 1 })
        .where("id", "=", 1)
        .returning(["seq", "hash"])
        .executeTakeFirstOrThrow();
      const end = await follow(trx, from);
      if (end.seq !== head.seq) throw new BrokenError(Math.min(end.seq, head.seq) + 1);
      if (end.hash !== head.hash) throw new BrokenError(end.seq);
      const last = await readSigned(trx);
      // Another replica may have been at it.
      signedAt = last === undefined || !isOurs(last) ? 0 : last.seq;
      if (head.seq - signedAt < Math.max(after, 1)) return end;
      const at = now();
      const note = key.sign(headText(key.name, head, new Date(at).toISOString()));
      const link = await appendAudit(trx, { at, actor: BOT, event: SIGNED, data: { note } });
      signedAt = link.seq;
      return link;
    });
  }

  function isOurs(row: ChainedRow): boolean {
    const head = headOf(row);
    return head !== null && checkSignature(head, keys) === "good";
  }

  async function attempt(after: number): Promise<void> {
    if (isBroken) return;
    try {
      await sign(after);
    } catch (error) {
      if (!(error instanceof BrokenError)) throw error;
      isBroken = true;
      const { seq } = error;
      const next = "npm run audit -- verify, then see the runbook";
      log.error({ seq, next }, "the record does not go on where it was signed last: nothing more is signed");
      // Nobody waits for Slack to start or to stop.
      telling = tell({ kind: "broken", seq });
    }
  }

  /** Once a day, by one of all replicas. A record that nobody signs is not told of, which is a sign as well. */
  async function tellDaily(): Promise<void> {
    const claimed = await claimTelling(db, now());
    if (!claimed || isBroken) return;
    let isTold = false;
    try {
      await attempt(1);
      const row = await readSigned(db);
      const head = row === undefined ? null : headOf(row);
      isTold = head !== null && (await tell({ kind: "head", seq: head.head.seq, line: headLine(head) }));
    } finally {
      if (!isTold) await postponeTelling(db, now());
    }
  }

  async function attemptQuietly(after: number): Promise<void> {
    await attempt(after).catch((err: unknown) => log.error({ err }, "the record could not be signed"));
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      let pauseMs = LOOK_MS;
      try {
        if ((await readNewest(db)) - signedAt >= SIGN_EVERY) await attempt(SIGN_EVERY);
        if (now() >= tellAt) await tellDaily();
        tellAt = Math.max(tellAt, now() + TELL_LOOK_MS);
      } catch (error) {
        if (!signal.aborted) log.error({ err: error }, "the record could not be signed");
        pauseMs = AFTER_ERROR_MS;
      }
      // Aborted when the bot stops: the loop ends by itself.
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  return {
    async start() {
      await attemptQuietly(1);
      running = run();
    },
    async stop() {
      stopping.abort();
      await running;
      await attemptQuietly(1);
      await telling;
    },
  };
}

/** @throws BrokenError that names the first row which does not follow. */
async function follow(db: Kysely<Database>, from: Link): Promise<Link> {
  let last = from;
  let isFirst = true;
  for await (const batch of readBatches(db, { from: from.seq + 1 }))
    for (const row of batch) {
      // What was before it is in an archive.
      if (isFirst && row.seq > last.seq + 1 && row.event === CHECKPOINT)
        last = { seq: row.seq - 1, hash: row.prev_hash };
      if (!isNext(row, last)) throw new BrokenError(last.seq + 1);
      last = { seq: row.seq, hash: row.hash };
      isFirst = false;
    }
  return last;
}

/** The newest row that holds a signature. */
async function readSigned(db: Kysely<Database>): Promise<ChainedRow | undefined> {
  return (
    db
      .selectFrom("audit")
      .selectAll()
      // Written out, so that SQLite sees which index it may take.
      .where("event", "=", sql.lit(SIGNED))
      .orderBy("seq", "desc")
      .limit(1)
      .executeTakeFirst()
  );
}

/** The signed head that a row holds, about the row before it; null where it holds none. */
export function headOf({ seq, data }: Pick<ChainedRow, "seq" | "data">): SignedHead | null {
  try {
    const { note } = JSON.parse(data) as { note?: unknown };
    const head = typeof note === "string" ? parseHead(note) : null;
    return head?.head.seq === seq - 1 ? head : null;
  } catch {
    return null;
  }
}

const NAME = "head-told";

/** @returns whether it is this process that tells it today; on the first day nobody does. */
async function claimTelling(db: Kysely<Database>, now: number): Promise<boolean> {
  const at = clockOf(db, now);
  await db
    .insertInto("switches")
    .values({ name: NAME, data: "{}", at })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  const row = await db
    .updateTable("switches")
    .set({ at })
    .where("name", "=", NAME)
    .where("at", "<=", clockOf(db, now, -DAY_MS))
    .returning("name")
    .executeTakeFirst();
  return row !== undefined;
}

async function postponeTelling(db: Kysely<Database>, now: number): Promise<void> {
  const at = clockOf(db, now, TELL_AGAIN_MS - DAY_MS);
  await db.updateTable("switches").set({ at }).where("name", "=", NAME).execute();
}
