import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * Before each call the rows that prove a request are read: of one about hundreds, without going through all that was
 * recorded of each.
 */
export const proofMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`CREATE INDEX IF NOT EXISTS audit_proof ON audit (request_id, event, seq) WHERE request_id IS NOT NULL`.execute(
      db,
    );
    await sql`CREATE INDEX IF NOT EXISTS audit_signed ON audit (seq) WHERE event = 'audit.signed'`.execute(
      db,
    );
  },
};
