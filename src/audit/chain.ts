import { hash } from "node:crypto";

import { canonicalJson } from "../canonical-json.ts";

/** The hash "before" the first row. */
const GENESIS = "0".repeat(64);

/** A row of the record as it is stored, and as it is hashed: times in epoch milliseconds, `data` as its text. */
export interface ChainFields {
  seq: number;
  at: number;
  team_id: string | null;
  request_id: string | null;
  actor: string;
  event: string;
  data: string;
  /** The hash of the row with the seq before. */
  prev_hash: string;
}

export interface ChainedRow extends ChainFields {
  hash: string;
}

/** The end of a chain: the next row has the next seq, and holds this hash. */
export interface Link {
  seq: number;
  hash: string;
}

export const START: Link = { seq: 0, hash: GENESIS };

/**
 * SHA-256, in hexadecimal, of the canonical JSON of all of a row's fields but the hash itself. Rows of years ago are
 * checked by it: it may never change.
 */
export function hashRow(row: ChainFields): string {
  const { seq, at, team_id, request_id, actor, event, data, prev_hash } = row;
  return hash("sha256", canonicalJson({ seq, at, team_id, request_id, actor, event, data, prev_hash }));
}

/** The row that follows `before`. */
export function chainRow(before: Link, fields: Omit<ChainFields, "seq" | "prev_hash">): ChainedRow {
  const row = { ...fields, seq: before.seq + 1, prev_hash: before.hash };
  return { ...row, hash: hashRow(row) };
}

/** Whether a row is what it was when it was written, and stands where it was written. */
export function isNext(row: ChainedRow, before: Link): boolean {
  return row.seq === before.seq + 1 && row.prev_hash === before.hash && row.hash === hashRow(row);
}
