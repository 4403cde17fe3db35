import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** What keeps a request's messages from Slack and since when, and what `/zt requests` lists without going through all. */
export function createMessagesMigration(dialect: "sqlite" | "postgres"): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      if (dialect === "postgres") return addTrouble(db);
      // For SQLite the migrator opens no transaction: a process that dies before it is noted comes by again.
      const known = await sql`SELECT 1 FROM pragma_table_info('requests') WHERE name = 'trouble'`.execute(db);
      if (known.rows.length > 0) return;
      await db.transaction().execute(addTrouble);
    },
  };
}

async function addTrouble(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("requests").addColumn("trouble", "text").execute();
  await db.schema.alterTable("requests").addColumn("trouble_since", "bigint").execute();
  await sql`CREATE INDEX posts_unposted ON posts (request_id) WHERE posted_at IS NULL`.execute(db);
  await sql`CREATE INDEX requests_status ON requests (status, created_at)`.execute(db);
  await sql`CREATE INDEX requests_created ON requests (created_at)`.execute(db);
  await sql`CREATE INDEX requests_requester ON requests (requester_id, created_at)`.execute(db);
}
