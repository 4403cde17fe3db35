import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Requests about several users: a row for each, who stopped one, and lists that wait for a second word. */
export const createTargetsMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable("request_targets")
      .addColumn("request_id", "text", (column) => column.notNull().references("requests.id"))
      .addColumn("position", "integer", (column) => column.notNull())
      .addColumn("target_id", "text", (column) => column.notNull())
      .addColumn("email", "text", (column) => column.notNull())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("attempts", "integer", (column) => column.notNull())
      .addColumn("due_at", "bigint", (column) => column.notNull())
      .addColumn("sent_at", "bigint")
      .addColumn("cf_ray", "text")
      .addColumn("note", "text")
      .addColumn("checked", "text")
      .addPrimaryKeyConstraint("request_targets_pk", ["request_id", "position"])
      .execute();
    await db.schema.alterTable("requests").addColumn("stopped_at", "bigint").execute();
    await db.schema.alterTable("requests").addColumn("stopped_by", "text").execute();
    await db.schema
      .createTable("drafts")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("asker", "text", (column) => column.notNull())
      .addColumn("data", "text", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .execute();
  },
};
