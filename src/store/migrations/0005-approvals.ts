import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * What an approval by several people needs: their votes, who is protected, what holds a request up, break-glass;
 * which request works on which user now; and the switch that pauses everything.
 */
export function createApprovalsMigration(dialect: "sqlite" | "postgres"): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      if (dialect === "postgres") return addApprovals(db);
      // As in 0004: for SQLite the migrator opens no transaction, and may come by again.
      const known = await sql`SELECT 1 FROM sqlite_master WHERE name = 'target_locks'`.execute(db);
      if (known.rows.length > 0) return;
      await db.transaction().execute(addApprovals);
    },
  };
}

async function addApprovals(db: Kysely<unknown>): Promise<void> {
  const requests = db.schema.alterTable("requests");
  await requests.addColumn("votes", "text", (column) => column.notNull().defaultTo("[]")).execute();
  await requests.addColumn("vote_count", "integer", (column) => column.notNull().defaultTo(0)).execute();
  await requests.addColumn("is_protected", "integer", (column) => column.notNull().defaultTo(0)).execute();
  // Null for requests made before: several open ones of the same plan may be among them.
  await requests.addColumn("once", "integer").execute();
  await requests.addColumn("held", "text").execute();
  await requests.addColumn("runs", "integer", (column) => column.notNull().defaultTo(0)).execute();
  await requests.addColumn("nudge_at", "bigint").execute();
  await requests.addColumn("reminders", "integer", (column) => column.notNull().defaultTo(0)).execute();
  await requests.addColumn("escalated_at", "bigint").execute();
  await requests.addColumn("nobody_there_at", "bigint").execute();
  await requests.addColumn("break_glass", "text").execute();
  await requests.addColumn("review", "text").execute();
  await requests.addColumn("review_due", "bigint").execute();
  // The approver of what is still to be carried out must be known by then.
  await sql`UPDATE requests SET vote_count = 1, votes = '[{"at":' || CAST(decided_at AS text) || ',"by":"' || decided_by || '"}]' WHERE status IN ('approved', 'executing', 'unknown') AND decided_by IS NOT NULL`.execute(
    db,
  );
  await sql`CREATE UNIQUE INDEX requests_once ON requests (plan_hash) WHERE once = 1 AND status IN ('pending', 'approved', 'executing', 'unknown')`.execute(
    db,
  );
  await sql`CREATE INDEX requests_review ON requests (review_due) WHERE review_due IS NOT NULL`.execute(db);
  await db.schema
    .createTable("target_locks")
    .addColumn("target", "text", (column) => column.primaryKey())
    .addColumn("request_id", "text", (column) => column.notNull().references("requests.id"))
    .addColumn("at", "bigint", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("target_locks_request").on("target_locks").column("request_id").execute();
  // What is under way has its user already; of two on one user, which there was no rule against, one.
  await sql`INSERT INTO target_locks (target, request_id, at) SELECT target_id, MIN(id), MIN(started_at) FROM requests WHERE status IN ('executing', 'unknown') AND target_id <> '' AND started_at IS NOT NULL GROUP BY target_id`.execute(
    db,
  );
  await db.schema
    .createTable("switches")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("data", "text", (column) => column.notNull())
    .addColumn("at", "bigint", (column) => column.notNull())
    .execute();
}
