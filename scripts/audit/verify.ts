import { parseArgs } from "node:util";

import { ArchiveError, checkArchive } from "../../src/audit/archive.ts";
import type { Link } from "../../src/audit/chain.ts";
import { type Verdict, verifyChain } from "../../src/audit/verify.ts";
import { type CrossCheck, crossCheck } from "../../src/requests/cross-check.ts";
import { plural } from "../../src/pluralize.ts";
import { checkSignedHeads, readSigned } from "./heads.ts";
import { type AuditCommand, BROKEN, complain, readAnchor, readArgs, say, withTables } from "./command.ts";

/** `verify [--archive FILE]… [--anchor SEQ:HASH]… [--public-key KEY]… [--heads FILE]…` */
export const verify: AuditCommand = async (args) => {
  const { values } = readArgs(() =>
    parseArgs({
      args,
      options: {
        archive: { type: "string", multiple: true },
        anchor: { type: "string", multiple: true },
        "public-key": { type: "string", multiple: true },
        heads: { type: "string", multiple: true },
      },
    }),
  );
  const signed = readSigned(values["public-key"] ?? [], values.heads ?? []);
  const anchors = [...(values.anchor ?? []).map(readAnchor), ...signed.anchors];
  return withTables(async ({ db }) => {
    const after = await checkArchives(values.archive ?? []);
    const code = report(await verifyChain(db, { anchors, ...(after === undefined ? {} : { after }) }));
    const headCode = await checkSignedHeads(db, signed);
    const checked = await crossCheck(db);
    // By a broken record nothing is proved; what it contradicts is worth knowing all the same.
    if (code !== 0 && checked.findings.length === 0) return code;
    return Math.max(code, headCode, reportRequests(checked));
  });
};

/** Each of the files, and that each goes on where the one before it ends. @returns where they end. */
async function checkArchives(files: readonly string[]): Promise<Link | undefined> {
  let end: Link | undefined;
  for (const file of files) {
    const archive = await checkArchive(file);
    if (archive.before.seq > 0 && end === undefined)
      throw new ArchiveError(`${file} begins with row ${archive.first}: name the archive before it first.`);
    if (end !== undefined && (archive.before.seq !== end.seq || archive.before.hash !== end.hash))
      throw new ArchiveError(
        `${file} does not go on where the archive before it ends (row ${end.seq}).`,
        true,
      );
    say(`${file}: rows ${archive.first} to ${archive.end.seq} are whole.`);
    end = archive.end;
  }
  return end;
}

/** Says it in words. @returns the exit code. */
export function report(verdict: Verdict): number {
  if (!verdict.ok) {
    const { seq, problem, why, rows } = verdict;
    const before = `${plural(rows, "row")} before it ${rows === 1 ? "is" : "are"} whole`;
    complain(`The record is broken at row ${seq}, which is ${problem}: ${why}. ${before}.`);
    return BROKEN;
  }
  const { rows, first, head } = verdict;
  if (rows === 0) {
    say("The record is whole: it is empty.");
    return 0;
  }
  const earlier = first === 1 ? "" : " (those before are archived)";
  say(`The record is whole: ${plural(rows, "row")}, ${first} to ${head.seq}${earlier}.`);
  say(`Note this down elsewhere, to prove it later with --anchor: ${head.seq}:${head.hash}`);
  return 0;
}

const MAX_NAMED = 50;

/** Says in words what differs between the requests and the record. @returns the exit code. */
function reportRequests({ requests, archived, findings }: CrossCheck): number {
  if (findings.length === 0) {
    const older =
      archived === 0 ? "" : `; ${plural(archived, "older one")} not compared, as its rows are archived`;
    say(`The record proves what the database says of ${plural(requests, "request")}${older}.`);
    return 0;
  }
  complain(`The database says something else than the record, in ${plural(findings.length, "place")}:`);
  for (const finding of findings.slice(0, MAX_NAMED)) complain(`  ${finding}`);
  if (findings.length > MAX_NAMED) complain(`  and ${findings.length - MAX_NAMED} more`);
  return BROKEN;
}
