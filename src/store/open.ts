import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

import { Kysely, SqliteDialect, type SqliteDatabase } from "kysely";
import { Migrator } from "kysely/migration";

import type { Config } from "../config.ts";
import { createRequestsMigration } from "./migrations/0001-requests.ts";
import { createTargetsMigration } from "./migrations/0002-targets.ts";
import { deliveriesMigration } from "./migrations/0003-deliveries.ts";
import { createAuditChainMigration } from "./migrations/0004-audit-chain.ts";
import { createApprovalsMigration } from "./migrations/0005-approvals.ts";
import { severalMigration } from "./migrations/0006-several.ts";
import { createMessagesMigration } from "./migrations/0007-messages.ts";
import { refusedMigration } from "./migrations/0008-refused.ts";
import { createExecutionMigration } from "./migrations/0009-execution.ts";
import { stepUpMigration } from "./migrations/0013-step-up.ts";
import { postgresDialect } from "./pg.ts";
import type { Database } from "./schema.ts";

export type Db = Kysely<Database>;

export interface Store {
  db: Db;
  close(): Promise<void>;
}

/** Another process already works on these files. */
export class StoreInUseError extends Error {
  override readonly name = "StoreInUseError";
  constructor(directory: string) {
    super(
      `another zt-bot is already running on ${directory}: stop it first, or set DATABASE_URL=postgres://… to run several`,
    );
  }
}

/**
 * Opens the tables and brings them up to date. Embedded: `zt.db` and, beside it, `lock.db`, which makes sure that one
 * process works on the folder. The operating system drops the lock with the process.
 * @throws StoreInUseError
 */
export async function openStore(config: Config["database"]): Promise<Store> {
  if (config.kind === "postgres") return openPostgres(config.url);
  mkdirSync(config.directory, { recursive: true });
  const unlock = lockDirectory(config.directory);
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: openSqlite(config.file) }) });
  await migrate(db, "sqlite");
  return {
    db,
    async close() {
      await db.destroy();
      unlock();
    },
  };
}

/** The tables alone: see openTables. */
export interface Tables {
  db: Db;
  close(): Promise<void>;
}

/** There is no database where the settings say. */
export class NoStoreError extends Error {
  override readonly name = "NoStoreError";
  constructor(file: string) {
    super(`there is no database ${file}: zt-bot makes it when it first starts`);
  }
}

/**
 * The tables for a command beside the running bot: nothing is brought up to date, and no lock is taken unless
 * `exclusive` says that the bot must not run meanwhile (SQLite only: PostgreSQL has locks of its own).
 * @throws NoStoreError, StoreInUseError
 */
export async function openTables(
  config: Config["database"],
  { exclusive = false }: { exclusive?: boolean } = {},
): Promise<Tables> {
  if (config.kind === "postgres") {
    // Nobody waits for a command, and moving a year of records into the archive may take its time.
    const db = new Kysely<Database>({ dialect: postgresDialect(config.url, 2, 0) });
    return { db, close: () => db.destroy() };
  }
  if (!existsSync(config.file)) throw new NoStoreError(config.file);
  const unlock = exclusive ? lockDirectory(config.directory) : () => {};
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: openSqlite(config.file) }) });
  return {
    db,
    async close() {
      await db.destroy();
      unlock();
    },
  };
}

/**
 * Connections of one process; PostgreSQL allows 100 of all together unless it is told otherwise. Statements here take
 * about a millisecond, so that few are enough.
 */
const CONNECTIONS = 6;

async function openPostgres(url: string): Promise<Store> {
  // On a connection of its own, which may take its time; replicas that start together do it one after another.
  const tables = await openTables({ kind: "postgres", url });
  try {
    await migrate(tables.db, "postgres");
  } finally {
    await tables.close();
  }
  const db = new Kysely<Database>({ dialect: postgresDialect(url, CONNECTIONS) });
  return { db, close: () => db.destroy() };
}

async function migrate(db: Db, dialect: "sqlite" | "postgres"): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: {
      getMigrations: () =>
        Promise.resolve({
          "0001-requests": createRequestsMigration(dialect),
          "0002-targets": createTargetsMigration(dialect),
          "0003-deliveries": deliveriesMigration,
          "0004-audit-chain": createAuditChainMigration(dialect),
          "0005-approvals": createApprovalsMigration(dialect),
          "0006-several": severalMigration,
          "0007-messages": createMessagesMigration(dialect),
          "0008-refused": refusedMigration,
          "0009-execution": createExecutionMigration(dialect),
          "0013-step-up": stepUpMigration,
        }),
    },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw new Error("the database could not be brought up to date", { cause: error });
}

function openSqlite(file: string): SqliteDatabase {
  const database = new DatabaseSync(file);
  // FULL: an approval that was answered must survive a power cut, not only a crash.
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;",
  );
  return {
    close: () => database.close(),
    prepare(query) {
      const statement = database.prepare(query);
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
        iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
      };
    },
  };
}

function lockDirectory(directory: string): () => void {
  const lock = new DatabaseSync(join(directory, "lock.db"));
  try {
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
  } catch {
    lock.close();
    throw new StoreInUseError(directory);
  }
  return () => lock.close();
}
