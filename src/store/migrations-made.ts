import { type Kysely, sql } from "kysely";

import type { Database } from "./schema.ts";

/** How the tables stand beside this version of zt-bot. */
export interface Migrations {
  /** Names of those that are still to be made. */
  missing: readonly string[];
  /** Names of those that a newer zt-bot made: this one does not know them. */
  unknown: readonly string[];
  /** Because of them this version can't work with the tables. */
  isTooNew: boolean;
}

/** Compares what was made of the tables with `ours`, the names of all that this version knows. */
export async function readMigrations(db: Kysely<Database>, ours: readonly string[]): Promise<Migrations> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === "kysely_migration"))
    return { missing: ours, unknown: [], isTooNew: false };
  const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration`.execute(db);
  return compareMigrations(
    rows.map(({ name }) => name),
    ours,
  );
}

/**
 * A migration only adds what an older version need not know, so that versions work side by side while replicas are
 * upgraded one by one. One that takes something away says so in its name: no version works with
 * `0031-without-drafts.needs-0028` that does not know migration 0028 (docs/adr/0044).
 */
export function compareMigrations(made: readonly string[], ours: readonly string[]): Migrations {
  const missing = ours.filter((name) => !made.includes(name));
  const unknown = made.filter((name) => !ours.includes(name));
  const newest = Math.max(0, ...ours.map(numberOf));
  const worksWith = (name: string): boolean => numberOf(name) > newest && neededBy(name) <= newest;
  // What another branch of the code made is not newer, and nothing can be added below what is newer.
  const isTooNew = unknown.length > 0 && (missing.length > 0 || !unknown.every(worksWith));
  return { missing, unknown, isTooNew };
}

function numberOf(name: string): number {
  return Number(/^\d{4}(?=-)/.exec(name)?.[0] ?? 0);
}

function neededBy(name: string): number {
  return Number(/\.needs-(\d{4})$/.exec(name)?.[1] ?? 0);
}
