import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** What was asked in vain has no request whose target could be looked for: these few rows have an index of their own. */
export const refusedMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`CREATE INDEX IF NOT EXISTS audit_refused ON audit (event, seq) WHERE event = 'request.refused'`.execute(
      db,
    );
  },
};
