import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { sql } from "kysely";
import { onTestFinished, vi } from "vitest";

import { appendAudit } from "../support/audit.ts";
import { run } from "../../scripts/audit/run.ts";
import { readRecordConfig } from "../../src/config.ts";
import { type Db, openStore, type Store } from "../../src/store/open.ts";
import { createDatabase } from "../support/postgres.ts";
import { ALICE, NOW } from "../store/fixture.ts";

export type Dialect = "sqlite" | "postgres";

export interface Place {
  dialect: Dialect;
  folder: string;
  /** DATABASE_URL. */
  url: string;
}

/** An empty place for a database of its own, and a folder. */
export async function makePlace(dialect: Dialect): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "zt-audit-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  if (dialect === "sqlite") return { dialect, folder, url: `file:${join(folder, "data", "zt.db")}` };
  const { url, drop } = await createDatabase();
  onTestFinished(drop);
  return { dialect, folder, url };
}

/** Opened as the bot opens it, lock and all. */
export async function openPlace({ url }: Place): Promise<Store> {
  const store = await openStore(readRecordConfig({ DATABASE_URL: url }).database);
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    await store.close();
  };
  onTestFinished(close);
  return { ...store, close };
}

/** Rows a minute apart, the first at NOW. */
export async function appendRows(db: Db, rows: number): Promise<void> {
  for (let index = 0; index < rows; index += 1) {
    await appendAudit(db, {
      at: NOW + index * 60_000,
      teamId: "T0SANDBOX",
      requestId: index % 2 === 0 ? "ZT-0000001" : null,
      actor: ALICE,
      event: `e.${index}`,
      data: { index, text: "é 🔥 \"quoted\", 'single'" },
    });
  }
}

/** SQL past the triggers, as an intruder with the database's password would. */
export async function tamper({ dialect }: Place, db: Db, work: (db: Db) => Promise<unknown>): Promise<void> {
  if (dialect === "postgres") await sql`ALTER TABLE audit DISABLE TRIGGER USER`.execute(db);
  else {
    for (const name of ["audit_no_update", "audit_no_delete", "audit_follows"])
      await sql`DROP TRIGGER ${sql.id(name)}`.execute(db);
  }
  await work(db);
}

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

const SCRIPT = join(import.meta.dirname, "..", "..", "scripts", "audit.ts");

/** `npm run audit -- …` as an operator runs it, with exactly this environment. */
export function runAudit(env: Record<string, string>, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [SCRIPT, ...args],
      { env: { PATH: process.env["PATH"] ?? "", ...env }, maxBuffer: 64 * 1024 * 1024 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** The same in this process, which takes a tenth of the time. */
export async function runHere(env: Record<string, string>, ...args: string[]): Promise<Ran> {
  const written = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    vi.spyOn(process[stream], "write").mockImplementation((text, ...rest) => {
      written[stream] += String(text);
      for (const done of rest) if (typeof done === "function") done();
      return true;
    });
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    const { code, complaint } = await run(args);
    return { code, stdout: written.stdout, stderr: complaint === null ? written.stderr : `${complaint}\n` };
  } finally {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  }
}

/** The same for a reader that goes away after the first bytes, as `head` does. */
export async function readSomeOf(env: Record<string, string>, ...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [SCRIPT, ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [bytes] = (await once(child.stdout, "data")) as [Buffer];
  child.stdout.destroy();
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? -1, stdout: bytes.toString("utf8"), stderr };
}
