import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Threads in Slack that are not a request's: an incident's, a watch's. A head message kept current, and replies. */
export function createThreadsMigration(kind: "sqlite" | "postgres"): Migration {
  const seq = kind === "sqlite" ? "integer PRIMARY KEY AUTOINCREMENT" : "bigserial PRIMARY KEY";
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql`CREATE TABLE IF NOT EXISTS threads (
        id text PRIMARY KEY, kind text NOT NULL, channel text NOT NULL, ts text, attempted_at bigint,
        version integer NOT NULL, shown_version integer NOT NULL, created_at bigint NOT NULL,
        publishing_until bigint, publishing_fence integer NOT NULL DEFAULT 0, publishing_due bigint,
        trouble text, trouble_since bigint)`.execute(db);
      await sql`CREATE INDEX IF NOT EXISTS threads_unshown ON threads (id) WHERE shown_version < version`.execute(
        db,
      );
      await sql`CREATE TABLE IF NOT EXISTS thread_replies (
        seq ${sql.raw(seq)}, thread_id text NOT NULL, key text NOT NULL, data text NOT NULL,
        version integer NOT NULL, shown_version integer NOT NULL, created_at bigint NOT NULL,
        attempted_at bigint, ts text)`.execute(db);
      await sql`CREATE UNIQUE INDEX IF NOT EXISTS thread_replies_key ON thread_replies (thread_id, key)`.execute(
        db,
      );
      await sql`CREATE INDEX IF NOT EXISTS thread_replies_unshown ON thread_replies (thread_id)
        WHERE shown_version < version`.execute(db);
    },
  };
}
