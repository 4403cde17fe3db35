import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Config } from "../../src/config.ts";
import { openStore } from "../../src/store/open.ts";

let made: Promise<Buffer> | undefined;

/** The file of a database that was opened once: all tables, and nothing in them. Made once in this process. */
function readTables(): Promise<Buffer> {
  made ??= makeTables();
  return made;
}

async function makeTables(): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), "zt-tables-"));
  try {
    const file = join(directory, "zt.db");
    const { close } = await openStore({ kind: "sqlite", directory, file });
    await close();
    return readFileSync(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Puts a database with empty tables where there is none: a bot that makes them itself, migration by migration, takes as
 * long for it as for the rest of its start. What a first start does is tested in test/store and by the bots of test/process.
 */
export async function putTables(config: Config["database"]): Promise<void> {
  if (config.kind !== "sqlite" || existsSync(config.file)) return;
  const tables = await readTables();
  mkdirSync(config.directory, { recursive: true, mode: 0o700 });
  writeFileSync(config.file, tables, { mode: 0o600 });
}
