import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { basename } from "node:path";

import { sql, type Kysely } from "kysely";

import type { Database } from "../store/schema.ts";
import { list, plural } from "../pluralize.ts";
import { appendAudit } from "./append.ts";
import { type ChainedRow, isNext, type Link } from "./chain.ts";
import { ARCHIVED, CHECKPOINT } from "./events.ts";
import { parseJsonLine, toJsonLine } from "./formats.ts";
import { readLines, type Line } from "./lines.ts";
import { readBatches } from "./read.ts";
import { readSeal, type Seal } from "./seal.ts";

/** What goes wrong with an archive, in words for the operator. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
  /** What is in the file is not as it was written. */
  readonly isBroken: boolean;

  constructor(message: string, isBroken = false) {
    super(message);
    this.isBroken = isBroken;
  }
}

export interface Archive {
  file: string;
  sha256: string;
  rows: number;
  /** The first row's number, and the link before it. */
  first: number;
  before: Link;
  /** Its last row. */
  end: Link;
  /** What rows in it say of other archives. */
  seals: Seal[];
}

/** Writes a place before which rows may be archived. */
export async function writeCheckpoint(db: Kysely<Database>, by: string, at: number): Promise<Link> {
  return appendAudit(db, { at, actor: by, event: CHECKPOINT });
}

/** The newest checkpoint, or the one asked for; null when there is none. */
export async function findCheckpoint(db: Kysely<Database>, seq?: number): Promise<ChainedRow | null> {
  const checkpoints = db.selectFrom("audit").selectAll().where("event", "=", CHECKPOINT);
  const asked = seq === undefined ? checkpoints : checkpoints.where("seq", "=", seq);
  return (await asked.orderBy("seq", "desc").limit(1).executeTakeFirst()) ?? null;
}

/**
 * Writes all rows before a checkpoint to a new file, on the disk when this resolves.
 * @throws an error with the code EEXIST when there is such a file.
 */
export async function writeArchive(db: Kysely<Database>, file: string, checkpoint: Link): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    for await (const batch of readBatches(db, { through: checkpoint.seq - 1 }))
      await handle.appendFile(batch.map(toJsonLine).join(""));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Reads an archive and checks every row in it against its hash and the one before, and every line against its row.
 * `onRow` gets each row that is as it was written.
 * @throws ArchiveError that names the first broken row.
 */
export async function checkArchive(
  file: string,
  onRow: (row: ChainedRow) => void = () => {},
): Promise<Archive> {
  const sha256 = createHash("sha256");
  const seals: Seal[] = [];
  let first: ChainedRow | undefined;
  let last: Link | undefined;
  let rows = 0;
  for await (const line of readLines(file)) {
    sha256.update(line.bytes);
    if (line.isEnded) sha256.update("\n");
    const row = readRowOf(file, line);
    const before: Link = last ?? { seq: row.seq - 1, hash: row.prev_hash };
    if (!isNext(row, before))
      throw new ArchiveError(`${file} is broken: row ${before.seq + 1} is not as it was written.`, true);
    const seal = readSeal(row);
    if (seal !== null) seals.push(seal);
    onRow(row);
    first ??= row;
    last = row;
    rows += 1;
  }
  if (first === undefined || last === undefined) throw new ArchiveError(`${file} holds no rows.`);
  return {
    file,
    sha256: sha256.digest("hex"),
    rows,
    first: first.seq,
    before: { seq: first.seq - 1, hash: first.prev_hash },
    end: { seq: last.seq, hash: last.hash },
    seals,
  };
}

function readRowOf(file: string, { bytes, number }: Line): ChainedRow {
  try {
    return parseJsonLine(bytes);
  } catch (error) {
    throw new ArchiveError(`${file} is broken: line ${number} ${(error as Error).message}.`, true);
  }
}

/**
 * Takes out the rows that an archive holds. The one place where the database's own refusal to delete is lifted: for
 * this transaction only, which also writes into the record what was taken out, by whom and where it went.
 * @throws ArchiveError when the archive does not hold exactly the rows before the checkpoint, or when a request that is
 * not finished has some of them.
 */
export async function removeArchived(
  db: Kysely<Database>,
  dialect: "sqlite" | "postgres",
  { archive, checkpoint, by, at }: { archive: Archive; checkpoint: ChainedRow; by: string; at: number },
): Promise<Link> {
  return db.transaction().execute(async (trx) => {
    const link = await appendAudit(trx, {
      at,
      actor: by,
      event: ARCHIVED,
      data: {
        checkpoint: { seq: checkpoint.seq, hash: checkpoint.hash },
        rows: { from: archive.first, to: archive.end.seq },
        last_hash: archive.end.hash,
        file: basename(archive.file),
        sha256: archive.sha256,
      },
    });
    const first = await trx.selectFrom("audit").selectAll().orderBy("seq").limit(1).executeTakeFirstOrThrow();
    const isSame =
      archive.before.seq === first.seq - 1 &&
      archive.before.hash === first.prev_hash &&
      archive.end.seq === checkpoint.seq - 1 &&
      archive.end.hash === checkpoint.prev_hash;
    if (!isSame)
      throw new ArchiveError(`${archive.file} does not hold exactly the rows before row ${checkpoint.seq}.`);
    const unfinished = await findUnfinished(trx, checkpoint.seq);
    if (unfinished.length > 0) throw new ArchiveError(unfinishedText(unfinished, checkpoint.seq));
    await setDeletable(trx, dialect, true);
    await trx.deleteFrom("audit").where("seq", "<", checkpoint.seq).execute();
    await setDeletable(trx, dialect, false);
    return link;
  });
}

/**
 * Requests that are still to be decided or carried out, or may have been, or whose block is still to end, and have rows
 * before this one: an execution
 * reads there what was asked for and approved, and whether its call was sent and answered. Without them it sends nothing. As the head of the chain is ours
 * by now, none comes to have such rows while this transaction lasts.
 */
async function findUnfinished(trx: Kysely<Database>, before: number): Promise<string[]> {
  const rows = await trx
    .selectFrom("requests")
    .select("id")
    .where((eb) =>
      eb.or([
        eb("status", "in", ["pending", "approved", "executing", "unknown"]),
        // The block is done, and its end is still to come: that reads its proof there as well.
        eb("id", "in", (of) => of.selectFrom("block_ends").select("request_id").where("state", "=", "open")),
      ]),
    )
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("audit")
          .select("audit.seq")
          .whereRef("audit.request_id", "=", "requests.id")
          .where("audit.seq", "<", before),
      ),
    )
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map(({ id }) => id);
}

const MAX_NAMED = 10;

function unfinishedText(ids: readonly string[], before: number): string {
  const left = ids.length - MAX_NAMED;
  const named = list([...ids.slice(0, MAX_NAMED), ...(left > 0 ? [`${left} more`] : [])]);
  const [are, have, them] = ids.length === 1 ? ["is", "has", "it"] : ["are", "have", "them"];
  return `${plural(ids.length, "request")} ${are} not finished and ${have} rows before row ${before}: ${named}. What was approved and sent is read from these rows, so nothing was taken out. Let ${them} finish first (a pause ends with /zt resume, a block with /zt unblock; /zt audit and the id tells what it waits for), then do this again.`;
}

async function setDeletable(
  db: Kysely<Database>,
  dialect: "sqlite" | "postgres",
  deletable: boolean,
): Promise<void> {
  if (dialect === "postgres") {
    const change = sql.raw(deletable ? "DISABLE" : "ENABLE");
    await sql`ALTER TABLE audit ${change} TRIGGER audit_no_change`.execute(db);
    return;
  }
  // As in migration 0001.
  const change = deletable
    ? sql`DROP TRIGGER audit_no_delete`
    : sql`CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END`;
  await change.execute(db);
}
