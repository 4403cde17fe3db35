import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Incidents: who they are about, what was read of them, and what belongs to their story. */
export function createIncidentsMigration(kind: "sqlite" | "postgres"): Migration {
  const seq = kind === "sqlite" ? "integer PRIMARY KEY AUTOINCREMENT" : "bigserial PRIMARY KEY";
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql`CREATE TABLE IF NOT EXISTS incidents (
        id text PRIMARY KEY, team_id text NOT NULL, title text NOT NULL, status text NOT NULL,
        severity integer NOT NULL, owner text, channel text NOT NULL, opened_by text NOT NULL,
        opened_at bigint NOT NULL, closed_by text, closed_at bigint, first_contained_at bigint,
        contained_at bigint)`.execute(db);
      await sql`CREATE INDEX IF NOT EXISTS incidents_open ON incidents (channel) WHERE status = 'open'`.execute(
        db,
      );
      await sql`CREATE INDEX IF NOT EXISTS incidents_age ON incidents (opened_at)`.execute(db);
      await sql`CREATE TABLE IF NOT EXISTS incident_people (
        incident_id text NOT NULL, target_id text NOT NULL, email text NOT NULL, name text NOT NULL,
        position integer NOT NULL, profile text NOT NULL, added_at bigint NOT NULL, removed_at bigint,
        seen text, look_due bigint, look_until bigint, PRIMARY KEY (incident_id, target_id))`.execute(db);
      // On the way of every request: the incidents of the people it is about.
      await sql`CREATE INDEX IF NOT EXISTS incident_people_target ON incident_people (target_id)`.execute(db);
      await sql`CREATE INDEX IF NOT EXISTS incident_people_due ON incident_people (look_due)
        WHERE look_due IS NOT NULL`.execute(db);
      await sql`CREATE TABLE IF NOT EXISTS incident_entries (
        seq ${sql.raw(seq)}, incident_id text NOT NULL, key text NOT NULL, kind text NOT NULL,
        at bigint NOT NULL, actor text NOT NULL, request_id text, data text NOT NULL)`.execute(db);
      await sql`CREATE UNIQUE INDEX IF NOT EXISTS incident_entries_key ON incident_entries (incident_id, key)`.execute(
        db,
      );
      await sql`CREATE INDEX IF NOT EXISTS incident_entries_request ON incident_entries (request_id)
        WHERE request_id IS NOT NULL`.execute(db);
    },
  };
}
