import type { Kysely } from "kysely";

import type { Database } from "../store/schema.ts";
import { type ChainedRow, hashRow, type Link } from "./chain.ts";
import { readRow } from "./read.ts";

export type Problem = "changed" | "missing" | "inserted" | "reordered";

/** Where the record is broken first, and how. */
export interface Break {
  seq: number;
  problem: Problem;
  /** In a sentence, for whoever has to look into it. */
  why: string;
}

/**
 * Says what happened where `row` stands and should follow `before`, and does not. Somebody who recomputes hashes can
 * always make one kind of change look like another; what is named is the first place where the record cannot be
 * believed, with the plainest explanation.
 */
export async function diagnose(
  db: Kysely<Database>,
  { row, before, head }: { row: ChainedRow; before: Link; head: Link },
): Promise<Break> {
  const seq = before.seq + 1;
  if (row.seq < seq)
    return { seq: row.seq, problem: "inserted", why: "no row was ever written under this number" };
  if (row.seq > seq) return missing(seq, row.seq - 1);

  const next = await readRow(db, seq + 1);
  if (next !== undefined && wasWrittenAt(next, seq) && wasWrittenAt(row, seq + 1))
    return { seq, problem: "reordered", why: `it and row ${seq + 1} stand in each other's place` };
  if (next !== undefined && wasWrittenAt(next, seq) && next.prev_hash === before.hash) {
    return { seq, problem: "inserted", why: "the rows after it carry on from the row before it" };
  }
  if (hashRow(row) === row.hash) return relinked(row, before, next?.prev_hash ?? head.hash);

  const written = findSeq(row, head.seq);
  if (written === null)
    return { seq, problem: "changed", why: "its content is not what its hash was made of" };
  if (written === seq - 1) {
    return { seq: before.seq, problem: "inserted", why: "the rows after it were given new numbers" };
  }
  const shift = written - seq;
  if (shift > 0 && (next === undefined || wasWrittenAt(next, next.seq + shift))) {
    return { ...missing(seq, written - 1), why: "the rows after it were given new numbers" };
  }
  return { seq, problem: "reordered", why: `what stands here was written as row ${written}` };
}

export function missing(from: number, to: number): Break {
  const why = from === to ? "the next row stands without it" : `rows ${from} to ${to} are not there`;
  return { seq: from, problem: "missing", why };
}

/** The row is whole, and so is the one before it; but the two do not fit together: one was written anew. */
function relinked(row: ChainedRow, before: Link, hashInNext: string): Break {
  if (hashInNext === row.hash && before.seq > 0) {
    return {
      seq: before.seq,
      problem: "changed",
      why: "its hash was made anew: the row after it still holds the former one",
    };
  }
  return { seq: row.seq, problem: "changed", why: "it does not hold the hash of the row before it" };
}

function wasWrittenAt(row: ChainedRow, seq: number): boolean {
  return hashRow({ ...row, seq }) === row.hash;
}

/** Under which number a row was written; null when its content is not what was written under any. */
function findSeq(row: ChainedRow, last: number): number | null {
  for (let seq = 1; seq <= last; seq += 1) if (wasWrittenAt(row, seq)) return seq;
  return null;
}
