import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { sql } from "kysely";

import { type ChainedRow, chainRow, type Link, START } from "../src/audit/chain.ts";
import { verifyChain } from "../src/audit/verify.ts";
import { readRecordConfig } from "../src/config.ts";
import { openStore, openTables } from "../src/store/open.ts";

/**
 * How long `npm run audit -- verify` takes, and how much memory:
 *
 *     node bench/audit-verify.ts [rows] [postgres://…/an_empty_database]
 *
 * Fills a database with rows as the bot writes them (in a temporary folder without a URL), then checks the chain in
 * processes of their own: of all rows and of a tenth, as memory must not grow with the record.
 */
const ROWS_PER_INSERT = 500;

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
      end = await fill(database, end, upTo);
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

async function fill(database: string, end: Link, upTo: number): Promise<Link> {
  const store = await openStore(readRecordConfig({ DATABASE_URL: database }).database);
  let last = end;
  try {
    while (last.seq < upTo) {
      const rows: ChainedRow[] = [];
      while (rows.length < ROWS_PER_INSERT && last.seq < upTo) {
        const row = chainRow(last, fieldsOf(last.seq));
        rows.push(row);
        last = row;
      }
      await store.db.transaction().execute(async (trx) => {
        // One head for many rows: the database would refuse that of the bot.
        await (
          url === undefined
            ? sql`DROP TRIGGER audit_follows`
            : sql`ALTER TABLE audit DISABLE TRIGGER audit_follows`
        ).execute(trx);
        await trx.insertInto("audit").values(rows).execute();
        await trx.updateTable("audit_head").set({ seq: last.seq, hash: last.hash }).execute();
        await (
          url === undefined
            ? sql`CREATE TRIGGER audit_follows BEFORE INSERT ON audit BEGIN SELECT 1; END`
            : sql`ALTER TABLE audit ENABLE TRIGGER audit_follows`
        ).execute(trx);
      });
    }
  } finally {
    await store.close();
  }
  return { seq: last.seq, hash: last.hash };
}

function fieldsOf(index: number) {
  return {
    at: Date.UTC(2026, 0, 1) + index * 1000,
    team_id: "T0SANDBOX",
    request_id: `ZT-${index.toString(32).toUpperCase().padStart(7, "0")}`,
    actor: index % 3 === 0 ? "U0ALICE01" : "zt-bot",
    event: index % 2 === 0 ? "call.sent" : "call.answered",
    data: JSON.stringify({
      attempt: 1,
      call: `revoke_user for user-${index}@example.com (sessions only)`,
      plan_hash: "0".repeat(64),
      target: { id: "0a1b2c3d-0000-4000-8000-000000000001", email: `user-${index}@example.com` },
    }),
  };
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
