import type { Kysely } from "kysely";

import { plural } from "../pluralize.ts";
import type { Database } from "../store/schema.ts";
import { type ChainedRow, hashRow, type Link } from "./chain.ts";
import { parseJsonLine, toJsonLine } from "./formats.ts";
import { type Line, readLines } from "./lines.ts";
import { readBatches } from "./read.ts";
import type { Finding } from "./verify.ts";

/** A forwarded copy of the record, or a part of one, as it was read. */
export interface Copy {
  /** Its files, for people. */
  name: string;
  first: number;
  /** The end of what is whole in it. */
  last: Link;
  /** How often a row came that had come before: normal after a crash, and after a slow answer. */
  repeats: number;
  /** The hash of a row; undefined for one that is not in it. */
  hashOf(seq: number): string | undefined;
}

/**
 * Reads a copy that `AUDIT_FORWARD` made, as one file or as rotated ones, oldest first. Each row has to come at least
 * once and, the first time, in order; that rows come again, that a crash cut a line which comes again whole, and that the
 * last line is still being written is normal. Reading ends at the first thing that is not.
 * @returns the copy as far as it is whole, null without a row; and what is wrong with it
 * @throws what the file system says
 */
export async function readCopy(
  files: readonly string[],
): Promise<{ copy: Copy | null; findings: Finding[] }> {
  const name = files.join(", ");
  const hashes = createHashes();
  const findings: Finding[] = [];
  const cut: (Line & { file: string })[] = [];
  let repeats = 0;

  /** @returns what is wrong with the line, after "line 7 ". */
  function take(file: string, line: Line): string | null {
    if (line.bytes.length === 0) return null;
    let row: ChainedRow;
    try {
      row = parseJsonLine(line.bytes);
    } catch (error) {
      if (!isCut(line.bytes)) return (error as Error).message;
      cut.push({ ...line, file });
      return cut.length > MAX_CUT ? "is one of too many that are cut" : null;
    }
    if (hashRow(row) !== row.hash) return `(row ${row.seq}) is not as it was written`;
    forgetCut(cut, row);
    const last = hashes.last();
    if (last !== null && row.seq > last.seq) {
      if (row.seq > last.seq + 1)
        return `is row ${row.seq}, and rows ${last.seq + 1} to ${row.seq - 1} did not come before it (name rotated files oldest first)`;
      if (row.prev_hash !== last.hash) return `(row ${row.seq}) does not hold the hash of the row before it`;
    }
    const known = hashes.of(row.seq);
    if (known === undefined) hashes.add(row);
    else if (known !== row.hash) return `holds row ${row.seq} for another time, with another content`;
    else repeats += 1;
    return null;
  }

  reading: for (const file of files) {
    for await (const line of readLines(file)) {
      const wrong = take(file, line);
      if (wrong === null) continue;
      findings.push({ isBroken: true, text: `${file} is broken: line ${line.number} ${wrong}.` });
      break reading;
    }
  }
  // What is being written just now, or was when the process died, is cut at the very end.
  if (cut.at(-1)?.isEnded === false && cut.at(-1)?.file === files.at(-1)) cut.pop();
  for (const { file, number } of findings.length === 0 ? cut.slice(0, 1) : [])
    findings.push({
      isBroken: true,
      text: `${file} is broken: line ${number} is cut, and its row does not come again.`,
    });
  const last = hashes.last();
  const first = hashes.first();
  if (last !== null && first !== null)
    return { copy: { name, first, last, repeats, hashOf: hashes.of }, findings };
  const text = `${name} holds no row of the record, so nothing was compared with it.`;
  return { copy: null, findings: findings.length > 0 ? findings : [{ isBroken: false, text }] };
}

/** A crash leaves one; whatever else fills a file with them, it is no copy. */
const MAX_CUT = 1000;
const LINE_START = '{"seq":';

/** Whether this may be the beginning of a row's line. */
function isCut(bytes: Buffer): boolean {
  const text = bytes.toString("latin1");
  const isStart = LINE_START.startsWith(text) || /^\{"seq":\d+(?:,|$)/.test(text);
  return isStart && !text.endsWith("}");
}

/** The rows whose lines were cut are there after all. */
function forgetCut(cut: Line[], row: ChainedRow): void {
  if (cut.length === 0) return;
  const whole = Buffer.from(toJsonLine(row));
  for (let index = cut.length - 1; index >= 0; index -= 1) {
    const bytes = cut[index]?.bytes;
    if (bytes !== undefined && whole.subarray(0, bytes.length).equals(bytes)) cut.splice(index, 1);
  }
}

const HASH_BYTES = 32;

/** Hashes of rows that follow one another, 32 bytes each; the few of before the first are kept apart. */
function createHashes() {
  let first: number | null = null;
  let count = 0;
  let bytes = Buffer.alloc(1024 * HASH_BYTES);
  const earlier = new Map<number, string>();
  const at = (index: number): string => bytes.toString("hex", index * HASH_BYTES, (index + 1) * HASH_BYTES);
  return {
    first: () => first,
    last: (): Link | null => (first === null ? null : { seq: first + count - 1, hash: at(count - 1) }),
    of(seq: number): string | undefined {
      const index = first === null ? -1 : seq - first;
      return index >= 0 && index < count ? at(index) : earlier.get(seq);
    },
    /** The next row, or one of before the first. */
    add({ seq, hash }: Link): void {
      first ??= seq;
      if (seq < first) {
        earlier.set(seq, hash);
        return;
      }
      if ((count + 1) * HASH_BYTES > bytes.length) bytes = Buffer.concat([bytes, Buffer.alloc(bytes.length)]);
      bytes.write(hash, count * HASH_BYTES, "hex");
      count += 1;
    },
  };
}

/**
 * Holds a copy against the record, row by row, also where the record is broken: what the copy holds there is what zt-bot
 * wrote. `archived`: how many of the copy's rows were found in archives, and which of them differ there. `takenTo`: the
 * last row that the place took which the copy is from, where that is known.
 */
export async function compareCopy(
  db: Kysely<Database>,
  copy: Copy,
  { archived, takenTo }: { archived: { rows: number; differing: number[] }; takenTo: number | null },
): Promise<Finding[]> {
  const { name, last } = copy;
  const differing = [...archived.differing];
  let compared = archived.rows;
  const head = await db.selectFrom("audit_head").select("seq").executeTakeFirst();
  const [first] = (await readBatches(db, {}, 1).next()).value ?? [];
  let next = Math.max(copy.first, first?.seq ?? 1);
  const before = first === undefined ? undefined : copy.hashOf(first.seq - 1);
  if (before !== undefined) compared += 1;
  if (before !== undefined && before !== first?.prev_hash) differing.push((first?.seq ?? 1) - 1);
  try {
    for await (const batch of readBatches(db, { from: next, through: last.seq }))
      for (const row of batch) {
        for (; next < row.seq; next += 1) differing.push(next);
        next = row.seq + 1;
        compared += 1;
        if (!isAsIn(copy, row)) differing.push(row.seq);
      }
  } catch (error) {
    // As in verifyChain, which names the row.
    if (!(error instanceof RangeError)) throw error;
  }
  const end = first === undefined ? 0 : Math.min(last.seq, head?.seq ?? last.seq);
  for (; next <= end; next += 1) differing.push(next);

  const findings: Finding[] = [];
  if (differing.length > 0)
    findings.push({
      isBroken: true,
      text: `The record does not hold what ${name} holds: ${rangesOf(differing)}. The copy has ${differing.length === 1 ? "it as it was" : "them as they were"} forwarded.`,
    });
  if (head !== undefined && last.seq > head.seq)
    findings.push({
      isBroken: true,
      text: `The record ends at row ${head.seq}, and ${name} goes on to row ${last.seq}: the end of the record was cut off.`,
    });
  else if (compared === 0)
    findings.push({
      isBroken: false,
      text: `${name} was not compared: it holds rows ${copy.first} to ${last.seq}, and none of them is in the database. Name the archives that hold them with --archive.`,
    });
  if (takenTo !== null && last.seq < takenTo)
    findings.push({
      isBroken: false,
      text: `${name} ends at row ${last.seq}, and rows up to ${takenTo} were forwarded: it is from before, there is another part of it, or its end was cut off.`,
    });
  return findings;
}

/** Whether the copy holds the row as it stands, content and all. */
export function isAsIn(copy: Copy, row: ChainedRow): boolean {
  return copy.hashOf(row.seq) === row.hash && hashRow(row) === row.hash;
}

const MAX_RANGES = 10;

/** `3 rows (5 and 7 to 8)`. */
function rangesOf(numbers: readonly number[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const seq of numbers.toSorted((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range !== undefined && seq <= range.to + 1) range.to = seq;
    else ranges.push({ from: seq, to: seq });
  }
  const named = ranges
    .slice(0, MAX_RANGES)
    .map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`))
    .join(", ");
  return `${plural(new Set(numbers).size, "row")} (${named}${ranges.length > MAX_RANGES ? ", …" : ""})`;
}
