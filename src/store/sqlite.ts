import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from "kysely";

import { sqliteCode } from "./trouble.ts";

/** How long a write waits for another writer: another program, as this process takes turns. */
const BUSY_MS = 5000;
const RETRY_MS = 10;

/**
 * SQLite for Kysely, on `node:sqlite`: see docs/adr/0013. Its calls run on the event loop, so nothing here waits inside
 * of SQLite: who finds the file locked tries again from a timer. Writes take turns on one connection. Reads outside of
 * a transaction have another one, as in WAL mode nobody keeps them from reading what is committed; so they go on while
 * nothing can be written.
 */
export function sqliteDialect(file: string): Dialect {
  return {
    createAdapter: () => new ManyConnectionsAdapter(),
    createDriver: () => createDriver(file),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** Kysely would else let everybody wait for one connection. */
class ManyConnectionsAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/** What Kysely takes for a connection: where its statements run depends on whether a transaction is open. */
interface Connection extends DatabaseConnection {
  transaction: { database: DatabaseSync; end(): void } | null;
}

function createDriver(file: string): Driver {
  const writer = open(file);
  const reader = open(file);
  reader.exec("PRAGMA query_only = ON;");
  const takeTurn = createTurns();

  /** The writer, for as long as nobody gives it back. Who waited for a turn has waited for the file as well. */
  async function write<T>(act: () => T): Promise<{ result: T; end(): void }> {
    const deadline = performance.now() + BUSY_MS;
    const end = await takeTurn();
    try {
      return { result: await whenFree(deadline, act), end };
    } catch (error) {
      end();
      throw error;
    }
  }

  function connect(): Connection {
    const connection: Connection = {
      transaction: null,
      async executeQuery<R>(query: CompiledQuery) {
        if (connection.transaction !== null) return runWithin<R>(connection.transaction.database, query);
        if (SelectQueryNode.is(query.query))
          return whenFree(performance.now() + BUSY_MS, () => run<R>(reader, query));
        const { result, end } = await write(() => run<R>(writer, query));
        end();
        return result;
      },
      streamQuery() {
        throw new Error("rows are read in batches here, not as a stream");
      },
    };
    return connection;
  }

  async function begin(connection: Connection, { accessMode }: TransactionSettings): Promise<void> {
    if (accessMode === "read only") {
      // One snapshot, for as long as it takes: nobody who writes waits for it.
      const database = open(file);
      database.exec("PRAGMA query_only = ON; BEGIN;");
      connection.transaction = { database, end: () => database.close() };
      return;
    }
    // Not a deferred one, which might find out only later that somebody else writes, and then for good.
    const { end } = await write(() => writer.exec("BEGIN IMMEDIATE"));
    connection.transaction = { database: writer, end };
  }

  function finish(connection: Connection, how: "COMMIT" | "ROLLBACK"): void {
    const { transaction } = connection;
    if (transaction === null) return;
    try {
      // A full disk makes SQLite roll back by itself.
      if (how === "COMMIT" || transaction.database.isTransaction) transaction.database.exec(how);
    } catch (error) {
      // What could not be committed is rolled back by Kysely in a moment: the turn is over then.
      if (how === "COMMIT") throw error;
    }
    connection.transaction = null;
    transaction.end();
  }

  return {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connect()),
    beginTransaction: (connection, settings) => begin(connection as Connection, settings),
    commitTransaction: async (connection) => finish(connection as Connection, "COMMIT"),
    rollbackTransaction: async (connection) => finish(connection as Connection, "ROLLBACK"),
    releaseConnection: () => Promise.resolve(),
    async destroy() {
      reader.close();
      // The last connection to close moves everything into the one file.
      writer.close();
    },
  };
}

function open(file: string): DatabaseSync {
  // Only while it is opened may SQLite itself wait.
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  // FULL: an approval that was answered must survive a power cut, not only a crash.
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 0;",
  );
  return database;
}

/** So many statements of a connection are kept: all that come again and again, without those of a rare length. */
const KEPT_STATEMENTS = 200;
const statements = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

/** To prepare a statement takes longer than most take to run. Those used last are kept. */
function prepare(database: DatabaseSync, sql: string): StatementSync {
  const kept = statements.get(database) ?? new Map<string, StatementSync>();
  statements.set(database, kept);
  const statement = kept.get(sql) ?? database.prepare(sql);
  kept.delete(sql);
  kept.set(sql, statement);
  const [oldest] = kept.keys();
  if (kept.size > KEPT_STATEMENTS && oldest !== undefined) kept.delete(oldest);
  return statement;
}

function run<R>(database: DatabaseSync, { sql, parameters }: CompiledQuery): QueryResult<R> {
  const statement = prepare(database, sql);
  const values = parameters as SQLInputValue[];
  if (statement.columns().length > 0) return { rows: statement.all(...values) as R[] };
  const { changes, lastInsertRowid } = statement.run(...values);
  return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
}

/** After a full disk SQLite has rolled back by itself: what follows must not be written without what came before. */
function runWithin<R>(database: DatabaseSync, query: CompiledQuery): QueryResult<R> {
  if (!database.isTransaction) throw new Error("the transaction was rolled back");
  return run<R>(database, query);
}

/** Tries until nobody else has the file locked, or `deadline` (by `performance.now()`) is over. */
async function whenFree<T>(deadline: number, act: () => T): Promise<T> {
  for (;;) {
    try {
      return act();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error;
    }
    await sleep(RETRY_MS);
  }
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return sqliteCode(error) === SQLITE_BUSY;
}

/** Each waits for all who came before, and gives up the turn with what it gets. */
function createTurns(): () => Promise<() => void> {
  let last = Promise.resolve();
  return async () => {
    const turn = Promise.withResolvers<void>();
    const before = last;
    last = turn.promise;
    await before;
    return turn.resolve;
  };
}
