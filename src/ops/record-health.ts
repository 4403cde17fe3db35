import type { Kysely } from "kysely";

import { readLag } from "../audit/forward/lag.ts";
import { readLastVerify } from "../audit/last-verify.ts";
import { compact } from "../compact.ts";
import type { AuditForward } from "../config.ts";
import { plural } from "../pluralize.ts";
import type { Database } from "../store/schema.ts";

/** What is wrong with the record, as far as that is known; empty when nothing is. */
export async function findRecordTrouble(
  db: Kysely<Database>,
  auditForward: AuditForward | null,
  now: number,
): Promise<string[]> {
  const [lag, last] = await Promise.all([
    auditForward === null ? null : readLag(db, auditForward, now),
    readLastVerify(db),
  ]);
  return compact(
    last?.outcome === "broken" && "the audit record failed its last verification: tell those who run zt-bot",
    lag?.stopped != null && `the copy of the audit record has stopped: ${lag.stopped}`,
  );
}

/** How the record is, for people who look at `/readyz`: how far its copy is behind, and how it was found last. */
export async function describeRecord(
  db: Kysely<Database>,
  auditForward: AuditForward | null,
  now: number,
): Promise<string[]> {
  const lines: string[] = [];
  if (auditForward !== null) {
    const { rows, ms, stopped } = await readLag(db, auditForward, now);
    const lag = rows === 0 ? "up to date" : `${plural(rows, "row")}, ${Math.ceil(ms / 1000)} s behind`;
    lines.push(`copy of the record: ${stopped === null ? lag : `stopped, ${stopped}`}`);
  }
  const last = await readLastVerify(db);
  if (last !== null) {
    const upTo = last.seq === null ? "" : `, up to row ${last.seq}`;
    lines.push(`record verified ${new Date(last.at).toISOString()}: ${last.outcome}${upTo}`);
  }
  return lines;
}
