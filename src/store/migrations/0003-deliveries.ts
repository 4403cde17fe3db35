import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** What Slack sent and was taken, by its id: Slack sends an event again when it misses our answer. */
export const deliveriesMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable("deliveries")
      // For SQLite the migrator opens no transaction: a process that died here comes by again.
      .ifNotExists()
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema.createIndex("deliveries_at").ifNotExists().on("deliveries").column("at").execute();
  },
};
