import { type Kysely, sql } from "kysely";

import type { Database } from "../../store/schema.ts";
import { SIGNED } from "../events.ts";
import type { ChainedRow } from "../chain.ts";
import { checkSignature, type SignedHead, type VerifierKey } from "./note.ts";
import { headOf, SIGN_EVERY } from "./signer.ts";

export interface HeadCheck {
  /** Signatures in the record that are good. */
  signed: number;
  /** The last row that one of them covers; 0: none does. */
  upTo: number;
  findings: string[];
}

/** A bot that runs signs soon after so many rows: more of them without a signature were not written by one. */
const MAX_UNSIGNED = 2 * SIGN_EVERY;

/** A row that holds a signed head. */
export type SignedRow = Pick<ChainedRow, "seq" | "prev_hash" | "data">;

/**
 * Checks the signatures in the record with public keys alone; that rows fit one another is checked elsewhere.
 * `archived`: the signed rows of archives, oldest first.
 */
export async function checkSignedRows(
  db: Kysely<Database>,
  keys: readonly VerifierKey[],
  archived: readonly SignedRow[],
): Promise<HeadCheck> {
  const check: HeadCheck = { signed: 0, upTo: 0, findings: [] };
  const end = (await db.selectFrom("audit_head").select("seq").executeTakeFirst())?.seq ?? 0;
  const rows = await db
    .selectFrom("audit")
    .select(["seq", "prev_hash", "data"])
    // Written out, so that SQLite sees which index it may take.
    .where("event", "=", sql.lit(SIGNED))
    .orderBy("seq")
    .execute();
  // An archive may hold rows that were not taken out.
  for (const row of new Map([...archived, ...rows].map((one) => [one.seq, one])).values()) {
    const head = headOf(row);
    const seen = head === null ? "bad" : checkSignature(head, keys);
    if (seen === "unknown")
      check.findings.push(
        `row ${row.seq} is signed by ${head?.origin ?? "no one"}, whose public key was not given`,
      );
    else if (seen === "bad") check.findings.push(`the signature in row ${row.seq} is not good`);
    else if (head?.head.hash !== row.prev_hash)
      check.findings.push(`the signature in row ${row.seq} is of another row ${row.seq - 1}`);
    else {
      check.signed += 1;
      check.upTo = head.head.seq;
    }
  }
  if (check.signed === 0) check.findings.push("no row of the record is signed");
  else if (end - check.upTo > MAX_UNSIGNED)
    check.findings.push(
      `rows ${check.upTo + 1} to ${end} are not signed, and zt-bot signs every ${SIGN_EVERY}`,
    );
  return check;
}

/** Checks signed heads that were kept elsewhere, each for itself and each against the others. */
export function checkHeads(heads: readonly SignedHead[], keys: readonly VerifierKey[]): string[] {
  const findings: string[] = [];
  const known = new Map<number, string>();
  for (const signed of heads) {
    const { seq, hash } = signed.head;
    const seen = checkSignature(signed, keys);
    if (seen === "unknown")
      findings.push(`the head at row ${seq} is signed by ${signed.origin}, whose public key was not given`);
    else if (seen === "bad") findings.push(`the signature of the head at row ${seq} is not good`);
    else if ((known.get(seq) ?? hash) !== hash)
      findings.push(`two heads at row ${seq} are signed, and differ: the record was written in two ways`);
    else known.set(seq, hash);
  }
  return findings;
}
