import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { START } from "../src/audit/chain.ts";
import { verifyChain } from "../src/audit/verify.ts";
import { readRecordConfig } from "../src/config.ts";
import { openTables } from "../src/store/open.ts";
import { fillRecord } from "./fill-record.ts";

/**
 * How long `npm run audit -- verify` takes, and how much memory:
 *
 *     node bench/audit-verify.ts [rows] [postgres://…/an_empty_database]
 *
 * Fills a database with rows as the bot writes them (in a temporary folder without a URL), then checks the chain in
 * processes of their own: of all rows and of a tenth, as memory must not grow with the record.
 */
const [rowsText = "1000000", url] = process.argv.slice(2);
if (rowsText === "--check") await check(url ?? "");
else await measure(Number(rowsText), url);

async function measure(rows: number, url: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "zt-bench-"));
  const database = url ?? `file:${join(folder, "zt.db")}`;
  try {
    let end = START;
    for (const upTo of [Math.floor(rows / 10), rows]) {
      const startedAt = performance.now();
      end = await fillRecord(database, end, upTo);
      print(`${upTo} rows written in ${seconds(performance.now() - startedAt)}`);
      const output = execFileSync(process.execPath, [import.meta.filename, "--check", database], {
        encoding: "utf8",
      });
      print(output.trim());
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function check(database: string): Promise<void> {
  const { db, close } = await openTables(readRecordConfig({ DATABASE_URL: database }).database);
  const startedAt = performance.now();
  const verdict = await verifyChain(db);
  const took = performance.now() - startedAt;
  await close();
  const { maxRSS } = process.resourceUsage();
  print(
    `${verdict.rows} rows checked (${verdict.ok ? "whole" : verdict.why}) in ${seconds(took)}, at most ${Math.round(maxRSS / 1024)} MB`,
  );
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
