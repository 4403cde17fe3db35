import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { sql } from "kysely";
import { Pool } from "pg";

import { spawnProcess, type BotProcess } from "../../sandbox/bot-process.ts";
import { openWorld, type World, type WorldOptions } from "../../sandbox/world.ts";
import { readRecordConfig } from "../../src/config.ts";
import { openTables, type Db } from "../../src/store/open.ts";
import { NotTried } from "./attack.ts";

const ROOT = join(import.meta.dirname, "..", "..");

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** A world with a bot in it, as a process of its own, which Slack reaches over HTTP. */
export interface Target extends World {
  dialect: "sqlite" | "postgres";
  /** The process that runs now. */
  bot: BotProcess;
  /** Where it listens. */
  url: string;
  /** All that the processes of this world have written to their streams. */
  written(): string;
  /** Ends it with SIGTERM. */
  stop(): Promise<void>;
  /** Starts it (again) on what is there, and waits until it takes commands. */
  start(env?: Record<string, string>): Promise<void>;
  /** Only starts it: it may well refuse. */
  begin(env?: Record<string, string>): BotProcess;
  /** The tables, as somebody with the owner's password has them, for as long as the work takes. */
  database<T>(work: (db: Db) => Promise<T>): Promise<T>;
  /** `npm run audit -- …` with the bot's settings. */
  audit(...args: string[]): Promise<Ran>;
}

export interface TargetOptions extends Omit<WorldOptions, "mode" | "databaseUrl"> {
  /** Beside the world's own; an empty text takes one out. */
  env?: Record<string, string>;
  /** SQLite whatever was asked for: what the attack is about is a file. */
  isFile?: boolean;
}

/** How processes ended that nobody had ended. */
export type Deaths = () => string[];

export interface Targets {
  /** Of the bots that are started. */
  dialect: "sqlite" | "postgres";
  /** The bot that attacks share; started again when one of them ended it. */
  shared(): Promise<Target>;
  /** One of the attack's own, gone when it is over. */
  start(options?: TargetOptions): Promise<Target>;
  /** The same without the bot: for `start` with settings that may be refused. */
  prepare(options?: TargetOptions): Promise<Target>;
  /** For one attack: what it started, and who died of it. */
  forAttack(): { own: Targets; deaths: Deaths; done(): Promise<void> };
  close(): Promise<void>;
}

interface Opened {
  target: Target;
  deaths: Deaths;
  close(): Promise<void>;
}

/** @param database URL of a PostgreSQL server; null: SQLite. */
export function createTargets(database: string | null): Targets {
  let shared: Promise<Opened> | undefined;
  const dialect = database === null ? "sqlite" : "postgres";

  async function takeShared(): Promise<Opened> {
    let opened = await (shared ??= openTarget(database, {}));
    if (opened.deaths().length === 0) return opened;
    await opened.close();
    opened = await (shared = openTarget(database, {}));
    return opened;
  }

  const targets: Targets = {
    dialect,
    shared: async () => (await takeShared()).target,
    start: () => Promise.reject(new Error("an attack starts its own bots")),
    prepare: () => Promise.reject(new Error("an attack starts its own bots")),
    forAttack() {
      const own: Opened[] = [];
      let common: Opened | undefined;
      const open = async (options: TargetOptions, isStarted: boolean): Promise<Target> => {
        const opened = await openTarget(database, options, isStarted);
        own.push(opened);
        return opened.target;
      };
      return {
        own: {
          ...targets,
          async shared() {
            common = await takeShared();
            return common.target;
          },
          start: (options = {}) => open(options, true),
          prepare: (options = {}) => open(options, false),
        },
        deaths: () => [...own, ...(common === undefined ? [] : [common])].flatMap(({ deaths }) => deaths()),
        async done() {
          await Promise.all(own.map(({ close }) => close()));
        },
      };
    },
    async close() {
      await (await shared?.catch(() => undefined))?.close();
    },
  };
  return targets;
}

async function openTarget(
  server: string | null,
  { env = {}, isFile = false, ...options }: TargetOptions,
  isStarted = true,
): Promise<Opened> {
  const database = server === null || isFile ? null : await createDatabase(server);
  const world = await openWorld({
    ...options,
    mode: "http",
    ...(database === null ? {} : { databaseUrl: database.url }),
  });
  const settings = without(world.env, env);
  const processes: { bot: BotProcess; isEnded: boolean; death: string | null }[] = [];
  let isClosed = false;
  const spawn = (more: Record<string, string>, mayEnd: boolean): BotProcess => {
    // An attack that took too long may still be at it.
    if (isClosed) throw new NotTried("it was over");
    const bot = spawnProcess(without(settings, more), world.folder);
    const entry = { bot, isEnded: mayEnd, death: null as string | null };
    processes.push(entry);
    void bot.exited.then(({ code, signal }) => {
      if (!entry.isEnded)
        entry.death = `the process ended (${signal ?? `exit code ${code}`}): ${lastWords(bot)}`;
    });
    return bot;
  };
  const written = (): string => processes.map(({ bot }) => bot.stdout() + bot.stderr()).join("");

  const target: Target = {
    ...world,
    env: settings,
    dialect: database === null ? "sqlite" : "postgres",
    get bot() {
      const last = processes.at(-1);
      if (last === undefined) throw new Error("no bot was started");
      return last.bot;
    },
    url: "",
    written,
    async stop() {
      const last = processes.at(-1);
      if (last === undefined) return;
      last.isEnded = true;
      await last.bot.stop();
    },
    async start(more = {}) {
      const bot = spawn(more, false);
      const ready = await Promise.race([
        bot.logged("ready", 40_000),
        bot.exited.then(({ code }) => {
          throw new NotTried(`the bot did not start (exit code ${code}): ${lastWords(bot)}`);
        }),
      ]);
      target.url = String(ready["url"]);
      world.slack.setDelivery({ mode: "http", url: `${target.url}/slack/events` });
    },
    begin: (more = {}) => spawn(more, true),
    async database(work) {
      const tables = await openTables(readRecordConfig(settings).database);
      try {
        return await work(tables.db);
      } finally {
        await tables.close();
      }
    },
    audit: (...args) => runScript(settings, "audit.ts", args),
  };
  async function close(): Promise<void> {
    isClosed = true;
    for (const entry of processes) entry.isEnded = true;
    await Promise.all(processes.map(({ bot }) => bot.kill()));
    await world.close();
    await database?.drop();
  }
  if (isStarted) {
    try {
      await target.start();
    } catch (error) {
      await close();
      throw error;
    }
  }
  return {
    target,
    deaths: () => processes.flatMap(({ death }) => death ?? []),
    close,
  };
}

function without(env: Record<string, string>, more: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...env, ...more }).filter(([, value]) => value !== ""));
}

function lastWords(bot: BotProcess): string {
  const fatal = bot.logs().findLast(({ level }) => level === "fatal");
  const message = (fatal?.["err"] as { message?: string } | undefined)?.message;
  const lines = bot.stderr().trim().split("\n");
  const error = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1);
  return message ?? (error || "no word");
}

/** Runs a script of this project with exactly this environment. */
export function runScript(
  env: Record<string, string>,
  script: string,
  args: readonly string[],
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(ROOT, "scripts", script), ...args],
      { env: { PATH: process.env["PATH"] ?? "", ...env }, maxBuffer: 64 * 1024 * 1024, timeout: 60_000 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** An empty database on this server. */
async function createDatabase(server: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `zt_attack_${randomBytes(6).toString("hex")}`;
  await onServer(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function onServer(server: string, statement: string): Promise<void> {
  const pool = new Pool({ connectionString: server, max: 1, connectionTimeoutMillis: 5000 });
  try {
    await pool.query(statement);
  } catch (error) {
    throw new NotTried(`PostgreSQL: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await pool.end();
  }
}

/** SQL past the record's own triggers, as the owner of the database can. */
export async function pastTriggers<T>(target: Target, work: (db: Db) => Promise<T>): Promise<T> {
  return target.database(async (db) => {
    if (target.dialect === "postgres") {
      await sql`ALTER TABLE audit DISABLE TRIGGER USER`.execute(db);
      const result = await work(db);
      await sql`ALTER TABLE audit ENABLE TRIGGER USER`.execute(db);
      return result;
    }
    const { rows } = await sql<{ name: string; sql: string }>`
      SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'`.execute(db);
    for (const { name } of rows) await sql`DROP TRIGGER ${sql.id(name)}`.execute(db);
    const result = await work(db);
    for (const trigger of rows) await sql.raw(trigger.sql).execute(db);
    return result;
  });
}
