import postgres from "postgres";

/** What both kinds of pool have in common with a pool of postgres.js. */
type Options = postgres.Options<Record<string, postgres.PostgresType>>;

/** One connection, made anew when it was cut. */
interface Lane {
  sql: postgres.Sql;
  /** How often it was cut so far. */
  cuts: number;
  /** Called once, when it is cut next. */
  onCut: (() => void) | null;
}

/**
 * Connections to PostgreSQL for Kysely, which reserves one for every query.
 *
 * Reserving is our own: that of postgres.js does not outlive a cut connection (a fail-over, an administrator, the
 * network). A connection that was cut and is given back counts as open, and the next write to it ends the process,
 * from a timer where nobody can catch it; who waits for a connection meanwhile waits for ever. So each connection is
 * a client with room for one, which it makes anew by itself, and here they are handed out.
 */
export function connect(url: string, max: number): postgres.Sql {
  return withLanes(
    // Opens no connection unless it is asked for something without reserving.
    postgres(url, { ...TABLES, max: 1 }),
    createLanes(url, max, TABLES),
  );
}

/** Connections for the workflow engine, which names its columns in its own way and reserves some for transactions. */
export function connectEngine(url: string, max: number): postgres.Sql {
  const transactions = Math.ceil(max / 3);
  return withLanes(
    postgres(url, { ...ENGINE, max: max - transactions }),
    createLanes(url, transactions, ENGINE),
  );
}

/** Asking for the types of arrays, of which there are none here, is one more query that nobody can catch. */
const COMMON: Options = { fetch_types: false, onnotice: () => {} };

const TABLES: Options = {
  ...COMMON,
  // 64-bit integers here are counters and epoch milliseconds: exact as JavaScript numbers until the year 287396.
  types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
};

const ENGINE: Options = { ...COMMON, transform: { column: { from: postgres.toCamel } } };

interface Lanes {
  reserve(): Promise<postgres.ReservedSql>;
  end(): Promise<void>;
}

function withLanes(pool: postgres.Sql, lanes: Lanes): postgres.Sql {
  const end = async (): Promise<void> => {
    await Promise.all([pool.end(), lanes.end()]);
  };
  return new Proxy(pool, {
    get(target, name) {
      if (name === "reserve") return lanes.reserve;
      if (name === "end") return end;
      return Reflect.get(target, name) as unknown;
    },
  });
}

function createLanes(url: string, count: number, options: Options): Lanes {
  const all = Array.from({ length: count }, (): Lane => {
    const lane: Lane = {
      cuts: 0,
      onCut: null,
      sql: postgres(url, {
        ...options,
        max: 1,
        max_lifetime: null,
        onclose() {
          lane.cuts += 1;
          lane.onCut?.();
          lane.onCut = null;
        },
      }),
    };
    return lane;
  });
  const free = [...all];
  const waiting: ((lane: Lane) => void)[] = [];

  function giveBack(lane: Lane): void {
    const next = waiting.shift();
    if (next === undefined) free.push(lane);
    else next(lane);
  }

  return {
    async reserve() {
      const lane = free.pop() ?? (await new Promise<Lane>((resolve) => waiting.push(resolve)));
      return lend(lane, () => giveBack(lane));
    },
    async end() {
      await Promise.all(all.map(({ sql }) => sql.end()));
    },
  };
}

/**
 * The connection for whoever reserved it. Once it was cut, nothing more goes over it, as the next one would be another
 * session: the rest of a transaction must not come into effect without its beginning.
 */
function lend(lane: Lane, release: () => void): postgres.ReservedSql {
  const { cuts, sql } = lane;
  let isFirst = true;
  let isBroken = false;
  const ask = (...query: Parameters<postgres.Sql["unsafe"]>): Promise<unknown> => {
    const answer = sql.unsafe(...query);
    answer.catch((error: unknown) => {
      isBroken ||= wasCut(error);
    });
    return answer;
  };
  const unsafe = (...query: Parameters<postgres.Sql["unsafe"]>): Promise<unknown> => {
    // Cut while it lay idle, before anything was asked of it: it is made anew.
    const isCut = !isFirst && lane.cuts !== cuts;
    isFirst = false;
    if (query[0] === "rollback") return rollBack(isCut ? null : ask(...query));
    return isCut ? Promise.reject(new ConnectionCutError()) : ask(...query);
  };
  const giveBack = (): void => {
    // Between a connection's error and its end, postgres.js still takes queries for it, and forgets them.
    if (isBroken && lane.cuts === cuts) lane.onCut = release;
    else release();
  };
  return new Proxy(sql, {
    get(target, name) {
      if (name === "unsafe") return unsafe;
      if (name === "release") return giveBack;
      return Reflect.get(target, name) as unknown;
    },
  }) as postgres.ReservedSql;
}

/**
 * PostgreSQL rolled back by itself what was under way on a connection that was cut. Kysely's driver for postgres.js
 * would make another error out of a failed rollback, one that hides the reason.
 */
async function rollBack(answer: Promise<unknown> | null): Promise<unknown> {
  try {
    if (answer !== null) return await answer;
  } catch (error) {
    if (!wasCut(error)) throw error;
  }
  return Object.assign([], { command: "ROLLBACK", count: 0 });
}

/** Errors of the socket and of postgres.js have an `errno`; PostgreSQL itself says goodbye with a fatal one. */
function wasCut(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return "errno" in error || ("severity" in error && error.severity === "FATAL");
}

/** The connection was cut in the middle of a transaction, of which nothing stays. */
export class ConnectionCutError extends Error {
  override readonly name = "ConnectionCutError";
  constructor() {
    super("the connection to PostgreSQL was cut");
  }
}
