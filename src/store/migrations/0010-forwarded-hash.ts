import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** What was forwarded last is known by its hash as well: history that was rewritten behind it shows. */
export function createForwardedHashMigration(dialect: "sqlite" | "postgres"): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      if (dialect === "sqlite") {
        // As in 0009: for SQLite the migrator opens no transaction, and may come by again.
        const known = await sql`SELECT 1 FROM pragma_table_info('audit_sinks') WHERE name = 'hash'`.execute(
          db,
        );
        if (known.rows.length > 0) return;
        await db.transaction().execute(addHash);
      } else await addHash(db);
    },
  };
}

async function addHash(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("audit_sinks").addColumn("hash", "text").execute();
  await sql`UPDATE audit_sinks SET hash = (SELECT audit.hash FROM audit WHERE audit.seq = audit_sinks.seq)`.execute(
    db,
  );
}
