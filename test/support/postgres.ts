import { randomBytes } from "node:crypto";

import postgres from "postgres";
import { describe } from "vitest";

/** Where the tests look for PostgreSQL; `TEST_POSTGRES_URL` names another server or user. */
const SERVER = process.env["TEST_POSTGRES_URL"] || "postgres://postgres@127.0.0.1:5432/postgres";

const isThere = await canConnect();

const describeHere = isThere ? describe : skipAloud();

/**
 * `describe` for tests that need PostgreSQL: skipped, with one line that says so, where there is none. Marked with the
 * tag that `npm test` leaves out.
 */
export function describeWithPostgres(name: string, tests: () => void): void {
  describeHere(name, { tags: ["postgres"] }, tests);
}

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/**
 * An empty database of its own, so that tests share nothing. It orders text as people do, and as most servers are set up
 * to: what holds only in the order of bytes fails here.
 */
export async function createDatabase(): Promise<TestDatabase> {
  const name = `zt_test_${randomBytes(6).toString("hex")}`;
  await withServer((sql) =>
    sql.unsafe(
      `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'`,
    ),
  );
  const url = new URL(SERVER);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => withServer((sql) => sql.unsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  };
}

/** The same database under two roles of its own: one that owns it, and one that may do nothing there yet. */
export interface OwnedDatabase extends TestDatabase {
  ownerUrl: string;
  botUrl: string;
  /** The name of the second role. */
  bot: string;
  /** As the server's administrator. */
  run(statement: string): Promise<unknown>;
}

export async function createOwnedDatabase(): Promise<OwnedDatabase> {
  const { url, drop } = await createDatabase();
  const name = new URL(url).pathname.slice(1);
  const [owner, bot] = [`${name}_owner`, `${name}_bot`];
  await withServer(async (sql) => {
    for (const role of [owner, bot]) await sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`);
    await sql.unsafe(`ALTER DATABASE ${name} OWNER TO ${owner}`);
  });
  const as = (role: string): string => {
    const signed = new URL(url);
    signed.username = role;
    signed.password = role;
    return signed.href;
  };
  return {
    url,
    ownerUrl: as(owner),
    botUrl: as(bot),
    bot,
    run: (statement) => withServer((sql) => sql.unsafe(statement), url),
    async drop() {
      await drop();
      await withServer((sql) => sql.unsafe(`DROP ROLE ${owner}, ${bot}`));
    },
  };
}

async function withServer(run: (sql: postgres.Sql) => Promise<unknown>, url = SERVER): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => {} });
  try {
    await run(sql);
  } finally {
    await sql.end();
  }
}

async function canConnect(): Promise<boolean> {
  try {
    await withServer((sql) => sql`SELECT 1`);
    return true;
  } catch {
    return false;
  }
}

function skipAloud(): typeof describe.skip {
  process.stderr.write(
    "PostgreSQL does not answer on 127.0.0.1:5432: its tests are skipped (apt-get install -y postgresql, or set TEST_POSTGRES_URL)\n",
  );
  return describe.skip;
}
