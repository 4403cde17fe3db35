import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** What is over and may be removed is found without going through the rest: see prune.ts. */
export const pruningMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`CREATE INDEX IF NOT EXISTS watches_over ON watches (ended_at) WHERE ended_at IS NOT NULL`.execute(
      db,
    );
  },
};
