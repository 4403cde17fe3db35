import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * Authenticators that approvers have set up, and how many wrong codes each person gave lately (docs/adr/0019). Of one
 * person at most one counts, and at most one waits for somebody else's confirmation.
 */
export const stepUpMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // For SQLite the migrator opens no transaction: what a process that died left half done is made whole.
    await sql`CREATE TABLE IF NOT EXISTS authenticators (
      id text PRIMARY KEY, user_id text NOT NULL, key_id text NOT NULL, secret text NOT NULL, state text NOT NULL,
      created_at bigint NOT NULL, effective_at bigint, confirmed_by text, check_number text NOT NULL,
      last_step bigint NOT NULL, channel text, ts text)`.execute(db);
    await sql`CREATE UNIQUE INDEX IF NOT EXISTS authenticators_effective ON authenticators (user_id)
      WHERE state = 'effective'`.execute(db);
    await sql`CREATE UNIQUE INDEX IF NOT EXISTS authenticators_waiting ON authenticators (user_id)
      WHERE state = 'waiting'`.execute(db);
    await sql`CREATE TABLE IF NOT EXISTS code_tries (
      user_id text PRIMARY KEY, wrong integer NOT NULL, since bigint NOT NULL, locked_until bigint NOT NULL)`.execute(
      db,
    );
  },
};
