import { appendAudit as append, type AuditEntry } from "../../src/audit/append.ts";
import type { AuditEvent } from "../../src/audit/events.ts";

/** A row of any name: the chain takes those of other versions, and of tests. */
export function appendAudit(
  db: Parameters<typeof append>[0],
  entry: Omit<AuditEntry, "event"> & { event: string },
): ReturnType<typeof append> {
  return append(db, { ...entry, event: entry.event as AuditEvent });
}
