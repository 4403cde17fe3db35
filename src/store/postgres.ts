import postgres from "postgres";

type Options = postgres.Options<Record<string, postgres.PostgresType>>;

/** A client with room for one connection, or its successor once that connection was cut. */
interface Lane {
  client: postgres.Sql;
  /** Takes the lane away from whoever holds it. */
  release: (() => void) | null;
}

/**
 * Connections to PostgreSQL for Kysely, which reserves one for every query.
 *
 * Handing them out is our own: that of postgres.js 3.4.9 does not outlive a connection that is cut (a fail-over, an
 * administrator, the network). Given back, it counts as open, and the next write to it ends the process from a timer
 * where nobody can catch it (porsager/postgres#1208); its buffer may be left so that it never writes again
 * (closed() clears the timer for the next write without forgetting it); what is asked of it before it has ended is
 * forgotten. So each connection is a client with room for one, used by one at a time, and thrown away once cut.
 */
export function connect(url: string, max: number): postgres.Sql {
  return createPool(url, max, TABLES);
}

/** Connections for the workflow engine, which names its columns in its own way. */
export function connectEngine(url: string, max: number): postgres.Sql {
  return createPool(url, max, ENGINE);
}

const COMMON: Options = {
  max: 1,
  max_lifetime: null,
  // What was asked of a client in the moment in which it was thrown away may make it connect once more, for nobody.
  idle_timeout: 60,
  // A replica that is frozen in the middle of a transaction (a suspended machine, a network that swallows everything)
  // must not hold up all others: PostgreSQL ends it, and whoever comes back finds the connection cut.
  connection: { idle_in_transaction_session_timeout: 10_000 },
  // Asking for the types of arrays, of which there are none here, is one more query that nobody can catch.
  fetch_types: false,
  onnotice: () => {},
};

const TABLES: Options = {
  ...COMMON,
  // 64-bit integers here are counters and epoch milliseconds: exact as JavaScript numbers until the year 287396.
  types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
};

const ENGINE: Options = { ...COMMON, transform: { column: { from: postgres.toCamel } } };

/**
 * Does something while no other process does it: a lock of PostgreSQL's, which ends with the session that holds it.
 * That is one of its own: those of a pool are closed when they lie idle. `key`: any number that nothing else locks.
 */
export async function oneAtATime<T>(url: string, key: number, work: () => Promise<T>): Promise<T> {
  const session = postgres(url, { ...COMMON, idle_timeout: 0 });
  try {
    await session`SELECT pg_advisory_lock(${key})`;
    return await work();
  } finally {
    await session.end({ timeout: 5 });
  }
}

/** What the engine and Kysely use of a pool: templates, fragments and identifiers, reserve and end. */
function createPool(url: string, count: number, options: Options): postgres.Sql {
  const lanes = createLanes(url, count, options);
  // Makes queries, fragments and identifiers, and runs none of them: it never opens a connection.
  const maker = postgres(url, options);
  return new Proxy(maker, {
    apply(target, self, args: unknown[]) {
      const made: unknown = Reflect.apply(target, self, args);
      return isTemplate(args[0])
        ? runWhenAwaited(made as postgres.PendingQuery<postgres.Row[]>, lanes)
        : made;
    },
    get(target, name) {
      if (name === "reserve") return lanes.reserve;
      if (name === "end") return lanes.end;
      return Reflect.get(target, name) as unknown;
    },
  });
}

function isTemplate(strings: unknown): boolean {
  return Array.isArray(strings) && "raw" in strings;
}

/** A template may be a fragment of another one: only who awaits it wants it run, and then it needs a connection. */
function runWhenAwaited(query: postgres.PendingQuery<postgres.Row[]>, lanes: Lanes): unknown {
  let answer: Promise<unknown> | null = null;
  const run = (): Promise<unknown> => (answer ??= runAlone(query, lanes));
  return Object.assign(query, {
    // oxlint-disable-next-line unicorn/no-thenable -- it is one: postgres.js's own way of running what is awaited.
    then: (...handlers: Parameters<Promise<unknown>["then"]>) => run().then(...handlers),
    catch: (...handlers: Parameters<Promise<unknown>["catch"]>) => run().catch(...handlers),
    finally: (...handlers: Parameters<Promise<unknown>["finally"]>) => run().finally(...handlers),
  });
}

async function runAlone(query: postgres.PendingQuery<postgres.Row[]>, lanes: Lanes): Promise<unknown> {
  const connection = await lanes.reserve();
  try {
    return await connection`${query}`;
  } finally {
    connection.release();
  }
}

interface Lanes {
  reserve(): Promise<postgres.ReservedSql>;
  end(): Promise<void>;
}

function createLanes(url: string, count: number, options: Options): Lanes {
  const free: Lane[] = [];
  const waiting: ((lane: Lane) => void)[] = [];
  let hasEnded = false;

  function createClient(lane: () => Lane): postgres.Sql {
    const client = postgres(url, { ...options, onclose: () => renew(lane(), client) });
    return client;
  }

  /** Throws a client away whose connection was cut. */
  function renew(lane: Lane, client: postgres.Sql): void {
    if (hasEnded || lane.client !== client) return;
    lane.client = createClient(() => lane);
    lane.release?.();
    void client.end({ timeout: 0 });
  }

  function lend(lane: Lane): postgres.ReservedSql {
    const { client } = lane;
    const release = (): void => {
      if (lane.release !== release) return;
      lane.release = null;
      const next = waiting.shift();
      if (next === undefined) free.push(lane);
      else next(lane);
    };
    lane.release = release;
    return watch(client, {
      isLost: () => lane.release !== release,
      onCut: () => renew(lane, client),
      release,
    });
  }

  const all = Array.from({ length: count }, () => {
    const lane: Lane = { client: createClient(() => lane), release: null };
    return lane;
  });
  free.push(...all);

  return {
    async reserve() {
      const lane = free.pop() ?? (await new Promise<Lane>((resolve) => waiting.push(resolve)));
      return lend(lane);
    },
    async end() {
      hasEnded = true;
      await Promise.all(all.map(({ client }) => client.end()));
    },
  };
}

interface Loan {
  /** It was cut or given back: whoever held it has nothing more to ask of it. */
  isLost: () => boolean;
  onCut: () => void;
  release: () => void;
}

/**
 * The client for whoever reserved it. Once its connection was cut, nothing more goes over it, as the next one would be
 * another session: the rest of a transaction must not come into effect without its beginning.
 */
function watch(client: postgres.Sql, { isLost, onCut, release }: Loan): postgres.ReservedSql {
  const ask = <Q extends Promise<unknown>>(query: Q): Q => {
    query.catch((error: unknown) => {
      if (wasCut(error)) onCut();
    });
    return query;
  };
  const unsafe = (...query: Parameters<postgres.Sql["unsafe"]>): Promise<unknown> => {
    if (/^rollback$/i.test(query[0])) return rollBack(() => (isLost() ? null : ask(client.unsafe(...query))));
    return isLost() ? Promise.reject(new ConnectionCutError()) : ask(client.unsafe(...query));
  };
  return new Proxy(client, {
    apply(target, self, args: unknown[]) {
      if (isLost()) throw new ConnectionCutError();
      return Reflect.apply(target, self, args) as unknown;
    },
    get(target, name) {
      if (name === "unsafe") return unsafe;
      if (name === "release") return release;
      return Reflect.get(target, name) as unknown;
    },
  }) as postgres.ReservedSql;
}

/**
 * PostgreSQL rolled back by itself what was under way on a connection that was cut. Kysely's driver for postgres.js
 * would make another error out of a failed rollback, one that hides the reason.
 */
async function rollBack(ask: () => Promise<unknown> | null): Promise<unknown> {
  try {
    const answer = ask();
    if (answer !== null) return await answer;
  } catch (error) {
    if (!wasCut(error)) throw error;
  }
  return Object.assign([], { command: "ROLLBACK", count: 0 });
}

/** PostgreSQL says goodbye with a fatal error; what else it says leaves the connection as it was. All others cut it. */
function wasCut(error: unknown): boolean {
  if (!(error instanceof postgres.PostgresError)) return true;
  return error.severity === "FATAL" || error.severity === "PANIC";
}

/** The connection was cut in the middle of a transaction, of which nothing stays. */
export class ConnectionCutError extends Error {
  override readonly name = "ConnectionCutError";
  constructor() {
    super("the connection to PostgreSQL was cut");
  }
}
