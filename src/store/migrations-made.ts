import { type Kysely, sql } from "kysely";

import type { Database } from "./schema.ts";

/** How the tables stand beside this version of zt-bot. */
export interface Migrations {
  /** Names of those that are still to be made. */
  missing: readonly string[];
  /** A newer zt-bot made some that this one does not know. */
  isNewer: boolean;
}

/** Compares what was made of the tables with `ours`, the names of all that this version knows. */
export async function readMigrations(db: Kysely<Database>, ours: readonly string[]): Promise<Migrations> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === "kysely_migration")) return { missing: ours, isNewer: false };
  const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration`.execute(db);
  const made = new Set(rows.map(({ name }) => name));
  return {
    missing: ours.filter((name) => !made.has(name)),
    isNewer: [...made].some((name) => !ours.includes(name)),
  };
}
