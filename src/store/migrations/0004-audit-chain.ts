import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

import { chainRow, type ChainFields, type Link, START } from "../../audit/chain.ts";

/** What the migration itself works with; the tables as they are by now may look different. */
interface Tables {
  audit: ChainFields & { hash: string };
  audit_head: { id: number; seq: number; hash: string };
}

/**
 * Audit rows become a chain: each holds the hash of the one before and its own, also those written until now. The
 * one row of `audit_head` names the end of the chain: an append locks it, and rows cut off the end are missed.
 */
export function createAuditChainMigration(dialect: "sqlite" | "postgres"): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      if (dialect === "postgres") return chainAudit(db, dialect);
      // For SQLite the migrator opens no transaction. All of this happens or nothing does: a process that dies just
      // after, before the migrator has noted it, comes by again.
      const known = await sql`SELECT 1 FROM sqlite_master WHERE name = 'audit_head'`.execute(db);
      if (known.rows.length > 0) return;
      await db.transaction().execute((trx) => chainAudit(trx, dialect));
    },
  };
}

async function chainAudit(db: Kysely<unknown>, dialect: "sqlite" | "postgres"): Promise<void> {
  await db.schema
    .createTable("audit_head")
    .addColumn("id", "integer", (column) => column.primaryKey().check(sql`id = 1`))
    .addColumn("seq", "bigint", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("audit_sinks")
    .addColumn("sink", "text", (column) => column.primaryKey())
    .addColumn("seq", "bigint", (column) => column.notNull())
    .addColumn("claimed_by", "text")
    .addColumn("claimed_until", "bigint", (column) => column.notNull())
    .execute();
  for (const name of ["prev_hash", "hash"]) {
    await db.schema
      .alterTable("audit")
      .addColumn(name, "text", (column) => column.notNull().defaultTo(""))
      .execute();
  }
  const lift =
    dialect === "sqlite"
      ? sql`DROP TRIGGER audit_no_update`
      : sql`ALTER TABLE audit DISABLE TRIGGER audit_no_change`;
  await lift.execute(db);
  const { seq, hash } = await chainExisting(db);
  const restore =
    dialect === "sqlite"
      ? sql`CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END`
      : sql`ALTER TABLE audit ENABLE TRIGGER audit_no_change`;
  await restore.execute(db);
  await sql`INSERT INTO audit_head (id, seq, hash) VALUES (1, ${seq}, ${hash})`.execute(db);
  await refuseUnchained(db, dialect);
  // What people look for: the newest first, of everybody or of one.
  await sql`CREATE INDEX audit_at ON audit (at, seq)`.execute(db);
  await sql`CREATE INDEX audit_actor ON audit (actor, at, seq)`.execute(db);
  await sql`CREATE INDEX requests_target ON requests (target_id)`.execute(db);
  await sql`CREATE INDEX requests_target_email ON requests (lower(target_email))`.execute(db);
}

const BATCH = 1000;

/** Gives every row there is its place; gaps in `seq` (of transactions that failed) close, as a chain has none. */
async function chainExisting(db: Kysely<Tables>): Promise<Link> {
  let last: Link = START;
  for (let after = -1; ;) {
    const rows = await db
      .selectFrom("audit")
      .selectAll()
      .where("seq", ">", after)
      .orderBy("seq")
      .limit(BATCH)
      .execute();
    for (const row of rows) {
      const { seq: _seq, prev_hash: _none, hash: _nothing, ...fields } = row;
      const chained = chainRow(last, fields);
      await db
        .updateTable("audit")
        .set({ seq: chained.seq, prev_hash: chained.prev_hash, hash: chained.hash })
        .where("seq", "=", row.seq)
        .execute();
      last = { seq: chained.seq, hash: chained.hash };
      after = row.seq;
    }
    if (rows.length < BATCH) return last;
  }
}

/** The database takes no row that does not follow the head, no matter who writes it. */
async function refuseUnchained(db: Kysely<unknown>, dialect: "sqlite" | "postgres"): Promise<void> {
  if (dialect === "sqlite") {
    await sql`CREATE TRIGGER audit_follows BEFORE INSERT ON audit WHEN NOT EXISTS (SELECT 1 FROM audit_head WHERE seq = NEW.seq AND hash = NEW.prev_hash) OR length(NEW.hash) <> 64 BEGIN SELECT RAISE(ABORT, 'audit is append-only: a row must follow the head of the chain'); END`.execute(
      db,
    );
    return;
  }
  await sql`ALTER TABLE audit ALTER COLUMN seq DROP DEFAULT, ALTER COLUMN prev_hash DROP DEFAULT, ALTER COLUMN hash DROP DEFAULT`.execute(
    db,
  );
  await sql`DROP SEQUENCE IF EXISTS audit_seq_seq`.execute(db);
  await sql`CREATE FUNCTION audit_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF length(NEW.hash) = 64 AND EXISTS (SELECT 1 FROM audit_head WHERE seq = NEW.seq AND hash = NEW.prev_hash) THEN RETURN NEW; END IF; RAISE EXCEPTION 'audit is append-only: a row must follow the head of the chain'; END $$`.execute(
    db,
  );
  await sql`CREATE TRIGGER audit_follows BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_follow()`.execute(
    db,
  );
}
