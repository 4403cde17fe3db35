import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Cloudflare's rate limit, as replicas share it. */
export const ratePermitsMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // For SQLite the migrator opens no transaction: what a process that died left half done is made whole.
    await sql`CREATE TABLE IF NOT EXISTS rate_limits (
      name text PRIMARY KEY, paused_until bigint NOT NULL DEFAULT 0)`.execute(db);
    await sql`CREATE TABLE IF NOT EXISTS rate_permits (
      id text PRIMARY KEY, name text NOT NULL, priority text NOT NULL, calls integer NOT NULL,
      counts_until bigint NOT NULL)`.execute(db);
    await sql`CREATE INDEX IF NOT EXISTS rate_permits_name ON rate_permits (name, counts_until)`.execute(db);
  },
};
