import { DatabaseSync } from "node:sqlite";

import { Kysely, SqliteDialect } from "kysely";
import { Migrator } from "kysely/migration";
import { expect } from "vitest";

import { createRequestsMigration } from "../../src/store/migrations/0001-requests.ts";
import type { Database } from "../../src/store/schema.ts";

/** An SQLite file without anything that the bot's own way of opening it does. */
export function openBareSqlite(file: string): Kysely<Database> {
  const database = new DatabaseSync(file);
  return new Kysely<Database>({
    dialect: new SqliteDialect({
      database: {
        close: () => database.close(),
        prepare(query) {
          const statement = database.prepare(query);
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...(parameters as string[])),
            run: (parameters) => statement.run(...(parameters as string[])),
            iterate: (parameters) => statement.iterate(...(parameters as string[])),
          };
        },
      },
    }),
  });
}

/** The tables as the first version made them. */
export async function migrateToFirst(db: Kysely<Database>, dialect: "sqlite" | "postgres"): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ "0001-requests": createRequestsMigration(dialect) }) },
  });
  expect((await migrator.migrateToLatest()).error).toBeUndefined();
}
