import { hash } from "node:crypto";

import type { Kysely } from "kysely";

import type { AuditForward } from "../../config.ts";
import { clockOf } from "../../store/clock.ts";
import type { Database } from "../../store/schema.ts";

/** A sink's name in the table: another place starts from the beginning. Secrets in a URL are not in it. */
export function nameSink(sink: AuditForward): string {
  if (sink.kind === "file") return `file:${sink.file}`;
  return `${new URL(sink.url).origin}#${hash("sha256", sink.url).slice(0, 16)}`;
}

/** The last row that the sink took; 0 before the first. */
export async function readPosition(db: Kysely<Database>, sink: AuditForward): Promise<number> {
  const row = await db
    .selectFrom("audit_sinks")
    .select("seq")
    .where("sink", "=", nameSink(sink))
    .executeTakeFirst();
  return row?.seq ?? 0;
}

/**
 * Takes the right to forward to a sink for `forMs` from now on, or keeps it for longer. Of several replicas one has it.
 * `now` is the process's clock; see clockOf in store/clock.ts for whose counts.
 * @returns the last row that the sink took, or null when another has the right.
 */
export async function claimSink(
  db: Kysely<Database>,
  { sink, owner, now, forMs }: { sink: string; owner: string; now: number; forMs: number },
): Promise<number | null> {
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
    .returning("seq")
    .executeTakeFirst();
  return row?.seq ?? null;
}

/** Notes what the sink took. @returns false when somebody else has the right by now. */
export async function advanceSink(
  db: Kysely<Database>,
  { sink, owner, seq }: { sink: string; owner: string; seq: number },
): Promise<boolean> {
  const row = await db
    .updateTable("audit_sinks")
    .set({ seq })
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
