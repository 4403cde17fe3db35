import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { Kysely, sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";

import { compact } from "../compact.ts";
import type { Config } from "../config.ts";
import { describeExposed, restrict } from "./file-modes.ts";
import { list } from "../pluralize.ts";
import { createRequestsMigration } from "./migrations/0001-requests.ts";
import { createTargetsMigration } from "./migrations/0002-targets.ts";
import { deliveriesMigration } from "./migrations/0003-deliveries.ts";
import { createAuditChainMigration } from "./migrations/0004-audit-chain.ts";
import { createApprovalsMigration } from "./migrations/0005-approvals.ts";
import { severalMigration } from "./migrations/0006-several.ts";
import { createMessagesMigration } from "./migrations/0007-messages.ts";
import { refusedMigration } from "./migrations/0008-refused.ts";
import { createExecutionMigration } from "./migrations/0009-execution.ts";
import { createForwardedHashMigration } from "./migrations/0010-forwarded-hash.ts";
import { proofMigration } from "./migrations/0011-proof.ts";
import { homesMigration } from "./migrations/0015-homes.ts";
import { stepUpMigration } from "./migrations/0013-step-up.ts";
import { createThreadsMigration } from "./migrations/0017-threads.ts";
import { blockEndsMigration } from "./migrations/0018-block-ends.ts";
import { createIncidentsMigration } from "./migrations/0019-incidents.ts";
import { createWatchesMigration } from "./migrations/0020-watches.ts";
import { followedNotesMigration } from "./migrations/0022-followed-notes.ts";
import { createIdpDisabledMigration } from "./migrations/0023-idp-disabled.ts";
import { ratePermitsMigration } from "./migrations/0024-rate-permits.ts";
import { pruningMigration } from "./migrations/0025-pruning.ts";
import { createThreadHeadsMigration } from "./migrations/0028-thread-heads.ts";
import { pagesMigration } from "./migrations/0030-pages.ts";
import { readMigrations } from "./migrations-made.ts";
import { postgresDialect } from "./pg.ts";
import { findExcessRights, findMissingRights, grantRights, mayMigrate, readRole } from "./rights.ts";
import type { Database } from "./schema.ts";
import { sqliteDialect } from "./sqlite.ts";
import { sqliteCode } from "./trouble.ts";

export type Db = Kysely<Database>;

export interface Store {
  db: Db;
  /** What an operator should know of the place that the tables are in, as sentences. */
  warnings: readonly string[];
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

/** The tables are not of this version, or not ours to use, and this role cannot help it. */
export class StoreNotReadyError extends Error {
  override readonly name = "StoreNotReadyError";
}

const MIGRATE =
  "run npm run migrate with MIGRATION_DATABASE_URL set to the role that owns the tables, and start zt-bot again";

const NEWER =
  "the database is of a newer version of zt-bot, which this one works with for as long as an upgrade or the way back takes";

/**
 * Opens the tables and brings them up to date. Embedded: `zt.db` and, beside it, `lock.db`, which makes sure that one
 * process works on the folder. The operating system drops the lock with the process. PostgreSQL: brought up to date only
 * by a role that owns the tables.
 * @throws StoreInUseError, StoreNotReadyError
 */
export async function openStore(config: Config["database"]): Promise<Store> {
  if (config.kind === "postgres") return openPostgres(config.url);
  mkdirSync(config.directory, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(config.directory);
  const db = new Kysely<Database>({ dialect: sqliteDialect(config.file) });
  const warnings = keepPrivate(config.directory, config.file);
  const { isUpToDate, isNewer } = await compare(db, "sqlite");
  if (!isUpToDate) await migrate(db, "sqlite");
  return {
    db,
    warnings: compact(warnings, isNewer && NEWER),
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
  const db = new Kysely<Database>({ dialect: sqliteDialect(config.file) });
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
  let warnings: string[];
  try {
    warnings = await prepare(tables.db);
  } finally {
    await tables.close();
  }
  const db = new Kysely<Database>({ dialect: postgresDialect(url, CONNECTIONS) });
  return { db, warnings, close: () => db.destroy() };
}

/** @returns what is wrong with the role, as sentences. @throws StoreNotReadyError */
async function prepare(db: Db): Promise<string[]> {
  const role = await readRole(db);
  const { isUpToDate, isNewer } = await readState(db, role);
  if (!isUpToDate) {
    if (!(await mayMigrate(db)))
      throw new StoreNotReadyError(
        `the database is not up to date, and the role ${role} does not own the tables: ${MIGRATE}`,
      );
    await migrate(db, "postgres");
  }
  const missing = await findMissingRights(db, role);
  if (missing.length > 0)
    throw new StoreNotReadyError(
      `the role ${role} lacks rights in the database (${list(missing)}): npm run migrate grants them, with MIGRATION_DATABASE_URL set to the role that owns the tables`,
    );
  return compact(isNewer && NEWER, await describeExcess(db, role));
}

async function describeExcess(db: Db, role: string): Promise<string | null> {
  const excess = await findExcessRights(db, role);
  if (excess.length === 0) return null;
  return `zt-bot's database role ${role} is too strong: it ${list(excess)}, and could change the record. docs/runbook.md says how to give it the least rights`;
}

interface State {
  /** Every migration of this version was made. */
  isUpToDate: boolean;
  /** And some that it does not know. */
  isNewer: boolean;
}

/** How PostgreSQL's tables stand. @throws StoreNotReadyError when this role or this version can't work with them. */
async function readState(db: Db, role: string): Promise<State> {
  const { rows: tables } = await sql<{ may: boolean }>`
    SELECT has_table_privilege(oid, 'SELECT') AS may FROM pg_class WHERE oid = to_regclass('kysely_migration')`.execute(
    db,
  );
  if (tables[0]?.may === false)
    throw new StoreNotReadyError(
      `the role ${role} has no rights in the database: npm run migrate grants them, with MIGRATION_DATABASE_URL set to the role that owns the tables`,
    );
  return compare(db, "postgres");
}

/** @throws StoreNotReadyError when a newer version changed the tables in a way that this one can't work with. */
async function compare(db: Db, dialect: "sqlite" | "postgres"): Promise<State> {
  const { missing, unknown, isTooNew } = await readMigrations(db, listMigrations(dialect));
  if (isTooNew) throw new StoreNotReadyError("the database is of a newer version of zt-bot: start that one");
  return { isUpToDate: missing.length === 0, isNewer: unknown.length > 0 };
}

/** What came of `migrateStore`, for people. */
export interface Migrated {
  /** The role that has the least rights by now; null: none was named, or it is the owner itself. */
  grantedTo: string | null;
  warnings: string[];
}

/**
 * Brings the tables up to date beside the bot, and gives the role that it runs as the rights that it needs and no
 * others; each time, as tables may have come.
 * @param grantTo PostgreSQL only
 * @throws StoreNotReadyError when the role of `config` does not own the tables; StoreInUseError
 */
export async function migrateStore(config: Config["database"], grantTo: string | null): Promise<Migrated> {
  if (config.kind === "sqlite") {
    const { warnings, close } = await openStore(config);
    await close();
    return { grantedTo: null, warnings: [...warnings] };
  }
  const { db, close } = await openTables(config);
  try {
    const owner = await readRole(db);
    if (!(await mayMigrate(db)))
      throw new StoreNotReadyError(
        `the role ${owner} may not migrate: it neither owns the tables nor may create them in the database. Set MIGRATION_DATABASE_URL to the role that does`,
      );
    const { isUpToDate } = await readState(db, owner);
    if (!isUpToDate) await migrate(db, "postgres");
    const role = grantTo === owner ? null : grantTo;
    if (role !== null) await grantRights(db, role);
    const excess = await describeExcess(db, role ?? owner);
    return { grantedTo: role, warnings: excess === null ? [] : [excess] };
  } finally {
    await close();
  }
}

function migrationsFor(dialect: "sqlite" | "postgres"): Record<string, Migration> {
  return {
    "0001-requests": createRequestsMigration(dialect),
    "0002-targets": createTargetsMigration(dialect),
    "0003-deliveries": deliveriesMigration,
    "0004-audit-chain": createAuditChainMigration(dialect),
    "0005-approvals": createApprovalsMigration(dialect),
    "0006-several": severalMigration,
    "0007-messages": createMessagesMigration(dialect),
    "0008-refused": refusedMigration,
    "0009-execution": createExecutionMigration(dialect),
    "0010-forwarded-hash": createForwardedHashMigration(dialect),
    "0011-proof": proofMigration,
    "0013-step-up": stepUpMigration,
    "0015-homes": homesMigration,
    "0017-threads": createThreadsMigration(dialect),
    "0018-block-ends": blockEndsMigration,
    "0019-incidents": createIncidentsMigration(dialect),
    "0020-watches": createWatchesMigration(dialect),
    "0022-followed-notes": followedNotesMigration,
    "0023-idp-disabled": createIdpDisabledMigration(dialect),
    "0024-rate-permits": ratePermitsMigration,
    "0025-pruning": pruningMigration,
    "0028-thread-heads": createThreadHeadsMigration(dialect),
    "0030-pages": pagesMigration,
  };
}

/** The names of all migrations that this version knows, in their order. */
export function listMigrations(dialect: "sqlite" | "postgres"): string[] {
  return Object.keys(migrationsFor(dialect));
}

async function migrate(db: Db, dialect: "sqlite" | "postgres"): Promise<void> {
  const provider = { getMigrations: () => Promise.resolve(migrationsFor(dialect)) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw new Error("the database could not be brought up to date", { cause: error });
}

const LOCK = "lock.db";
const SQLITE_BUSY = 5;

/**
 * The files are the bot's alone; SQLite gives those that it puts beside the database the same mode. A folder that was
 * there before may be meant for others as well: that is told.
 */
function keepPrivate(directory: string, file: string): string[] {
  const lock = join(directory, LOCK);
  const ours = [file, `${file}-wal`, `${file}-shm`, lock, `${lock}-journal`];
  return compact(...ours.map(restrict), describeExposed(directory));
}

function lockDirectory(directory: string): () => void {
  const lock = new DatabaseSync(join(directory, LOCK));
  try {
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
  } catch (error) {
    lock.close();
    throw sqliteCode(error) === SQLITE_BUSY ? new StoreInUseError(directory) : error;
  }
  return () => lock.close();
}
