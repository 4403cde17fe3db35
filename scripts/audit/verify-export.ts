import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { checkArchive } from "../../src/audit/archive.ts";
import type { ChainedRow } from "../../src/audit/chain.ts";
import type { Finding } from "../../src/audit/verify.ts";
import { ConfigError } from "../../src/config.ts";
import {
  belongsTo,
  checkExport,
  compareWithRecord,
  type Comparison,
} from "../../src/incidents/export/verify.ts";
import type { ExportFile } from "../../src/incidents/export/file.ts";
import { plural } from "../../src/pluralize.ts";
import { NoStoreError } from "../../src/store/open.ts";
import { type AuditCommand, BROKEN, complain, readArgs, say, UsageError, withTables } from "./command.ts";

/** `verify-export FILE.json [FILE.md] [--archive FILE]…` */
export const verifyExport: AuditCommand = async (args) => {
  const { values, positionals } = readArgs(() =>
    parseArgs({
      args,
      options: { archive: { type: "string", multiple: true, default: [] } },
      allowPositionals: true,
    }),
  );
  // Named in either order.
  const [name, markdownName, ...more] = positionals.toSorted(
    (one, other) => Number(isMarkdown(one)) - Number(isMarkdown(other)),
  );
  if (name === undefined || more.length > 0)
    throw new UsageError("say which: verify-export FILE.json [FILE.md]");
  if (isMarkdown(name))
    throw new UsageError(
      `${name} is the story alone: name the export's JSON file as well, which has the rows`,
    );
  const text = await readFile(name, "utf8");
  const markdown = markdownName === undefined ? null : await readFile(markdownName, "utf8");
  const { file, exported, findings } = checkExport(text, markdown);
  if (file !== null && findings.length === 0) sayWhole(name, file, exported);
  if (file !== null && markdown === null)
    say("The Markdown was not checked: name its file behind the JSON's.");
  const compared = file === null ? null : await compare(file, values.archive);
  if (compared !== null) sayCompared(compared, file?.rows.length ?? 0);
  const all = [...findings, ...(compared?.findings ?? [])];
  for (const { text: found } of unique(all)) complain(found);
  return all.some(({ isBroken }) => isBroken) ? BROKEN : 0;
};

function isMarkdown(name: string): boolean {
  return name.toLowerCase().endsWith(".md");
}

function sayWhole(name: string, { story, rows }: ExportFile, exported: ChainedRow | null): void {
  const { incident, exported: made } = story;
  say(
    `${name}: ${incident.id}, exported ${made.at} by ${story.names[made.by] ?? made.by}. ${plural(rows.length, "row")} and the story are whole.`,
  );
  if (exported !== null) say(`It ends with row ${exported.seq}:${exported.hash}`);
}

/** Also with the archives that were given. null: there is no database at hand, which is said. */
async function compare(file: ExportFile, archives: readonly string[]): Promise<Comparison | null> {
  const kept = new Map<number, ChainedRow>();
  const there = new Set(file.rows.map(({ seq }) => seq));
  for (const name of archives)
    await checkArchive(name, (row) => {
      if (there.has(row.seq) || belongsTo(row, file)) kept.set(row.seq, row);
    });
  let comparison: Comparison | null = null;
  try {
    await withTables(async ({ db }) => {
      comparison = await compareWithRecord(db, file, kept);
      return 0;
    });
  } catch (error) {
    const why = whyNoDatabase(error);
    if (why === null) throw error;
    say(
      `There is no database at hand, so the rows were not compared with the record (${why}). Anyone who changes the file can make new hashes.`,
    );
  }
  return comparison;
}

/** null: the database is there, and something else went wrong. */
function whyNoDatabase(error: unknown): string | null {
  if (error instanceof NoStoreError) return error.message;
  if (error instanceof ConfigError) return error.problems.join("; ");
  const { code } = error as { code?: unknown };
  return error instanceof Error && typeof code === "string" && UNREACHABLE.has(code) ? code : null;
}

const UNREACHABLE: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
]);

function sayCompared({ same, archived }: Comparison, rows: number): void {
  say(`${same} of ${plural(rows, "row")} are as in the database's record.`);
  if (archived.length > 0)
    say(
      `${plural(archived.length, "row")} (up to row ${archived.at(-1)}) were archived: name the archives with --archive to compare them.`,
    );
}

/** Each once, in order. */
function unique(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((one) => [one.text, one])).values()];
}
