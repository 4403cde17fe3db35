import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Asked at every edit of any message: whether the message is a note. */
export const followedNotesMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`CREATE INDEX IF NOT EXISTS incident_entries_note ON incident_entries (key)
      WHERE kind = 'note'`.execute(db);
  },
};
