import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Who says that someone's account is disabled at the identity provider. */
export function createIdpDisabledMigration(kind: "sqlite" | "postgres"): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      const columns = { idp_disabled_by: "text", idp_disabled_at: "bigint" };
      for (const [name, type] of Object.entries(columns)) {
        const column = sql`ALTER TABLE incident_people ADD COLUMN ${sql.raw(kind === "postgres" ? "IF NOT EXISTS" : "")} ${sql.ref(name)} ${sql.raw(type)}`;
        if (kind === "postgres") await column.execute(db);
        else {
          // For SQLite the migrator opens no transaction: what a process that died left half done is made whole.
          const known =
            await sql`SELECT 1 FROM pragma_table_info('incident_people') WHERE name = ${name}`.execute(db);
          if (known.rows.length === 0) await column.execute(db);
        }
      }
    },
  };
}
