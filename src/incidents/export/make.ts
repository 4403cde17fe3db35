import { appendAudit } from "../../audit/append.ts";
import type { ChainedRow, Link } from "../../audit/chain.ts";
import { readRow } from "../../audit/read.ts";
import { readNewest } from "../../audit/search.ts";
import type { Db } from "../../store/open.ts";
import { gapWords } from "../../views/incident/words.ts";
import type { GapRules } from "../gaps.ts";
import { addEntry } from "../change.ts";
import { readStory } from "../summary/read.ts";
import type { Story } from "../summary/story.ts";
import { type ExportedData, hashStory, hashText, writeExport } from "./file.ts";
import { exportMarkdown } from "./markdown.ts";
import { readArchivedBefore, readRowsOf } from "./rows.ts";
import { actorsOf, exportStory, type ExportStory } from "./story.ts";

interface ExportDeps {
  db: Db;
  now(): number;
  rules: GapRules;
  /** A Slack user's name; null where it is unknown. */
  nameOf(userId: string): Promise<string | null>;
}

export interface Exported {
  json: string;
  markdown: string;
  /** How many rows of the record are in it, and the one that says so. */
  rows: number;
  row: Link;
}

/** An incident's story as plain data, and the record's rows about it. @returns null when there is no such incident. */
export async function readPlainStory(
  { db, now, rules, nameOf }: ExportDeps,
  id: string,
  by: string,
): Promise<{ plain: ExportStory; story: Story; rows: ChainedRow[]; at: number } | null> {
  // Rows of after this are not looked for: who checks the file knows up to where it goes.
  const upTo = await readNewest(db);
  const at = now();
  const story = await readStory(db, id, { rules, at });
  if (story === null) return null;
  const rows = await readRowsOf(db, {
    incidentId: id,
    requestIds: story.told.map(({ request }) => request.id),
    times: story.entries.map((entry) => entry.at),
    upTo,
  });
  const names = await Promise.all(
    actorsOf(story, by).map(async (userId) => [userId, await nameOf(userId)] as const),
  );
  const plain = exportStory({
    story,
    exported: { by, at },
    gapWords,
    names: Object.fromEntries(names.flatMap(([userId, name]) => (name === null ? [] : [[userId, name]]))),
    rows,
    record: {
      up_to: upTo,
      rows: rows.map(({ seq, hash }) => ({ seq, hash })),
      archived_before: await readArchivedBefore(db),
    },
  });
  return { plain, story, rows, at };
}

/**
 * Makes an incident's export and records it: the row holds the hashes of the story and the Markdown, and is the last one
 * in the file. @returns null when there is no such incident.
 */
export async function makeExport(
  { db, now, rules, nameOf }: ExportDeps,
  id: string,
  { teamId, by, auditContext }: { teamId: string; by: string; auditContext: Record<string, unknown> },
): Promise<Exported | null> {
  const read = await readPlainStory({ db, now, rules, nameOf }, id, by);
  if (read === null) return null;
  const { plain, rows, at } = read;
  const markdown = exportMarkdown(plain);
  const data = {
    incident: id,
    story_sha256: hashStory(plain),
    markdown_sha256: hashText(markdown),
    rows: rows.length,
  } satisfies ExportedData;
  const row = await db.transaction().execute(async (trx) => {
    await addEntry(trx, id, at, {
      key: `exported:${data.story_sha256}`,
      kind: "event",
      actor: by,
      data: { event: "incident.exported" },
    });
    return appendAudit(trx, {
      at,
      teamId,
      actor: by,
      event: "incident.exported",
      data: { ...data, ...auditContext },
    });
  });
  const last = await readRow(db, row.seq);
  if (last === undefined) throw new Error(`row ${row.seq} of an export is not in the record`);
  return { json: writeExport({ story: plain, rows: [...rows, last] }), markdown, rows: rows.length + 1, row };
}
