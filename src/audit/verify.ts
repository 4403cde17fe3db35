import type { Kysely } from "kysely";

import type { Database } from "../store/schema.ts";
import { type ChainedRow, isNext, type Link, START } from "./chain.ts";
import { type Break, diagnose, missing } from "./diagnose.ts";
import { ARCHIVED, CHECKPOINT } from "./events.ts";
import { readBatches } from "./read.ts";

interface Whole {
  ok: true;
  /** How many rows were checked. */
  rows: number;
  /** The first row there is: 1, or the checkpoint before which all was archived. */
  first: number;
  /** The end of the chain: noted down elsewhere, it proves later that nothing before it was rewritten. */
  head: Link;
}

interface Broken extends Break {
  ok: false;
  /** How many rows were fine before it. */
  rows: number;
}

export type Verdict = Whole | Broken;

interface VerifyOptions {
  /** Where archived rows end, when their files were checked before: the first row has to follow it. */
  after?: Link;
  /** Hashes noted down elsewhere, which rows must still have. */
  anchors?: readonly Link[];
  /** Called now and then with the number of rows checked so far. */
  onProgress?: (rows: number) => void;
}

/**
 * Checks the whole chain, in one pass over one snapshot: every row against its hash, against the one before it, and
 * the last one against the head. The first row is number 1, or a checkpoint for which a later row says that what was
 * before it went into an archive. Memory stays the same however long the record is.
 */
export async function verifyChain(db: Kysely<Database>, options: VerifyOptions = {}): Promise<Verdict> {
  if (db.isTransaction) return walk(db, options);
  return (
    db
      .transaction()
      // SQLite needs no more than the transaction for one snapshot, and its driver ignores these.
      .setIsolationLevel("repeatable read")
      .setAccessMode("read only")
      .execute((trx) => walk(trx, options))
  );
}

async function walk(
  db: Kysely<Database>,
  { after, anchors = [], onProgress }: VerifyOptions,
): Promise<Verdict> {
  const head = await db.selectFrom("audit_head").select(["seq", "hash"]).executeTakeFirst();
  const noted = new Map(anchors.map(({ seq, hash }) => [seq, hash]));
  let last = after ?? START;
  let rows = 0;
  let first: ChainedRow | undefined;
  let vouched = false;
  const broken = (found: Break): Broken => ({ ok: false, rows, ...found });
  const changed = (seq: number, why: string): Broken => broken({ seq, problem: "changed", why });

  try {
    for await (const batch of readBatches(db)) {
      for (const row of batch) {
        if (first === undefined) {
          first = row;
          if (after === undefined && row.seq > 1 && row.event === CHECKPOINT)
            last = { seq: row.seq - 1, hash: row.prev_hash };
        }
        if (head !== undefined && row.seq > head.seq)
          return broken({ seq: row.seq, problem: "inserted", why: "it stands after the end of the chain" });
        if (!isNext(row, last)) return broken(await diagnose(db, { row, before: last, head: head ?? last }));
        if (row.event === ARCHIVED && vouchesFor(row, first)) vouched = true;
        if ((noted.get(row.seq) ?? row.hash) !== row.hash)
          return changed(row.seq, "it has not the hash that was noted down");
        noted.delete(row.seq);
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
  const lost = [...noted.keys()].find((seq) => seq > last.seq);
  if (lost !== undefined)
    return broken({ seq: lost, problem: "missing", why: "it was noted down, and the chain ends before it" });
  const start = first?.seq ?? last.seq + 1;
  const why = "no row says that what was before this went into an archive";
  if (after === undefined && start > 1 && !vouched) return broken({ ...missing(1, start - 1), why });
  return { ok: true, rows, first: start, head: { seq: last.seq, hash: last.hash } };
}

/** Does this row say that everything before that checkpoint was archived? */
function vouchesFor(row: ChainedRow, first: ChainedRow): boolean {
  const { checkpoint } = JSON.parse(row.data) as { checkpoint?: Partial<Link> };
  return checkpoint?.seq === first.seq && checkpoint.hash === first.hash;
}
