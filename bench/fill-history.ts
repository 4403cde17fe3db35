// cspell:words randomblob lpad bytea indexdef schemaname conname setval autovacuum
import { DatabaseSync } from "node:sqlite";

import pg from "pg";

import { COPIED, type HistoryTemplate, type TemplateRow } from "./history-template.ts";

/**
 * Fills a database with so many requests as teams leave them behind over the years: copies, made within the database, of what the
 * bot itself wrote (`history-template.ts`), each with ids, people, responders and a time of its own. So each request has its
 * people, messages, watches and rows of the record in the proportion in which the bot writes them. The rows of the record are
 * not chained to each other: nothing that is measured here reads their hashes. Their end is: the bot goes on from it.
 */
interface Filled {
  requests: number;
  /** Rows by table. */
  rows: Record<string, number>;
  /** The end of the record. */
  seq: number;
}

/** A year's requests of a large team come every five minutes or so. */
const GAP_MS = 5 * 60_000;
/** So many requests are about one person, over the years. */
const REQUESTS_A_PERSON = 10;
/** Those who ask: a team does not grow with its history. */
const RESPONDERS = 20;
/** Odd, so that ids don't follow each other: in the indexes they stand anywhere, as the bot's random ones do. */
const SCATTER = 158_763_491;

/** What differs between the two databases. */
interface Dialect {
  run(statement: string): Promise<void>;
  count(table: string): Promise<number>;
  /** `0007`: of a number, seven characters in hexadecimal. */
  hex(number: string, length: number): string;
  /** Text of 64 characters in hexadecimal; of a number, so that it differs. */
  hash(number: string): string;
  /** `FROM` clause: a row for each `n` from `first` to `last`. */
  numbers(first: number, last: number): string;
  /** Before and after: without indexes and triggers, which come again. */
  begin(): Promise<void>;
  end(seq: number): Promise<void>;
  close(): Promise<void>;
}

export async function fillHistory(
  database: string,
  template: HistoryTemplate,
  requests: number,
  now: number,
): Promise<Filled> {
  const dialect = database.startsWith("postgres") ? await inPostgres(database) : inSqlite(database);
  try {
    await dialect.begin();
    const cycles = Math.ceil(requests / template.requests.length);
    const people = Math.max(3, Math.floor(requests / REQUESTS_A_PERSON));
    const slots = template.requests.map(({ rows }) => rows);
    const sizeOf = (table: string): number =>
      slots.reduce((sum, rows) => sum + rows.filter((row) => row.table === table).length, 0);
    const offsets: Record<string, number> = {};
    for (const [nth, { id, rows, people: own }] of template.requests.entries()) {
      const last = Math.floor((requests - 1 - nth) / template.requests.length);
      // The number of the request among all.
      const number = `(n * ${template.requests.length} + ${nth})`;
      const texts: [from: string, to: string][] = [
        [id, `'ZT-' || ${dialect.hex(`((${number} * ${SCATTER}) % 268435456)`, 7)}`],
        ...own.flatMap(({ id: user, email }, place): [string, string][] => {
          const person = `((${number} * 7 + ${place}) % ${people})`;
          return [
            [user, `'0a1b2c3d-0000-4000-8000-' || ${dialect.hex(person, 12)}`],
            [email, `'user-' || ${person} || '@example.com'`],
          ];
        }),
        [template.requester, `'U0RESP' || ${dialect.hex(`(${number} % ${RESPONDERS})`, 3)}`],
      ];
      // The newest request is the last.
      const shift = `(${number} - ${requests}) * ${GAP_MS} + ${now - template.at}`;
      for (const row of rows) {
        const place = (offsets[row.table] ??= 0);
        offsets[row.table] = place + 1;
        const seq = `(n * ${sizeOf(row.table)} + ${place} + 1)`;
        await dialect.run(copyOf(row, { dialect, texts, shift, seq, last }));
      }
    }
    const seq = cycles * sizeOf("audit");
    await dialect.end(seq);
    const rows: Record<string, number> = {};
    for (const { table } of COPIED) rows[table] = await dialect.count(table);
    return { requests, rows, seq };
  } finally {
    await dialect.close();
  }
}

interface Copy {
  dialect: Dialect;
  texts: readonly (readonly [from: string, to: string])[];
  shift: string;
  seq: string;
  /** Copies have the numbers from 0 to this. */
  last: number;
}

function copyOf({ table, row }: TemplateRow, { dialect, texts, shift, seq, last }: Copy): string {
  const known = COPIED.find((one) => one.table === table);
  const columns = Object.keys(row);
  const values = columns.map((column) => {
    const value = row[column] ?? null;
    if (column === "seq") return seq;
    if (column === "hash" || column === "prev_hash") return dialect.hash(seq);
    if (known?.ids.includes(column)) return `'W-' || ${dialect.hash(seq)}`;
    if (value === null) return "NULL";
    if (typeof value === "number")
      return known?.times.includes(column) === true ? `${value} + ${shift}` : String(value);
    // Only what is in it, and each once.
    const found = texts.filter(([from]) => from !== "" && value.includes(from));
    return found.reduce((text, [from, to]) => `replace(${text}, ${quote(from)}, ${to})`, quote(value));
  });
  return `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${values.join(", ")} FROM ${dialect.numbers(0, last)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function inSqlite(database: string): Dialect {
  const db = new DatabaseSync(database.slice("file:".length));
  db.exec(
    "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -1000000;",
  );
  let made: string[] = [];
  return {
    run: async (statement) => db.exec(statement),
    count: async (table) => Number(db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.["count"]),
    hex: (number, length) => `printf('%0${length}X', ${number})`,
    hash: () => "lower(hex(randomblob(32)))",
    numbers: (first, last) =>
      `(WITH RECURSIVE numbers (n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${last}) SELECT n FROM numbers)`,
    async begin() {
      const parts = db
        .prepare(
          "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
        )
        .all() as { type: string; name: string; sql: string }[];
      made = parts.map(({ sql }) => sql);
      db.exec("BEGIN");
      for (const { type, name } of parts) db.exec(`DROP ${type} ${name}`);
    },
    async end(seq) {
      for (const sql of made) db.exec(sql);
      db.exec(
        `UPDATE audit_head SET seq = ${seq}, hash = (SELECT hash FROM audit WHERE seq = (SELECT max(seq) FROM audit)); COMMIT;`,
      );
    },
    close: async () => db.close(),
  };
}

async function inPostgres(database: string): Promise<Dialect> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const run = async (statement: string): Promise<void> => void (await client.query(statement));
  let made: string[] = [];
  return {
    run,
    async count(table) {
      const { rows } = await client.query<{ count: string }>(`SELECT count(*) AS count FROM ${table}`);
      return Number(rows[0]?.count);
    },
    hex: (number, length) => `lpad(upper(to_hex((${number})::bigint)), ${length}, '0')`,
    hash: (number) => `encode(sha256((${number})::text::bytea), 'hex')`,
    numbers: (first, last) => `generate_series(${first}::bigint, ${last}::bigint) AS numbers (n)`,
    async begin() {
      const { rows } = await client.query<{ name: string; sql: string }>(
        `SELECT indexname AS name, indexdef AS sql FROM pg_indexes
         WHERE schemaname = current_schema() AND NOT EXISTS (
           SELECT 1 FROM pg_constraint WHERE conname = indexname)`,
      );
      made = rows.map(({ sql }) => sql);
      // Neither triggers nor foreign keys, for this connection.
      await run(
        "SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '512MB'",
      );
      for (const { name } of rows) await run(`DROP INDEX ${name}`);
    },
    async end(seq) {
      for (const sql of made) await run(sql);
      await run(
        `UPDATE audit_head SET seq = ${seq}, hash = (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1)`,
      );
      await run("SELECT setval('posts_seq_seq', (SELECT max(seq) FROM posts))");
      // As autovacuum does after a while.
      await run("VACUUM ANALYZE");
      // What is still to be written to the disk would come while it is measured.
      await run("CHECKPOINT");
    },
    close: () => client.end(),
  };
}
