import type { Kysely } from "kysely";

import type { Database } from "../store/schema.ts";
import { type Anchors, createAnchors } from "./anchors.ts";
import { type ChainedRow, isNext, type Link, START } from "./chain.ts";
import { type Break, diagnose, missing } from "./diagnose.ts";
import { CHECKPOINT } from "./events.ts";
import { readBatches } from "./read.ts";
import { readSeal, type Seal } from "./seal.ts";

/** Something that is to be said of the record: what is broken, or what was given and could not be compared. */
export interface Finding {
  isBroken: boolean;
  /** A sentence or more, for the person who looks into it. */
  text: string;
}

interface Seen {
  /** How many rows were checked, all of them fine. */
  rows: number;
  /** What rows say of archives. */
  seals: Seal[];
}

interface Whole extends Seen {
  ok: true;
  /** The first row there is: 1, or the checkpoint before which all was archived. */
  first: number;
  /** The end of the chain: noted down elsewhere, it proves later that nothing before it was rewritten. */
  head: Link;
}

interface Broken extends Seen, Break {
  ok: false;
}

export type Verdict = Whole | Broken;

interface VerifyOptions {
  /** Where archives end that were checked before: the record has to go on there, or to hold that row itself. */
  after?: Link;
  anchors?: Anchors;
  /** Called now and then with the number of rows checked so far. */
  onProgress?: (rows: number) => void;
}

/** Reads of one moment, whatever is written meanwhile. */
export function readSnapshot<T>(
  db: Kysely<Database>,
  read: (trx: Kysely<Database>) => Promise<T>,
): Promise<T> {
  return (
    db
      .transaction()
      // SQLite needs no more than the transaction for one snapshot, and its driver ignores these.
      .setIsolationLevel("repeatable read")
      .setAccessMode("read only")
      .execute(read)
  );
}

/**
 * Checks the whole chain, in one pass over one snapshot: every row against its hash, against the one before it, and
 * the last one against the head. The first row is number 1, or a checkpoint for which a later row says that what was
 * before it went into an archive. Memory stays the same however long the record is.
 */
export async function verifyChain(db: Kysely<Database>, options: VerifyOptions = {}): Promise<Verdict> {
  return db.isTransaction ? walk(db, options) : readSnapshot(db, (trx) => walk(trx, options));
}

const NOTED = "it has not the hash that was noted down";

async function walk(
  db: Kysely<Database>,
  { after, anchors = createAnchors(), onProgress }: VerifyOptions,
): Promise<Verdict> {
  const head = await db.selectFrom("audit_head").select(["seq", "hash"]).executeTakeFirst();
  const seals: Seal[] = [];
  let last = after ?? START;
  let rows = 0;
  let first: ChainedRow | undefined;
  const broken = (found: Break): Broken => ({ ok: false, rows, seals, ...found });
  const changed = (seq: number, why: string): Broken => broken({ seq, problem: "changed", why });

  try {
    for await (const batch of readBatches(db)) {
      for (const row of batch) {
        if (first === undefined) {
          first = row;
          last = findBefore(row, after);
          if (!anchors.hold(last)) return changed(last.seq, NOTED);
        }
        if (head !== undefined && row.seq > head.seq)
          return broken({ seq: row.seq, problem: "inserted", why: "it stands after the end of the chain" });
        if (!isNext(row, last)) return broken(await diagnose(db, { row, before: last, head: head ?? last }));
        if (!anchors.hold(row)) return changed(row.seq, NOTED);
        if (row.seq === after?.seq && row.hash !== after.hash)
          return changed(row.seq, "the archive that ends with it has another hash");
        const seal = readSeal(row);
        if (seal !== null) seals.push(seal);
        last = row;
        rows += 1;
      }
      onProgress?.(rows);
    }
  } catch (error) {
    // A number in SQLite too large for JavaScript: only somebody else can have written it.
    if (!(error instanceof RangeError)) throw error;
    return changed(last.seq + 1, "it, or one soon after it, cannot be read");
  }

  if (head === undefined) return changed(last.seq, "the row that names the end of the chain is gone");
  if (last.seq < head.seq) return broken(missing(last.seq + 1, head.seq));
  if (last.hash !== head.hash) return changed(last.seq, "the end of the chain names another hash");
  if (after !== undefined && last.seq < after.seq)
    return broken({
      ...missing(last.seq + 1, after.seq),
      why: "an archive holds it, and the chain ends before it",
    });
  const lost = anchors.left().find(({ seq }) => seq > last.seq);
  if (lost !== undefined)
    return broken({
      seq: lost.seq,
      problem: "missing",
      why: "it was noted down, and the chain ends before it",
    });
  const start = first?.seq ?? last.seq + 1;
  const isVouched = seals.some(
    ({ checkpoint }) => checkpoint.seq === first?.seq && checkpoint.hash === first.hash,
  );
  const why = "no row says that what was before this went into an archive";
  if (start > 1 && !isVouched) return broken({ ...missing(1, start - 1), why });
  return { ok: true, rows, first: start, head: { seq: last.seq, hash: last.hash }, seals };
}

/** What the first row has to follow: the archives where it goes on from them, not where it stands in one as well. */
function findBefore(first: ChainedRow, after: Link | undefined): Link {
  const isCheckpoint = first.seq > 1 && first.event === CHECKPOINT;
  if (after !== undefined && first.seq > after.seq && !(isCheckpoint && first.seq > after.seq + 1))
    return after;
  return isCheckpoint ? { seq: first.seq - 1, hash: first.prev_hash } : START;
}
