import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Who has opened the App Home lately: whichever replica carries out a change brings their Home up to date. */
export const homesMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // For SQLite the migrator opens no transaction: what a process that died left half done is made whole.
    await sql`CREATE TABLE IF NOT EXISTS homes (user_id text PRIMARY KEY, opened_at bigint NOT NULL)`.execute(
      db,
    );
  },
};
