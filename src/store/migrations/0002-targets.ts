import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Requests about several users: a row for each, who stopped one, and lists that wait for a second word. */
export function createTargetsMigration(dialect: "sqlite" | "postgres"): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      if (dialect === "postgres") return addTargetTables(db, new Set());
      // For SQLite the migrator opens no transaction. All of this happens or nothing does; and what a process that
      // died in the middle left behind while there was none, or just before the migrator had noted it, stays.
      await db.transaction().execute(async (trx) => {
        const { rows } = await sql<{ name: string }>`SELECT name FROM pragma_table_info('requests')`.execute(
          trx,
        );
        await addTargetTables(trx, new Set(rows.map(({ name }) => name)));
      });
    },
  };
}

/** `known`: the columns that requests have already. */
async function addTargetTables(db: Kysely<unknown>, known: ReadonlySet<string>): Promise<void> {
  await db.schema
    .createTable("request_targets")
    .ifNotExists()
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
  for (const [name, type] of [
    ["stopped_at", "bigint"],
    ["stopped_by", "text"],
  ] as const) {
    if (!known.has(name)) await db.schema.alterTable("requests").addColumn(name, type).execute();
  }
  await db.schema
    .createTable("drafts")
    .ifNotExists()
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("asker", "text", (column) => column.notNull())
    .addColumn("data", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .execute();
}
