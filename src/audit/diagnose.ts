import type { Kysely } from "kysely";

import type { Database } from "../store/schema.ts";
import { type ChainedRow, hashRow, type Link } from "./chain.ts";
import { readRow } from "./read.ts";

export type Problem = "changed" | "missing" | "inserted" | "reordered";

/** Where the record is broken first, and how. */
export interface Break {
  seq: number;
  problem: Problem;
  /** In a sentence, for the person who looks into it. */
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
  const found = (problem: Problem, why: string, at = seq): Break => ({ seq: at, problem, why });
  if (row.seq < seq) return found("inserted", "no row was ever written under this number", row.seq);
  if (row.seq > seq) return missing(seq, row.seq - 1);

  const next = await readRow(db, seq + 1);
  if (next !== undefined && wasWrittenAt(next, seq)) {
    if (wasWrittenAt(row, seq + 1))
      return found("reordered", `it and row ${seq + 1} stand in each other's place`);
    if (next.prev_hash === before.hash)
      return found("inserted", "the rows after it carry on from the row before it");
  }
  // The row is whole, and so is the one before it; but the two do not fit together: one was rewritten.
  if (hashRow(row) === row.hash) {
    return (next?.prev_hash ?? head.hash) === row.hash && before.seq > 0
      ? found("changed", "its hash was rewritten: the row after it still holds the former one", before.seq)
      : found("changed", "it does not hold the hash of the row before it", row.seq);
  }

  const written = findSeq(row, head.seq);
  if (written === null) return found("changed", "its content is not what its hash was made of");
  const renumbered = "the rows after it were given new numbers";
  if (written === seq - 1) return found("inserted", renumbered, before.seq);
  const shift = written - seq;
  if (shift > 0 && (next === undefined || wasWrittenAt(next, next.seq + shift)))
    return { ...missing(seq, written - 1), why: renumbered };
  return found("reordered", `what stands here was written as row ${written}`);
}

export function missing(from: number, to: number): Break {
  const why = from === to ? "the next row stands without it" : `rows ${from} to ${to} are not there`;
  return { seq: from, problem: "missing", why };
}

function wasWrittenAt(row: ChainedRow, seq: number): boolean {
  return hashRow({ ...row, seq }) === row.hash;
}

/** Under which number a row was written; null when its content is not what was written under any. */
function findSeq(row: ChainedRow, last: number): number | null {
  for (let seq = 1; seq <= last; seq += 1) if (wasWrittenAt(row, seq)) return seq;
  return null;
}
