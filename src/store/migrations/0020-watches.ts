import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** People who are watched for a time, and what was seen of them since. */
export function createWatchesMigration(kind: "sqlite" | "postgres"): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      // For SQLite the migrator opens no transaction: what a process that died left half done is made whole.
      await sql`CREATE TABLE IF NOT EXISTS watches (
      id text PRIMARY KEY, team_id text NOT NULL, request_id text, user_id text NOT NULL, email text NOT NULL,
      name text NOT NULL, asked_by text NOT NULL, tells text NOT NULL, since bigint NOT NULL,
      started_at bigint NOT NULL, until bigint NOT NULL, state text NOT NULL, ended_at bigint, ended_by text,
      looks integer NOT NULL DEFAULT 0, memory text NOT NULL)`.execute(db);
      await sql`CREATE INDEX IF NOT EXISTS watches_active ON watches (started_at) WHERE state = 'active'`.execute(
        db,
      );
      await sql`CREATE INDEX IF NOT EXISTS watches_request ON watches (request_id)`.execute(db);
      await sql`CREATE INDEX IF NOT EXISTS watches_user ON watches (user_id)`.execute(db);
      await sql`CREATE TABLE IF NOT EXISTS watch_events (
      id text PRIMARY KEY, watch_id text NOT NULL, key text NOT NULL, at bigint NOT NULL, is_return integer NOT NULL,
      data text NOT NULL, told_at bigint NOT NULL, expected_by text, expected_at bigint)`.execute(db);
      await sql`CREATE UNIQUE INDEX IF NOT EXISTS watch_events_key ON watch_events (watch_id, key)`.execute(
        db,
      );
      if (kind === "postgres") await sql`ALTER TABLE requests ADD COLUMN IF NOT EXISTS back text`.execute(db);
      else {
        const known = await sql`SELECT 1 FROM pragma_table_info('requests') WHERE name = 'back'`.execute(db);
        if (known.rows.length === 0) await sql`ALTER TABLE requests ADD COLUMN back text`.execute(db);
      }
    },
  };
}
