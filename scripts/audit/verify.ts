import { parseArgs } from "node:util";

import { createAnchors, type Anchors } from "../../src/audit/anchors.ts";
import { type Archive, ArchiveError, checkArchive } from "../../src/audit/archive.ts";
import type { ChainedRow } from "../../src/audit/chain.ts";
import { compareCopy, type Copy, isAsIn, readCopy } from "../../src/audit/copy.ts";
import { SIGNED } from "../../src/audit/events.ts";
import { findFits } from "../../src/audit/forward/position.ts";
import { type LastVerify, noteVerify } from "../../src/audit/last-verify.ts";
import { type Finding, readSnapshot, type Verdict, verifyChain } from "../../src/audit/verify.ts";
import { plural } from "../../src/pluralize.ts";
import { crossCheck } from "../../src/requests/cross-check.ts";
import type { Db } from "../../src/store/open.ts";
import {
  type AuditCommand,
  BROKEN,
  complain,
  NOT_DONE,
  readAnchor,
  readArgs,
  say,
  withTables,
} from "./command.ts";
import { checkSignatures, readSigned } from "./heads.ts";

/** `verify [--archive FILE]… [--anchor SEQ:HASH]… [--copy FILE]… [--public-key KEY]… [--heads FILE]…` */
export const verify: AuditCommand = async (args) => {
  const { values } = readArgs(() => {
    const many = { type: "string", multiple: true } as const;
    return parseArgs({
      args,
      options: { archive: many, anchor: many, copy: many, "public-key": many, heads: many },
    });
  });
  const signed = readSigned(values["public-key"] ?? [], values.heads ?? []);
  const anchors = createAnchors([...(values.anchor ?? []).map(readAnchor), ...signed.anchors]);
  return withTables(async ({ db, forwarded }) => {
    // Before the database: what was forwarded stands in it, so that the copy is never ahead of what is read there.
    const { copy, findings: inCopy } = await readNamedCopy(values.copy ?? []);
    const files = await checkArchives(values.archive ?? [], { anchors, copy });
    const { verdict, findings } = await readSnapshot(db, async (trx) => {
      const verdict = await verifyChain(trx, {
        anchors,
        ...(files.end === null ? {} : { after: files.end }),
      });
      return {
        verdict,
        findings: [
          ...describeVerdict(verdict),
          ...files.findings,
          ...compareSeals(files.archives, verdict),
          ...findUnnamed(files.archives, verdict),
          ...describeLeft(anchors, verdict),
          ...(await compareSinks(trx, forwarded?.sink ?? null)),
          ...(await checkSignatures(trx, signed, files.signed)),
          ...(await checkRequests(trx, verdict)),
          ...inCopy,
          ...(copy === null
            ? []
            : await compareCopy(trx, copy, {
                archived: files.inCopy,
                takenTo: forwarded?.position.seq ?? null,
              })),
        ],
      };
    });
    return report(db, verdict, findings);
  });
};

/** What the requests say against what the record says of them. */
async function checkRequests(db: Db, verdict: Verdict): Promise<Finding[]> {
  const { requests, archived, findings } = await crossCheck(db);
  // By a broken record nothing is proved; what it contradicts is worth knowing all the same.
  if (verdict.ok && findings.length === 0 && requests > 0) {
    const older =
      archived === 0 ? "" : `; ${plural(archived, "older one")} not compared, as its rows are archived`;
    say(`The record proves what the database says of ${plural(requests, "request")}${older}.`);
  }
  const left = findings.length - MAX_NAMED;
  const named = [...findings.slice(0, MAX_NAMED), ...(left > 0 ? [`and ${left} more`] : [])];
  return named.map((text) => ({ isBroken: true, text: `The database and the record differ. ${text}.` }));
}

const MAX_NAMED = 50;

async function readNamedCopy(files: readonly string[]): ReturnType<typeof readCopy> {
  if (files.length === 0) return { copy: null, findings: [] };
  const read = await readCopy(files);
  if (read.copy === null || read.findings.length > 0) return read;
  const { name, first, last, repeats } = read.copy;
  const again = repeats === 0 ? "" : ` (${plural(repeats, "line")} came more than once, which is normal)`;
  say(`${name}: rows ${first} to ${last.seq} are whole${again}.`);
  return read;
}

interface Files {
  archives: Archive[];
  /** Where they end; null without any. */
  end: Archive["end"] | null;
  findings: Finding[];
  /** Rows in them that hold a signed head. */
  signed: ChainedRow[];
  /** Of the copy's rows: how many were found in archives, and which differ. */
  inCopy: { rows: number; differing: number[] };
}

/** Each of the files, and that each goes on where the one before it ends. */
async function checkArchives(
  names: readonly string[],
  { anchors, copy }: { anchors: Anchors; copy: Copy | null },
): Promise<Files> {
  const files: Files = {
    archives: [],
    end: null,
    findings: [],
    signed: [],
    inCopy: { rows: 0, differing: [] },
  };
  for (const name of names) {
    const archive = await checkArchive(name, (row) => {
      if (!anchors.hold(row))
        files.findings.push({
          isBroken: true,
          text: `${name} is broken: row ${row.seq} has not the hash that was noted down.`,
        });
      if (row.event === SIGNED) files.signed.push(row);
      if (copy?.hashOf(row.seq) === undefined) return;
      files.inCopy.rows += 1;
      if (!isAsIn(copy, row)) files.inCopy.differing.push(row.seq);
    });
    if (archive.before.seq > 0 && files.end === null)
      throw new ArchiveError(`${name} begins with row ${archive.first}: name the archive before it first.`);
    if (
      files.end !== null &&
      (archive.before.seq !== files.end.seq || archive.before.hash !== files.end.hash)
    )
      throw new ArchiveError(
        `${name} does not go on where the archive before it ends (row ${files.end.seq}).`,
        true,
      );
    say(`${name}: rows ${archive.first} to ${archive.end.seq} are whole.`);
    files.archives.push(archive);
    files.end = archive.end;
  }
  return files;
}

/** The files against the SHA-256 that the record, or a later archive, holds of each. */
function compareSeals(archives: readonly Archive[], verdict: Verdict): Finding[] {
  const seals = [...archives.flatMap((archive) => archive.seals), ...verdict.seals];
  return archives.flatMap(({ file, first, end, sha256 }): Finding[] => {
    const seal = seals.find(({ rows }) => rows.from === first && rows.to === end.seq);
    if (seal !== undefined)
      return seal.sha256 === sha256
        ? []
        : [
            {
              isBroken: true,
              text: `${file} is not the file that was archived: its SHA-256 is ${sha256}, and row ${seal.seq} holds ${seal.sha256}.`,
            },
          ];
    // Not taken out so far: no row tells of it, and each of its rows was held against the record.
    if (verdict.ok && verdict.first <= first) return [];
    const text = `No row that was read holds the SHA-256 of ${file} (rows ${first} to ${end.seq}), so that was not compared.`;
    return [{ isBroken: false, text }];
  });
}

/** Some archives were named, and not all. */
function findUnnamed(archives: readonly Archive[], verdict: Verdict): Finding[] {
  const end = archives.at(-1)?.end.seq;
  if (end === undefined || !verdict.ok || verdict.first <= end + 1) return [];
  const text = `Rows ${end + 1} to ${verdict.first - 1} are in an archive that was not named, so the archives were not compared with the record.`;
  return [{ isBroken: false, text }];
}

/** Every anchor given is compared, or it is said which was not. */
function describeLeft(anchors: Anchors, verdict: Verdict): Finding[] {
  return anchors.left().map(({ seq, hash }) => ({
    isBroken: false,
    text: verdict.ok
      ? `${seq}:${hash} was not compared: row ${seq} was archived. Name the archive that holds it, and those before it, with --archive.`
      : `${seq}:${hash} was not compared, as the record is broken.`,
  }));
}

/** What each place took last against the record. `sink`: the place that is in use. */
async function compareSinks(db: Db, sink: string | null): Promise<Finding[]> {
  const fits = await findFits(db);
  return fits.flatMap(({ sink: name, fit }): Finding[] => {
    // A place of former days may well lack what was archived since.
    if (fit.kind === "fits" || (fit.kind === "gap" && name !== sink)) return [];
    const text = `The record does not fit what was forwarded to ${name}: ${fit.why}.`;
    return [{ isBroken: fit.kind === "rewritten", text }];
  });
}

export function describeVerdict(verdict: Verdict): Finding[] {
  if (verdict.ok) return [];
  const { seq, problem, why, rows } = verdict;
  const before = `${plural(rows, "row")} before it ${rows === 1 ? "is" : "are"} whole`;
  return [
    { isBroken: true, text: `The record is broken at row ${seq}, which is ${problem}: ${why}. ${before}.` },
  ];
}

/** Says all of it in words, and notes it for /readyz. @returns the exit code. */
async function report(db: Db, verdict: Verdict, findings: readonly Finding[]): Promise<number> {
  for (const { text } of findings) complain(text);
  const isBroken = findings.some((finding) => finding.isBroken);
  const outcome: LastVerify["outcome"] = isBroken
    ? "broken"
    : findings.length > 0
      ? "not all compared"
      : "whole";
  if (verdict.ok) sayWhole(verdict, outcome);
  await noteVerify(db, { outcome, seq: verdict.ok ? verdict.head.seq : null, at: Date.now() }).catch(
    (error: unknown) => complain(`That it was verified could not be noted in the database: ${String(error)}`),
  );
  return { broken: BROKEN, "not all compared": NOT_DONE, whole: 0 }[outcome];
}

function sayWhole(
  { rows, first, head }: Extract<Verdict, { ok: true }>,
  outcome: LastVerify["outcome"],
): void {
  // To be believed it has to fit the rest as well.
  const what = outcome === "whole" ? "The record is whole" : "In itself the record is whole";
  if (rows === 0) {
    say(`${what}: it is empty.`);
    return;
  }
  const earlier = first === 1 ? "" : " (those before are archived)";
  say(`${what}: ${plural(rows, "row")}, ${first} to ${head.seq}${earlier}.`);
  if (outcome === "whole")
    say(`Note this down elsewhere, to prove it later with --anchor: ${head.seq}:${head.hash}`);
}
