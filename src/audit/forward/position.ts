import { hash } from "node:crypto";

import type { Kysely } from "kysely";

import type { AuditForward } from "../../config.ts";
import { clockOf } from "../../store/clock.ts";
import type { Database } from "../../store/schema.ts";
import { hashRow, START } from "../chain.ts";
import { readBatches } from "../read.ts";

/** A sink's name in the table: another place starts from the beginning. Secrets in a URL are not in it. */
export function nameSink(sink: AuditForward): string {
  if (sink.kind === "file") return `file:${sink.file}`;
  return `${new URL(sink.url).origin}#${hash("sha256", sink.url).slice(0, 16)}`;
}

/** The last row that a sink took: 0 before the first. */
export interface Position {
  seq: number;
  /** null: not known, as the row was archived before hashes were kept. */
  hash: string | null;
}

const NOTHING_YET: Position = START;

export async function readPosition(db: Kysely<Database>, sink: AuditForward): Promise<Position> {
  const row = await db
    .selectFrom("audit_sinks")
    .select(["seq", "hash"])
    .where("sink", "=", nameSink(sink))
    .executeTakeFirst();
  return row === undefined ? NOTHING_YET : toPosition(row);
}

function toPosition({ seq, hash }: Position): Position {
  return seq === 0 ? NOTHING_YET : { seq, hash };
}

/** Whether the record still goes on from what was forwarded; otherwise why not, in words. */
export type Fit =
  | { kind: "fits" }
  /** What was forwarded is not what the record holds. */
  | { kind: "rewritten"; why: string }
  /** Rows were taken out before they were forwarded. */
  | { kind: "gap"; why: string };

/** One look at one row: by its hash it stands for all before it. */
export async function findFit(db: Kysely<Database>, { seq, hash }: Position): Promise<Fit> {
  if (seq === 0) return { kind: "fits" };
  const [row] = (await readBatches(db, { from: seq }, 1).next()).value ?? [];
  const rewritten = (why: string): Fit => ({ kind: "rewritten", why });
  if (row === undefined) return rewritten(`row ${seq} was forwarded, and the record ends before it`);
  if (row.seq > seq + 1)
    return { kind: "gap", why: `rows ${seq + 1} to ${row.seq - 1} are gone, and were not forwarded` };
  if (hash === null) return { kind: "fits" };
  if (row.seq === seq)
    return row.hash === hash && hashRow(row) === hash
      ? { kind: "fits" }
      : rewritten(`row ${seq} is not the one that was forwarded`);
  return row.prev_hash === hash
    ? { kind: "fits" }
    : rewritten(`row ${row.seq} does not follow row ${seq} as it was forwarded`);
}

/** Every place that the record was forwarded to, and whether it fits what was taken there. */
export async function findFits(
  db: Kysely<Database>,
): Promise<{ sink: string; position: Position; fit: Fit }[]> {
  const sinks = await db.selectFrom("audit_sinks").select(["sink", "seq", "hash"]).orderBy("sink").execute();
  const fits = [];
  for (const { sink, ...row } of sinks) {
    const position = toPosition(row);
    fits.push({ sink, position, fit: await findFit(db, position) });
  }
  return fits;
}

/**
 * Takes the right to forward to a sink for `forMs` from now on, or keeps it for longer. Of several replicas one has it.
 * `now` is the process's clock; see clockOf in store/clock.ts for whose counts.
 * @returns the last row that the sink took, or null when another has the right.
 */
export async function claimSink(
  db: Kysely<Database>,
  { sink, owner, now, forMs }: { sink: string; owner: string; now: number; forMs: number },
): Promise<Position | null> {
  await db
    .insertInto("audit_sinks")
    .values({ sink, seq: 0, claimed_by: null, claimed_until: 0 })
    .onConflict((conflict) => conflict.column("sink").doNothing())
    .execute();
  const row = await db
    .updateTable("audit_sinks")
    .set({ claimed_by: owner, claimed_until: clockOf(db, now, forMs) })
    .where("sink", "=", sink)
    .where((eb) => eb.or([eb("claimed_by", "=", owner), eb("claimed_until", "<", clockOf(db, now))]))
    .returning(["seq", "hash"])
    .executeTakeFirst();
  return row === undefined ? null : toPosition(row);
}

/** Notes what the sink took. @returns false when somebody else has the right by now. */
export async function advanceSink(
  db: Kysely<Database>,
  { sink, owner, seq, hash }: { sink: string; owner: string; seq: number; hash: string },
): Promise<boolean> {
  const row = await db
    .updateTable("audit_sinks")
    .set({ seq, hash })
    .where("sink", "=", sink)
    .where("claimed_by", "=", owner)
    .returning("seq")
    .executeTakeFirst();
  return row !== undefined;
}

/** Lets another go on at once. */
export async function releaseSink(db: Kysely<Database>, sink: string, owner: string): Promise<void> {
  await db
    .updateTable("audit_sinks")
    .set({ claimed_by: null, claimed_until: 0 })
    .where("sink", "=", sink)
    .where("claimed_by", "=", owner)
    .execute();
}
