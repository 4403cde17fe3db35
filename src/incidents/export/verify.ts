import type { Kysely } from "kysely";

import { type ChainedRow, hashRow } from "../../audit/chain.ts";
import type { Finding } from "../../audit/verify.ts";
import { plural } from "../../pluralize.ts";
import type { Database } from "../../store/schema.ts";
import { type ExportedData, type ExportFile, hashStory, hashText, parseExport, writeExport } from "./file.ts";
import { exportMarkdown } from "./markdown.ts";
import { isAbout } from "./rows.ts";

/** What the files of an export prove by themselves. */
export interface CheckedExport {
  /** null: it could not be read as an export at all. */
  file: ExportFile | null;
  /** The row that says what was exported; null where there is none. */
  exported: ChainedRow | null;
  findings: Finding[];
}

/**
 * Checks the files of an export without the record: every row against its hash and every byte of the JSON; the story
 * and the Markdown against the row that says what was exported; and that no row was left out, added or replaced. Who
 * changes the file may make new hashes as well: only the record (compareWithRecord) or a hash that was noted down shows
 * that. Pure.
 */
export function checkExport(text: string, markdown: string | null): CheckedExport {
  let file: ExportFile;
  try {
    file = parseExport(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { file: null, exported: null, findings: [broken(`The file can't be read: ${error.message}.`)] };
  }
  const { story, rows } = file;
  const last = rows.at(-1);
  const data = last === undefined ? null : exportedData(last, story.incident.id);
  const exported = data === null ? null : (last ?? null);
  const findings = [
    ...checkRows(rows),
    ...checkBytes(text, file),
    ...checkList(file, exported === null ? rows : rows.slice(0, -1)),
    ...(data === null
      ? [broken("The last row does not say that this incident was exported: nothing proves the story.")]
      : checkStory(file, data, markdown, last?.seq ?? 0)),
  ];
  return { file, exported, findings };
}

function broken(text: string): Finding {
  return { isBroken: true, text };
}

function exportedData({ event, data }: ChainedRow, incidentId: string): ExportedData | null {
  if (event !== "incident.exported") return null;
  try {
    const read = JSON.parse(data) as ExportedData;
    return read.incident === incidentId ? read : null;
  } catch {
    return null;
  }
}

/** Each by itself, and where the next one stands beside it, against that. */
function checkRows(rows: readonly ChainedRow[]): Finding[] {
  return rows.flatMap((row, index) => {
    const before = rows[index - 1];
    if (hashRow(row) !== row.hash)
      return [broken(`Row ${row.seq} is not as it was written: it does not fit its hash.`)];
    if (before === undefined) return [];
    if (row.seq <= before.seq) return [broken(`Row ${row.seq} stands behind row ${before.seq}.`)];
    const isBeside = row.seq === before.seq + 1;
    return isBeside && row.prev_hash !== before.hash
      ? [broken(`Row ${row.seq} does not hold the hash of row ${before.seq}.`)]
      : [];
  });
}

/** What hashes do not cover (blanks, a key that stands there twice, `time`) has to be what zt-bot writes as well. */
function checkBytes(text: string, file: ExportFile): Finding[] {
  const written = writeExport(file);
  if (written === text) return [];
  const [is, was] = [text.split("\n"), written.split("\n")];
  const at = was.findIndex((line, index) => line !== is[index]);
  const line = at === -1 ? was.length : at;
  const seq = /^\{"seq":(\d+),/.exec(was[line] ?? "")?.[1];
  const where = `line ${line + 1}${seq === undefined ? "" : `, row ${seq}`}`;
  return [broken(`The file is not as zt-bot wrote it (${where}).`)];
}

/** The story names each row that was exported. */
function checkList({ story }: ExportFile, rows: readonly ChainedRow[]): Finding[] {
  const there = new Map(rows.map((row) => [row.seq, row.hash]));
  const listed = new Map(story.record.rows.map(({ seq, hash }) => [seq, hash]));
  return [
    ...[...listed].flatMap(([seq, hash]) => {
      const found = there.get(seq);
      if (found === undefined) return [broken(`Row ${seq} is missing.`)];
      return found === hash ? [] : [broken(`Row ${seq} is not the one that was exported.`)];
    }),
    ...[...there.keys()].flatMap((seq) =>
      listed.has(seq) ? [] : [broken(`Row ${seq} was not exported: it was added.`)],
    ),
  ];
}

function checkStory(
  { story }: ExportFile,
  data: ExportedData,
  markdown: string | null,
  seq: number,
): Finding[] {
  return [
    ...(hashStory(story) === data.story_sha256
      ? []
      : [broken(`The story was changed: row ${seq} holds the hash of another one.`)]),
    ...(data.rows === story.record.rows.length
      ? []
      : [
          broken(
            `Row ${seq} says that ${plural(data.rows, "row")} were exported, and the story names ${story.record.rows.length}.`,
          ),
        ]),
    ...(markdown === null || hashText(markdown) === data.markdown_sha256
      ? []
      : [broken(`The Markdown was changed${lineOf(markdown, exportMarkdown(story), data)}.`)]),
  ];
}

/** Where the story still makes the Markdown that was exported, the first line that differs. */
function lineOf(markdown: string, made: string, { markdown_sha256 }: ExportedData): string {
  if (hashText(made) !== markdown_sha256) return "";
  const [is, was] = [markdown.split("\n"), made.split("\n")];
  const at = was.findIndex((line, index) => line !== is[index]);
  return `: line ${(at === -1 ? was.length : at) + 1}`;
}

/** Rows of archives that an export has to do with, by their number. */
export type ArchivedRows = ReadonlyMap<number, ChainedRow>;

/** Whether a row is one that the export of this story has to hold. */
export function belongsTo(row: ChainedRow, { story: { incident, requests, record } }: ExportFile): boolean {
  if (row.seq > record.up_to) return false;
  return row.request_id === null
    ? isAbout(row, incident.id)
    : requests.some(({ id }) => id === row.request_id);
}

/** How the rows of an export stand beside the record. */
export interface Comparison {
  /** As in the record, or in an archive of it. */
  same: number;
  /** In archives that were not given. */
  archived: number[];
  findings: Finding[];
}

/** Holds each row against the record and its archives, and looks for rows of the incident that are not in the file. */
export async function compareWithRecord(
  db: Kysely<Database>,
  file: ExportFile,
  archive: ArchivedRows,
): Promise<Comparison> {
  const first = await db.selectFrom("audit").select("seq").orderBy("seq").limit(1).executeTakeFirst();
  const start = first?.seq ?? Number.POSITIVE_INFINITY;
  const comparison: Comparison = { same: 0, archived: [], findings: [] };
  for (const row of file.rows) {
    const kept =
      archive.get(row.seq) ??
      (await db.selectFrom("audit").selectAll().where("seq", "=", row.seq).executeTakeFirst());
    if (kept === undefined && row.seq < start) comparison.archived.push(row.seq);
    else if (kept === undefined)
      comparison.findings.push(broken(`Row ${row.seq} is not in the database's record.`));
    else if (kept.hash === row.hash && hashRow(kept) === kept.hash && hashRow(row) === row.hash)
      comparison.same += 1;
    else comparison.findings.push(broken(`Row ${row.seq} is not as in the database's record.`));
  }
  const there = new Set(file.rows.map(({ seq }) => seq));
  for (const row of [...archive.values(), ...(await readOwn(db, file))])
    if (!there.has(row.seq) && belongsTo(row, file))
      comparison.findings.push(broken(`Row ${row.seq} is about this incident, and was left out.`));
  return comparison;
}

/** The record's rows since the incident was opened that may be its own, and those of its requests. */
async function readOwn(db: Kysely<Database>, { story }: ExportFile): Promise<ChainedRow[]> {
  const rows: ChainedRow[] = await db
    .selectFrom("audit")
    .selectAll()
    .where("at", ">=", Date.parse(story.incident.opened.at))
    .where("event", "like", "incident.%")
    .where("seq", "<=", story.record.up_to)
    .execute();
  for (const { id } of story.requests)
    rows.push(...(await db.selectFrom("audit").selectAll().where("request_id", "=", id).execute()));
  return rows;
}
