import { DatabaseSync } from "node:sqlite";

import { Kysely, SqliteDialect } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { expect } from "vitest";

import { createRequestsMigration } from "../../src/store/migrations/0001-requests.ts";
import { createTargetsMigration } from "../../src/store/migrations/0002-targets.ts";
import { deliveriesMigration } from "../../src/store/migrations/0003-deliveries.ts";
import { createAuditChainMigration } from "../../src/store/migrations/0004-audit-chain.ts";
import { createApprovalsMigration } from "../../src/store/migrations/0005-approvals.ts";
import { severalMigration } from "../../src/store/migrations/0006-several.ts";
import { createMessagesMigration } from "../../src/store/migrations/0007-messages.ts";
import { refusedMigration } from "../../src/store/migrations/0008-refused.ts";
import type { Database } from "../../src/store/schema.ts";
import type { Dialect } from "./contracts/audit-chain.contract.ts";

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
export function migrateToFirst(db: Kysely<Database>, dialect: Dialect): Promise<void> {
  return migrate(db, { "0001-requests": createRequestsMigration(dialect) });
}

/** The tables as they were while a workflow engine carried requests out. */
export function migrateToEighth(db: Kysely<Database>, dialect: Dialect): Promise<void> {
  return migrate(db, {
    "0001-requests": createRequestsMigration(dialect),
    "0002-targets": createTargetsMigration(dialect),
    "0003-deliveries": deliveriesMigration,
    "0004-audit-chain": createAuditChainMigration(dialect),
    "0005-approvals": createApprovalsMigration(dialect),
    "0006-several": severalMigration,
    "0007-messages": createMessagesMigration(dialect),
    "0008-refused": refusedMigration,
  });
}

async function migrate(db: Kysely<Database>, migrations: Record<string, Migration>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
  expect((await migrator.migrateToLatest()).error).toBeUndefined();
}
