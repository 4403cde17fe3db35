import type { Kysely } from "kysely";

import type { ChainedRow } from "../../audit/chain.ts";
import type { Database } from "../../store/schema.ts";

/** Databases take only so many parameters. */
const CHUNK = 500;

/** What an incident's rows are found by. */
export interface RowsOf {
  incidentId: string;
  requestIds: readonly string[];
  /** When the incident's own entries were written: their rows have the same times. */
  times: readonly number[];
  upTo: number;
}

/**
 * The record's rows about an incident: its own, and all of its requests, in order. Found by the indexes of requests and
 * times, however long the record is.
 */
export async function readRowsOf(
  db: Kysely<Database>,
  { incidentId, requestIds, times, upTo }: RowsOf,
): Promise<ChainedRow[]> {
  const found = new Map<number, ChainedRow>();
  for (const ids of chunksOf(requestIds)) {
    const rows = await db
      .selectFrom("audit")
      .selectAll()
      .where("request_id", "in", ids)
      .where("seq", "<=", upTo)
      .execute();
    for (const row of rows) found.set(row.seq, row);
  }
  for (const at of chunksOf([...new Set(times)])) {
    const rows = await db
      .selectFrom("audit")
      .selectAll()
      .where("at", "in", at)
      .where("request_id", "is", null)
      .where("seq", "<=", upTo)
      .execute();
    for (const row of rows) if (isAbout(row, incidentId)) found.set(row.seq, row);
  }
  return [...found.values()].toSorted((a, b) => a.seq - b.seq);
}

/** Whether a row that is no request's is an incident's own. */
export function isAbout({ event, data }: Pick<ChainedRow, "event" | "data">, incidentId: string): boolean {
  if (!event.startsWith("incident.")) return false;
  try {
    return (JSON.parse(data) as { incident?: unknown }).incident === incidentId;
  } catch {
    return false;
  }
}

function chunksOf<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / CHUNK) }, (_, index) =>
    all.slice(index * CHUNK, (index + 1) * CHUNK),
  );
}

/** The number of the oldest row that is still in the database, where rows before it were archived; else null. */
export async function readArchivedBefore(db: Kysely<Database>): Promise<number | null> {
  const row = await db.selectFrom("audit").select("seq").orderBy("seq").limit(1).executeTakeFirst();
  return row === undefined || row.seq <= 1 ? null : row.seq;
}
