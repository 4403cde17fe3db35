import { execFile } from "node:child_process";
import { constants, copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";

import { sql } from "kysely";

import { type Config, ConfigError, EX_CONFIG, readOwnerConfig } from "../../src/config.ts";
import {
  migrateStore,
  NoStoreError,
  openTables,
  StoreInUseError,
  StoreNotReadyError,
} from "../../src/store/open.ts";
import { CommandError, complain, NOT_DONE, say } from "../audit/command.ts";
import { run as audit } from "../audit/run.ts";

/** Backs up into a new file, beside the running bot. @returns the exit code */
export function makeBackup(name: string): Promise<number> {
  return explained(async () => {
    const file = resolve(name);
    const { database } = readOwnerConfig(process.env);
    if (existsSync(file)) throw new CommandError(`${file} is there already: name a new file`);
    if (database.kind === "postgres") {
      await runTool("pg_dump", ["--format=custom", `--file=${file}`], database.url);
      say(`Backed up into ${file}.`);
      // What is in the file was read in one transaction; it can only be verified where it is restored.
      return verify();
    }
    if (!existsSync(database.file)) throw new NoStoreError(database.file);
    const source = new DatabaseSync(database.file, { readOnly: true });
    try {
      await backup(source, file);
    } finally {
      source.close();
    }
    say(`Backed up into ${file}.`);
    process.env["DATABASE_URL"] = `file:${file}`;
    return verify();
  });
}

/** Restores into a place without a database, brings it up to date and verifies the record. @returns the exit code */
export function restoreBackup(name: string): Promise<number> {
  return explained(async () => {
    const file = resolve(name);
    const { database, grantTo } = readOwnerConfig(process.env);
    if (!existsSync(file)) throw new CommandError(`there is no file ${file}`);
    await (database.kind === "postgres" ? restorePostgres(database, file) : restoreSqlite(database, file));
    await migrateStore(database, grantTo);
    say(`Restored from ${file}.`);
    return verify();
  });
}

async function restoreSqlite(
  { file, directory }: Extract<Config["database"], { kind: "sqlite" }>,
  from: string,
): Promise<void> {
  if (existsSync(file))
    throw new CommandError(`there is a database ${file}: stop zt-bot and move it away first`);
  checkSqlite(from);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // What a database that was moved away left here would be taken for changes of this one.
  for (const left of [`${file}-wal`, `${file}-shm`]) rmSync(left, { force: true });
  copyFileSync(from, file, constants.COPYFILE_EXCL);
}

function checkSqlite(file: string): void {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    database.prepare("SELECT seq FROM audit_head").get();
  } catch {
    throw new CommandError(`${file} is no backup of zt-bot's SQLite database`);
  } finally {
    database?.close();
  }
}

async function restorePostgres(
  database: Extract<Config["database"], { kind: "postgres" }>,
  file: string,
): Promise<void> {
  const { db, close } = await openTables(database);
  try {
    const { rows } = await sql<{ there: string | null }>`SELECT to_regclass('audit') AS there`.execute(db);
    if (rows[0]?.there != null)
      throw new CommandError("there are tables of zt-bot in that database: create an empty one, and name it");
  } finally {
    await close();
  }
  const options = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"];
  await runTool("pg_restore", [...options, file], database.url);
}

/** One of PostgreSQL's own tools. The password travels in the environment, where other users can't read it. */
async function runTool(tool: string, args: string[], url: string): Promise<void> {
  const { place, password } = splitPassword(url);
  const env = { ...process.env, ...(password === null ? {} : { PGPASSWORD: password }) };
  try {
    await promisify(execFile)(tool, [`--dbname=${place}`, "--no-password", ...args], { env });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      throw new CommandError(`${tool} is not on this machine: install PostgreSQL's client tools`);
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    throw new CommandError(`${tool} could not do it: ${said === "" ? "it said nothing" : said}`);
  }
}

/** The URL as PostgreSQL's tools take it, without its password. */
function splitPassword(url: string): { place: string; password: string | null } {
  const [, begin = "", written, end = ""] = /^(\w+:\/\/[^:@/]*)(?::([^@]*))?(@.*)?$/s.exec(url) ?? [];
  const place = begin === "" ? url : `${begin}${end}`;
  return {
    // A parameter of the bot's own library.
    place: place.replace(/([?&])uselibpqcompat=[^&]*&?/, "$1").replace(/[?&]$/, ""),
    password: written === undefined ? null : decodeURIComponent(written),
  };
}

/** What `npm run audit -- verify` says of DATABASE_URL, and its exit code. */
async function verify(): Promise<number> {
  const { code, complaint } = await audit(["verify"]);
  if (complaint !== null) complain(complaint);
  return code;
}

async function explained(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConfigError) {
      complain(error.problems.join("\n"));
      return EX_CONFIG;
    }
    const kinds = [CommandError, NoStoreError, StoreInUseError, StoreNotReadyError];
    const isExpected = kinds.some((kind) => error instanceof kind);
    const why = error instanceof Error ? error.message || error.name : String(error);
    complain(isExpected ? `${why}.` : `It could not be done: ${why}.`);
    return NOT_DONE;
  }
}
