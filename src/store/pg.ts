import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { type Driver, PostgresDialect, PostgresDriver, type PostgresPool } from "kysely";
import pg from "pg";

/** Waiting for a connection, free or new, ends with an error after this. */
const CONNECT_MS = 15_000;
/** A replica that is frozen in the middle of a transaction may hold up the others for as long. */
const IDLE_IN_TRANSACTION_MS = 10_000;
/** Longer than what a statement may wait for such a replica. */
const SILENCE_MS = 30_000;

/**
 * PostgreSQL for Kysely, with at most `max` connections. One that is cut (a fail-over, an administrator, the network)
 * fails what runs on it and is replaced; a transaction never goes on over another one.
 *
 * `silenceMs`: a connection on which PostgreSQL says nothing for so long is cut. Where a network swallows everything,
 * the operating system would notice only after a quarter of an hour. 0: never, for statements that may take long.
 */
export function postgresDialect(url: string, max: number, silenceMs = SILENCE_MS): PostgresDialect {
  const pool = createPool(url, max, silenceMs);
  const dialect = new PostgresDialect({ pool });
  return Object.assign(dialect, { createDriver: (): Driver => new ReasonKeepingDriver({ pool }) });
}

/** A rollback that fails, as the connection was cut, must not hide why. PostgreSQL rolled back by itself. */
class ReasonKeepingDriver extends PostgresDriver {
  /** Where it fails the connection is not used again. */
  override async rollbackTransaction(
    ...connection: Parameters<PostgresDriver["rollbackTransaction"]>
  ): Promise<void> {
    await super.rollbackTransaction(...connection).catch(ignore);
  }
}

function createPool(url: string, max: number, silenceMs: number): PostgresPool {
  const pool = new pg.Pool({
    connectionString: withStandardTls(url),
    fallback_application_name: "zt-bot",
    max,
    connectionTimeoutMillis: CONNECT_MS,
    // Not query_timeout: that gives a connection back on which a statement is still running.
    stream: () => new Socket().setTimeout(silenceMs, cut),
    keepAlive: true,
    // PostgreSQL ends a suspended machine's transaction; on waking, it finds the connection cut.
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    // Awaited before the first statement. Of a table with a million rows PostgreSQL expects so much of the engine's poll that
    // it would compile it, each second, for longer than it runs. Where there is no such setting, nothing is compiled.
    // oxlint-disable-next-line typescript/no-misused-promises -- pg-pool awaits it, which its types do not say
    onConnect: async (client) => void (await client.query("SET jit = off").catch(ignore)),
    types: { getTypeParser },
  });
  // A connection in use learns from its statement that it was cut; an idle one has no user to tell. Without
  // a listener each of these would end the process.
  pool.on("error", ignore);
  pool.on("connect", (client) => client.on("error", ignore));
  return {
    options: pool.options,
    connect: () => pool.connect(),
    async end() {
      // An ending pool forgets who waits for a connection. Kysely refuses them, each as soon as it gets one, and lets
      // nobody else in.
      while (pool.waitingCount > 0) await sleep(10);
      await pool.end();
    },
  };
}

/** `sslmode` as PostgreSQL's own tools read it: `require` encrypts, `verify-full` also checks who answers. */
export function withStandardTls(url: string): string {
  if (url.includes("uselibpqcompat=")) return url;
  return `${url}${url.includes("?") ? "&" : "?"}uselibpqcompat=true`;
}

const INT8: number = pg.types.builtins.INT8;

// 64-bit integers here are counters and epoch milliseconds: exact as JavaScript numbers until the year 287396.
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: "text" | "binary") =>
  oid === INT8 ? Number : pg.types.getTypeParser(oid, format);

function cut(this: Socket): void {
  this.destroy(new Error("PostgreSQL does not answer: the connection was cut"));
}

function ignore(): void {}
