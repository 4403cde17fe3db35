import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * Pages of what is over are found in an index that holds what they are ordered by and nothing that is open, so that rows
 * before the page are not read; and a thread by its place, which is asked at messages in any channel.
 */
export const pagesMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const over = sql`status NOT IN ('pending', 'approved', 'executing', 'unknown')`;
    await sql`CREATE INDEX IF NOT EXISTS requests_over ON requests (created_at DESC, id) WHERE ${over}`.execute(
      db,
    );
    await sql`CREATE INDEX IF NOT EXISTS requests_over_mine ON requests (requester_id, created_at DESC, id)
      WHERE ${over}`.execute(db);
    await sql`CREATE INDEX IF NOT EXISTS threads_place ON threads (channel, ts)`.execute(db);
  },
};
