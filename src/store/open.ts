import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

import { Kysely, SqliteDialect, type SqliteDatabase } from "kysely";
import { Migrator } from "kysely/migration";
import { PostgresJSDialect } from "kysely-postgres-js";
import type { Backend } from "openworkflow/internal";
import { BackendPostgres } from "openworkflow/postgres";
import { BackendSqlite } from "openworkflow/sqlite";

import type { Config } from "../config.ts";
import { createRequestsMigration } from "./migrations/0001-requests.ts";
import { createTargetsMigration } from "./migrations/0002-targets.ts";
import { deliveriesMigration } from "./migrations/0003-deliveries.ts";
import { createAuditChainMigration } from "./migrations/0004-audit-chain.ts";
import { createApprovalsMigration } from "./migrations/0005-approvals.ts";
import { severalMigration } from "./migrations/0006-several.ts";
import { createMessagesMigration } from "./migrations/0007-messages.ts";
import { refusedMigration } from "./migrations/0008-refused.ts";
import { connect, connectEngine, oneAtATime } from "./postgres.ts";
import type { Database } from "./schema.ts";

export type Db = Kysely<Database>;

export interface Store {
  db: Db;
  /** What is carried out, and what waits for its time. */
  workflows: Backend;
  /** What is posted: a queue of its own, so that neither holds up the other. */
  publications: Backend;
  close(): Promise<void>;
}

/** The engine's name for the second of its queues. */
const PUBLICATIONS = "publications";

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
 * Opens the tables and the workflow engine's own storage, and brings both up to date.
 *
 * Embedded: `zt.db` and, beside it, `workflows.db` (the engine sets no busy timeout, so it gets a file of its
 * own) and `lock.db`. The lock is what makes it safe to take over at once, at start, the runs of a process
 * that died: nobody else can be working on them. The operating system drops it with the process.
 * @throws StoreInUseError
 */
export async function openStore(config: Config["database"]): Promise<Store> {
  if (config.kind === "postgres") return openPostgres(config.url);
  mkdirSync(config.directory, { recursive: true });
  const unlock = lockDirectory(config.directory);
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: openSqlite(config.file) }) });
  await migrate(db, "sqlite");
  const file = join(config.directory, "workflows.db");
  // Two connections to one file: each of the engine's transactions is done before another piece of code runs.
  const workflows = BackendSqlite.connect(file);
  const publications = BackendSqlite.connect(file, { namespaceId: PUBLICATIONS });
  await db
    .updateTable("requests")
    .set({ publishing_until: null })
    .where("publishing_until", "is not", null)
    .execute();
  for (const queue of [workflows, publications]) await releaseDeadRuns(queue);
  return {
    db,
    workflows,
    publications,
    async close() {
      await workflows.stop();
      await publications.stop();
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
    const db = new Kysely<Database>({ dialect: new PostgresJSDialect({ postgres: connect(config.url, 2) }) });
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
const CONNECTIONS = { tables: 6, engine: 5 };

async function openPostgres(url: string): Promise<Store> {
  const pool = connect(url, CONNECTIONS.tables);
  const db = new Kysely<Database>({ dialect: new PostgresJSDialect({ postgres: pool }) });
  await oneAtATime(url, MIGRATION_LOCK, async () => {
    await migrate(db, "postgres");
    // For its migrations alone.
    await (await BackendPostgres.connect(url)).stop();
  });
  const engine = connectEngine(url, CONNECTIONS.engine);
  return {
    db,
    workflows: BackendPostgres.fromPool(engine),
    publications: BackendPostgres.fromPool(engine, { namespaceId: PUBLICATIONS }),
    async close() {
      await engine.end();
      await db.destroy();
    },
  };
}

/**
 * Replicas that start together bring the database up to date one after another: the engine's migrations take no lock.
 * Any number that nothing else in the database locks.
 */
const MIGRATION_LOCK = 7_436_021;

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

/**
 * A crashed worker's runs are leased to it for another 30 s. Nobody else works on these files, so the leases
 * are ended now: an approved revocation does not wait half a minute after a restart.
 */
async function releaseDeadRuns(workflows: Backend): Promise<void> {
  let after: string | undefined;
  do {
    const page = await workflows.listWorkflowRuns({
      status: "running",
      limit: 100,
      ...(after === undefined ? {} : { after }),
    });
    for (const run of page.data) {
      if (run.workerId === null) continue;
      await workflows.extendWorkflowRunLease({
        workflowRunId: run.id,
        workerId: run.workerId,
        leaseDurationMs: 0,
      });
    }
    after = page.pagination.next ?? undefined;
  } while (after !== undefined);
}
