import type { Kysely } from "kysely";

import type { Database } from "../store/schema.ts";
import { isNext, type Link } from "./chain.ts";
import { readBatches } from "./read.ts";
import { readSnapshot } from "./verify.ts";

/** How the newest rows were found. `broken`: the first row that does not fit. */
export type TailVerdict = { kind: "whole"; rows: number } | { kind: "broken"; seq: number; why: string };

/**
 * Checks the newest rows of the record, against one another and against its end: what can be done in a moment, however
 * long the record is. Of rows before them, and of what was noted down elsewhere, it says nothing: see verifyChain.
 */
export function verifyTail(db: Kysely<Database>, max: number): Promise<TailVerdict> {
  return readSnapshot(db, async (trx) => {
    const head = await trx.selectFrom("audit_head").select(["seq", "hash"]).executeTakeFirst();
    if (head === undefined)
      return { kind: "broken", seq: 0, why: "the row that names the end of the chain is gone" };
    let last: Link | null = null;
    let rows = 0;
    for await (const batch of readBatches(trx, { from: head.seq - max + 1 })) {
      for (const row of batch) {
        const before: Link = last ?? { seq: row.seq - 1, hash: row.prev_hash };
        if (!isNext(row, before))
          return { kind: "broken", seq: before.seq + 1, why: "it was changed, removed or inserted" };
        last = row;
        rows += 1;
      }
    }
    if (last === null)
      return head.seq === 0
        ? { kind: "whole", rows: 0 }
        : { kind: "broken", seq: head.seq, why: "it and the rows before it are gone" };
    if (last.seq !== head.seq || last.hash !== head.hash)
      return { kind: "broken", seq: last.seq, why: "the end of the chain is another" };
    return { kind: "whole", rows };
  });
}
