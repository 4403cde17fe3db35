import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * The first tables. Written once for both databases: the few words that differ (auto-increment, triggers)
 * are chosen by `dialect`.
 */
export function createRequestsMigration(dialect: "sqlite" | "postgres"): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      if (dialect === "postgres") return createTables(db, dialect);
      // For SQLite the migrator opens no transaction: all of this happens or nothing does, and a process that died
      // just before the migrator had noted it comes by again.
      const known = await sql`SELECT 1 FROM sqlite_master WHERE name = 'requests'`.execute(db);
      if (known.rows.length > 0) return;
      await db.transaction().execute((trx) => createTables(trx, dialect));
    },
  };
}

async function createTables(db: Kysely<unknown>, dialect: "sqlite" | "postgres"): Promise<void> {
  await db.schema
    .createTable("requests")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("team_id", "text", (column) => column.notNull())
    .addColumn("action", "text", (column) => column.notNull())
    .addColumn("plan", "text", (column) => column.notNull())
    .addColumn("plan_hash", "text", (column) => column.notNull())
    .addColumn("evidence", "text", (column) => column.notNull())
    .addColumn("target_id", "text", (column) => column.notNull())
    .addColumn("target_email", "text", (column) => column.notNull())
    .addColumn("requester_id", "text", (column) => column.notNull())
    .addColumn("origin_channel", "text", (column) => column.notNull())
    .addColumn("reason", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("result", "text")
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .addColumn("decided_at", "bigint")
    .addColumn("decided_by", "text")
    .addColumn("decision_reason", "text")
    .addColumn("started_at", "bigint")
    .addColumn("finished_at", "bigint")
    .addColumn("version", "integer", (column) => column.notNull())
    .addColumn("card_version", "integer", (column) => column.notNull())
    .addColumn("card_channel", "text", (column) => column.notNull())
    .addColumn("card_ts", "text")
    .addColumn("card_attempted_at", "bigint")
    .addColumn("publishing_until", "bigint")
    .execute();
  // The sweep asks for open requests and for unpublished ones; both stay few however long the table grows.
  await sql`CREATE INDEX requests_open ON requests (status, expires_at) WHERE status IN ('pending', 'approved', 'executing', 'unknown')`.execute(
    db,
  );
  await sql`CREATE INDEX requests_unpublished ON requests (id) WHERE card_version < version`.execute(db);

  const posts = db.schema.createTable("posts");
  await (
    dialect === "sqlite"
      ? posts.addColumn("seq", "integer", (column) => column.primaryKey().autoIncrement())
      : posts.addColumn("seq", "bigserial", (column) => column.primaryKey())
  )
    .addColumn("request_id", "text", (column) => column.notNull().references("requests.id"))
    .addColumn("key", "text", (column) => column.notNull())
    .addColumn("surface", "text", (column) => column.notNull())
    .addColumn("data", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("attempted_at", "bigint")
    .addColumn("posted_at", "bigint")
    .addColumn("channel", "text")
    .addColumn("ts", "text")
    .addUniqueConstraint("posts_once", ["request_id", "key"])
    .execute();

  const audit = db.schema.createTable("audit");
  await (
    dialect === "sqlite"
      ? audit.addColumn("seq", "integer", (column) => column.primaryKey().autoIncrement())
      : audit.addColumn("seq", "bigserial", (column) => column.primaryKey())
  )
    .addColumn("at", "bigint", (column) => column.notNull())
    .addColumn("team_id", "text")
    .addColumn("request_id", "text")
    .addColumn("actor", "text", (column) => column.notNull())
    .addColumn("event", "text", (column) => column.notNull())
    .addColumn("data", "text", (column) => column.notNull())
    .execute();
  await sql`CREATE INDEX audit_request ON audit (request_id, seq)`.execute(db);
  await refuseAuditChanges(db, dialect);
}

async function refuseAuditChanges(db: Kysely<unknown>, dialect: "sqlite" | "postgres"): Promise<void> {
  if (dialect === "sqlite") {
    await sql`CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END`.execute(
      db,
    );
    await sql`CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END`.execute(
      db,
    );
    // REPLACE removes the row in its way without firing the trigger for DELETE.
    await sql`CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END`.execute(
      db,
    );
    return;
  }
  await sql`CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$`.execute(
    db,
  );
  await sql`CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()`.execute(
    db,
  );
}
