import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The reply that stands for the first message of a thread, where that was deleted. */
export function createThreadHeadsMigration(kind: "sqlite" | "postgres"): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      if (kind === "postgres") {
        await sql`ALTER TABLE threads ADD COLUMN IF NOT EXISTS head_ts text`.execute(db);
        return;
      }
      // For SQLite the migrator opens no transaction: what a process that died left half done is made whole.
      const known = await sql`SELECT 1 FROM pragma_table_info('threads') WHERE name = 'head_ts'`.execute(db);
      if (known.rows.length === 0) await sql`ALTER TABLE threads ADD COLUMN head_ts text`.execute(db);
    },
  };
}
