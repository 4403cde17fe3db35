import { userInfo } from "node:os";

import type { Link } from "../../src/audit/chain.ts";
import { nameSink, type Position, readPosition } from "../../src/audit/forward/position.ts";
import { parseSince } from "../../src/audit/since.ts";
import { readOwnerConfig, readRecordConfig } from "../../src/config.ts";
import { openTables, type Tables } from "../../src/store/open.ts";

/** What the commands of `npm run audit` share. Each takes its arguments and gives an exit code. */
export type AuditCommand = (args: string[]) => Promise<number>;

/** The record itself is not as it should be. */
export const BROKEN = 1;
/** Something else kept the command from being done. */
export const NOT_DONE = 2;

/** The command was not typed as it should be. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** It cannot be done, for a reason that the operator can act on. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

export interface Opened extends Tables {
  dialect: "sqlite" | "postgres";
  /** The configured sink, and the last row that it took; null where nothing is forwarded. */
  forwarded: { sink: string; position: Position } | null;
}

/**
 * Opens the tables beside the bot for as long as the work takes. As their `owner`, to take rows out: with SQLite instead
 * of the bot, with PostgreSQL under the role of MIGRATION_DATABASE_URL where one is set.
 */
export async function withTables(
  work: (tables: Opened) => Promise<number>,
  { owner = false }: { owner?: boolean } = {},
): Promise<number> {
  const { database, auditForward } = (owner ? readOwnerConfig : readRecordConfig)(process.env);
  const tables = await openTables(database, { exclusive: owner });
  try {
    const forwarded =
      auditForward === null
        ? null
        : { sink: nameSink(auditForward), position: await readPosition(tables.db, auditForward) };
    return await work({ ...tables, dialect: database.kind, forwarded });
  } finally {
    await tables.close();
  }
}

/** Runs `parseArgs` and turns what it finds wrong into a UsageError. */
export function readArgs<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function readAnchor(text: string): Link {
  const [, seq, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined) throw new UsageError(`--anchor is SEQ:HASH, not ${text}`);
  return { seq: Number(seq), hash };
}

export function readSeq(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError(`${text} is no number of a row`);
  return Number(text);
}

/** Epoch milliseconds. */
export function readTime(option: string, text: string): number {
  const at = parseSince(text, Date.now());
  if (at === null) throw new UsageError(`${option} is neither like 7d nor a date: ${text}`);
  return at;
}

/** Who runs this, for the record. */
export function operator(): string {
  return `cli:${userInfo().username}`;
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}
