import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import pg from "pg";

import { notMeasured } from "./line.ts";
import { renderMarkdown, renderText, write } from "./report.ts";
import type { Line, Row } from "./row.ts";
import { ROWS } from "./rows/index.ts";

/**
 * `npm run bench -- [--only NAME]… [--runs N] [--quick] [--database postgres://…] [--write]`: how fast and how light the
 * bot is, each figure beside a peer or a limit that is measured in the same run. `--database`: a server on which
 * databases may be made, for the rows that need PostgreSQL. `--write` puts the figures into docs/performance.md. Exit
 * code 1: a row threw; a goal that is missed is none, and docs/performance.md explains it.
 */
const PERFORMANCE = join(import.meta.dirname, "..", "docs", "performance.md");
const DEFAULT_RUNS = 20;

const args = process.argv.slice(2);
const { values } = parseArgs({
  args,
  options: {
    only: { type: "string", multiple: true, default: [] },
    runs: { type: "string", default: String(DEFAULT_RUNS) },
    quick: { type: "boolean", default: false },
    database: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) refuse(`Can't read "${values.runs}" as a number of runs.`);
const unknown = values.only.find((name) => ROWS.every((row) => row.name !== name));
if (unknown !== undefined)
  refuse(`There is no row "${unknown}". There are ${ROWS.map(({ name }) => name).join(", ")}.`);
if (values.write && values.quick) refuse("--quick measures nothing that is worth writing down.");

const chosen = ROWS.filter((row) => values.only.length === 0 || values.only.includes(row.name));
const postgres = values.database ?? null;
const machine = await describeMachine(postgres);
print(machine);
for (const row of chosen) {
  const startedAt = performance.now();
  const lines = await measure(row);
  print(`${renderText(row, lines)}\n  (${((performance.now() - startedAt) / 1000).toFixed(0)} s)`);
  if (values.write) writeDown(row, lines);
}

async function measure(row: Row): Promise<Line[]> {
  const folder = mkdtempSync(join(tmpdir(), `zt-bench-${row.name}-`));
  const setting = { runs, isQuick: values.quick, postgres, folder };
  try {
    return await row.run({ ...setting, log: (line) => print(`  ${row.name}: ${line}`) });
  } catch (error) {
    process.exitCode = 1;
    print(error instanceof Error ? (error.stack ?? error.message) : String(error));
    const [why = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return [notMeasured(row.title, `failed: ${why}`)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeDown(row: Row, lines: readonly Line[]): void {
  const date = new Date().toISOString().slice(0, 10);
  // Where the database is, and with which password, is nobody's business.
  const shown = args.map((word) => word.replace(/postgres(?:ql)?:\/\/\S+/, "postgres://…"));
  const command = ["npm run bench --", ...shown].join(" ");
  const part = renderMarkdown(row, { lines, circumstances: { date, machine, command } });
  writeFileSync(PERFORMANCE, write(readFileSync(PERFORMANCE, "utf8"), row, part));
}

async function describeMachine(database: string | null): Promise<string> {
  const processors = cpus();
  return [
    `${processors.length} cores of ${processors[0]?.model.trim() ?? "an unknown processor"}`,
    `${Math.round(totalmem() / 1024 ** 3)} GB`,
    `Node ${process.versions.node}`,
    `SQLite ${process.versions["sqlite"] ?? "?"}`,
    ...(database === null ? [] : [`PostgreSQL ${await readVersion(database)}`]),
  ].join(", ");
}

async function readVersion(database: string): Promise<string> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
    return rows[0]?.server_version.split(" ", 1)[0] ?? "?";
  } finally {
    await client.end();
  }
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
