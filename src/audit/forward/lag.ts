import type { Kysely } from "kysely";

import type { AuditForward } from "../../config.ts";
import { plural } from "../../pluralize.ts";
import type { Database } from "../../store/schema.ts";
import { readNewest } from "../search.ts";
import { findFit, readPosition } from "./position.ts";

/** How far the forwarded copy is behind the record. */
export interface Lag {
  /** Rows that the copy does not have. */
  rows: number;
  /** The age of the oldest of them, milliseconds. */
  ms: number;
  /** Why nothing is forwarded any more, in words; null while it goes on. */
  stopped: string | null;
}

export async function readLag(db: Kysely<Database>, sink: AuditForward, now: number): Promise<Lag> {
  const position = await readPosition(db, sink);
  const fit = await findFit(db, position);
  const oldest = await db
    .selectFrom("audit")
    .select(["seq", "at"])
    .where("seq", ">", position.seq)
    .orderBy("seq")
    .limit(1)
    .executeTakeFirst();
  const stopped = fit.kind === "fits" ? null : fit.why;
  if (oldest === undefined) return { rows: 0, ms: 0, stopped };
  return { rows: (await readNewest(db)) - oldest.seq + 1, ms: Math.max(0, now - oldest.at), stopped };
}

/** That nothing may be done while the copy is further behind than this. */
export interface CopyRequired {
  sink: AuditForward;
  rows: number;
  ms: number;
}

/** Why nothing may be done now, in words that stay the same while it is so; null: the copy is near enough. */
export async function findCopyTrouble(
  db: Kysely<Database>,
  { sink, rows, ms }: CopyRequired,
  now: number,
): Promise<string | null> {
  const lag = await readLag(db, sink, now);
  if (lag.stopped !== null)
    return "the record contradicts its forwarded copy: the people who run zt-bot need to look into it";
  if (lag.rows <= rows && lag.ms <= ms) return null;
  return `the copy of the record is more than ${plural(rows, "row")} or ${ms / 1000} s behind`;
}
