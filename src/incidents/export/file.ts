import { hash } from "node:crypto";

import type { ChainedRow } from "../../audit/chain.ts";
import { rowOfJson, toJsonLine } from "../../audit/formats.ts";
import { canonicalJson } from "../../canonical-json.ts";
import type { ExportStory } from "./story.ts";

const FORMAT = "zt-bot incident export";
const VERSION = 1;

/** What an export's JSON file holds. The last row says what was exported: see {@link ExportedData}. */
export interface ExportFile {
  story: ExportStory;
  rows: ChainedRow[];
}

/** What the record's row of an export holds: by it the story and the Markdown are proved. */
export interface ExportedData {
  incident: string;
  story_sha256: string;
  markdown_sha256: string;
  rows: number;
}

/** The file's text: every row on a line of its own, byte for byte as in other exports of the record. */
export function writeExport({ story, rows }: ExportFile): string {
  const lines = rows.map((row) => toJsonLine(row).trimEnd());
  return [
    "{",
    `"format": ${JSON.stringify(FORMAT)},`,
    `"version": ${VERSION},`,
    `"story": ${JSON.stringify(story, null, 1)},`,
    `"record": [`,
    lines.join(",\n"),
    "]",
    "}",
    "",
  ].join("\n");
}

/** @throws SyntaxError that says why it is no export. */
export function parseExport(text: string): ExportFile {
  const parsed: unknown = JSON.parse(text);
  const { format, version, story, record } = (parsed ?? {}) as Record<string, unknown>;
  if (format !== FORMAT) throw new SyntaxError("it is no export of an incident");
  if (version !== VERSION)
    throw new SyntaxError(`it has version ${String(version)}, and this zt-bot reads ${VERSION}`);
  if (!isStory(story)) throw new SyntaxError("its story is not one of an export");
  if (!Array.isArray(record)) throw new SyntaxError("it holds no rows");
  const rows = record.map((each: unknown, index) => {
    const row = rowOfJson(each);
    if (row === null) throw new SyntaxError(`entry ${index + 1} of its record is no row`);
    return row;
  });
  return { story, rows };
}

/** As far as checking it depends on it; all of it is covered by its hash. */
function isStory(value: unknown): value is ExportStory {
  const { incident, requests, record } = (value ?? {}) as Record<string, Record<string, unknown> | undefined>;
  return (
    typeof incident?.["id"] === "string" &&
    Array.isArray(requests) &&
    Array.isArray(record?.["rows"]) &&
    typeof record["up_to"] === "number"
  );
}

/** SHA-256, in hexadecimal, of a story's canonical JSON. */
export function hashStory(story: ExportStory): string {
  return hashText(canonicalJson(story));
}

/** SHA-256, in hexadecimal. */
export function hashText(text: string): string {
  return hash("sha256", text);
}
