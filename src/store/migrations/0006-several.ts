import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** A request about several users is found by any of them. */
export const severalMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // For SQLite the migrator opens no transaction: what a process that died left half done is made whole.
    await sql`CREATE INDEX IF NOT EXISTS request_targets_target ON request_targets (target_id)`.execute(db);
    await sql`CREATE INDEX IF NOT EXISTS request_targets_email ON request_targets (lower(email))`.execute(db);
  },
};
