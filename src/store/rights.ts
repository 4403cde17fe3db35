// cspell:words rolsuper rolcreaterole rolname relowner relnamespace nspowner
import { type Kysely, sql } from "kysely";

import type { Database } from "./schema.ts";

/**
 * What zt-bot's role does with each table in PostgreSQL, and all that it may: the role that owns the tables is
 * another one, and only for migrations and archiving. A table that is missing here does not compile.
 */
const RIGHTS: Record<keyof Database, string> = {
  requests: "SELECT, INSERT, UPDATE",
  request_targets: "SELECT, INSERT, UPDATE",
  posts: "SELECT, INSERT, UPDATE, DELETE",
  audit: "SELECT, INSERT",
  audit_head: "SELECT, UPDATE",
  audit_sinks: "SELECT, INSERT, UPDATE",
  deliveries: "SELECT, INSERT, UPDATE, DELETE",
  drafts: "SELECT, INSERT, DELETE",
  switches: "SELECT, INSERT, UPDATE, DELETE",
  target_locks: "SELECT, INSERT, DELETE",
  authenticators: "SELECT, INSERT, UPDATE",
  code_tries: "SELECT, INSERT, UPDATE",
  homes: "SELECT, INSERT, UPDATE, DELETE",
  threads: "SELECT, INSERT, UPDATE",
  thread_replies: "SELECT, INSERT, UPDATE",
  block_ends: "SELECT, INSERT, UPDATE",
  incidents: "SELECT, INSERT, UPDATE",
  incident_people: "SELECT, INSERT, UPDATE",
  incident_entries: "SELECT, INSERT",
  watches: "SELECT, INSERT, UPDATE, DELETE",
  watch_events: "SELECT, INSERT, UPDATE",
  rate_limits: "SELECT, INSERT, UPDATE",
  rate_permits: "SELECT, INSERT, UPDATE, DELETE",
};
/** Kysely's list of migrations: whether the tables are up to date. */
const ALL_RIGHTS: Record<string, string> = { ...RIGHTS, kysely_migration: "SELECT" };
const SEQUENCES = ["posts_seq_seq", "thread_replies_seq_seq", "incident_entries_seq_seq"];

/** Gives a role exactly these rights, whatever it had before. For the owner of the tables. */
export async function grantRights(db: Kysely<Database>, role: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const schema = await sql<{ name: string }>`SELECT current_schema() AS name`.execute(trx);
    await sql`GRANT USAGE ON SCHEMA ${sql.id(schema.rows[0]?.name ?? "public")} TO ${sql.id(role)}`.execute(
      trx,
    );
    for (const [table, rights] of Object.entries(ALL_RIGHTS)) {
      await sql`REVOKE ALL ON ${sql.table(table)} FROM ${sql.id(role)}`.execute(trx);
      await sql`GRANT ${sql.raw(rights)} ON ${sql.table(table)} TO ${sql.id(role)}`.execute(trx);
    }
    for (const sequence of SEQUENCES)
      await sql`GRANT USAGE ON SEQUENCE ${sql.id(sequence)} TO ${sql.id(role)}`.execute(trx);
  });
}

/** What a role lacks of these rights, such as `INSERT on audit`. */
export async function findMissingRights(db: Kysely<Database>, role: string): Promise<string[]> {
  const wanted = Object.entries(ALL_RIGHTS).flatMap(([table, rights]) =>
    rights.split(", ").map((right) => ({ table, right })),
  );
  const { rows } = await sql<{ missing: string }>`
    SELECT privilege || ' on ' || name AS missing
    FROM unnest(${wanted.map(({ table }) => table)}::text[], ${wanted.map(({ right }) => right)}::text[])
      AS wanted (name, privilege)
    WHERE NOT has_table_privilege(${role}, name, privilege)
    UNION ALL SELECT 'USAGE on ' || name FROM unnest(${SEQUENCES}::text[]) AS sequences (name)
    WHERE NOT has_sequence_privilege(${role}, name, 'USAGE')`.execute(db);
  return rows.map(({ missing }) => missing);
}

/**
 * Why a role could change or remove rows of the record that are there: what is said of it in words, such as `owns the
 * tables`. Empty for a role that can only add to them.
 */
export async function findExcessRights(db: Kysely<Database>, role: string): Promise<string[]> {
  // MEMBER: who may become another role has its rights as well. The schema's owner may drop what is in it.
  const { rows } = await sql<{ why: string }>`
    SELECT why FROM pg_roles
    JOIN pg_class ON pg_class.oid = 'audit'::regclass
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    CROSS JOIN LATERAL (VALUES
      (1, 'is a superuser', rolsuper),
      (2, 'may create roles', rolcreaterole AND NOT rolsuper),
      (3, 'owns the tables', pg_has_role(rolname, relowner, 'MEMBER') AND NOT rolsuper),
      (4, 'owns their schema or database', pg_has_role(rolname, nspowner, 'MEMBER') AND NOT rolsuper),
      (5, 'may UPDATE the record', has_any_column_privilege(rolname, pg_class.oid, 'UPDATE') AND NOT rolsuper),
      (6, 'may DELETE from the record', has_table_privilege(rolname, pg_class.oid, 'DELETE') AND NOT rolsuper),
      (7, 'may TRUNCATE the record', has_table_privilege(rolname, pg_class.oid, 'TRUNCATE') AND NOT rolsuper),
      (8, 'may put triggers on the record', has_table_privilege(rolname, pg_class.oid, 'TRIGGER') AND NOT rolsuper)
    ) AS reasons (place, why, applies)
    WHERE rolname = ${role} AND applies ORDER BY place`.execute(db);
  const reasons = rows.map(({ why }) => why);
  // An owner has all the rest by that.
  const owner = reasons.indexOf("owns the tables");
  return owner === -1 ? reasons : reasons.slice(0, owner + 1);
}

/** The role of this connection. */
export async function readRole(db: Kysely<Database>): Promise<string> {
  const { rows } = await sql<{ role: string }>`SELECT current_user AS role`.execute(db);
  return rows[0]?.role ?? "";
}

/** Whether the role of this connection may alter the tables; or create them, where there are none. */
export async function mayMigrate(db: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql<{ may: boolean | null }>`
    SELECT coalesce(
      (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('audit')),
      has_schema_privilege(current_schema(), 'CREATE')
    ) AS may`.execute(db);
  return rows[0]?.may === true;
}
