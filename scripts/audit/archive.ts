import { access } from "node:fs/promises";
import { parseArgs } from "node:util";

import {
  ArchiveError,
  checkArchive,
  findCheckpoint,
  removeArchived,
  writeArchive,
  writeCheckpoint,
} from "../../src/audit/archive.ts";
import { findFit, type Fit } from "../../src/audit/forward/position.ts";
import { verifyChain } from "../../src/audit/verify.ts";
import { plural } from "../../src/pluralize.ts";
import {
  type AuditCommand,
  BROKEN,
  complain,
  operator,
  readArgs,
  readSeq,
  say,
  UsageError,
  withTables,
} from "./command.ts";
import { describeVerdict } from "./verify.ts";

/** `checkpoint` */
export const checkpoint: AuditCommand = async (args) => {
  readArgs(() => parseArgs({ args, options: {} }));
  return withTables(async ({ db }) => {
    const { seq, hash } = await writeCheckpoint(db, operator(), Date.now());
    say(`Row ${seq} is a checkpoint. Note it down elsewhere: ${seq}:${hash}`);
    return 0;
  });
};

/** `archive --file FILE [--checkpoint SEQ] [--remove]` */
export const archive: AuditCommand = async (args) => {
  const { values } = readArgs(() =>
    parseArgs({
      args,
      options: {
        file: { type: "string" },
        checkpoint: { type: "string" },
        remove: { type: "boolean", default: false },
      },
    }),
  );
  const { file, remove } = values;
  if (file === undefined) throw new UsageError("say where to: --file FILE");
  const asked = values.checkpoint === undefined ? undefined : readSeq(values.checkpoint);
  // Taking rows out holds the database for a while: an embedded one must not be in use then.
  return withTables((tables) => archiveTo(file, asked, remove, tables), { owner: remove });
};

async function archiveTo(
  file: string,
  asked: number | undefined,
  remove: boolean,
  { db, dialect, forwarded }: Parameters<Parameters<typeof withTables>[0]>[0],
): Promise<number> {
  const place = await findCheckpoint(db, asked);
  if (place === null) {
    throw new ArchiveError(
      asked === undefined
        ? "There is no checkpoint: npm run audit -- checkpoint writes one."
        : `Row ${asked} is no checkpoint.`,
    );
  }
  const verdict = await verifyChain(db);
  if (!verdict.ok) {
    for (const { text } of describeVerdict(verdict)) complain(text);
    return BROKEN;
  }
  if (verdict.first === place.seq) throw new ArchiveError(`There is nothing before row ${place.seq}.`);
  if (remove && forwarded !== null && forwarded.position.seq < place.seq - 1) {
    throw new ArchiveError(
      `The record is forwarded up to row ${forwarded.position.seq} only: wait until it is past row ${place.seq - 1}.`,
    );
  }
  const fit: Fit = forwarded === null ? { kind: "fits" } : await findFit(db, forwarded.position);
  if (remove && fit.kind !== "fits")
    throw new ArchiveError(
      `The record does not fit what was forwarded, so nothing was taken out: ${fit.why}.`,
      true,
    );
  if (!(remove && (await exists(file)))) await writeArchive(db, file, place);
  const written = await checkArchive(file);
  say(
    `${file} holds rows ${written.first} to ${written.end.seq}, and they are whole. SHA-256 ${written.sha256}`,
  );
  if (!remove) {
    say("Nothing was taken out of the database. Copy the file to a safe place; --remove takes its rows out.");
    return 0;
  }
  const { seq } = await removeArchived(db, dialect, {
    archive: written,
    checkpoint: place,
    by: operator(),
    at: Date.now(),
  });
  say(`${plural(written.rows, "row")} taken out of the database; row ${seq} says so.`);
  return 0;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
