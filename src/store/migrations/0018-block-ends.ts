import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Blocks that end by themselves: one row for each such request, with when and whether that is done. */
export const blockEndsMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`CREATE TABLE IF NOT EXISTS block_ends (
      request_id text PRIMARY KEY, list_id text NOT NULL, email text NOT NULL, ends_at bigint NOT NULL,
      due_at bigint NOT NULL, state text NOT NULL, attempts integer NOT NULL DEFAULT 0)`.execute(db);
    await sql`CREATE INDEX IF NOT EXISTS block_ends_open ON block_ends (due_at) WHERE state = 'open'`.execute(
      db,
    );
  },
};
