import { ArchiveError } from "../../src/audit/archive.ts";
import { ConfigError, EX_CONFIG } from "../../src/config.ts";
import { NoStoreError, StoreInUseError } from "../../src/store/open.ts";
import { archive, checkpoint } from "./archive.ts";
import { type AuditCommand, BROKEN, CommandError, NOT_DONE, UsageError } from "./command.ts";
import { exportRows } from "./export.ts";
import { makeKey, publicKey } from "./heads.ts";
import { reconcile } from "./reconcile.ts";
import { verifyExport } from "./verify-export.ts";
import { verify } from "./verify.ts";

/** `npm run audit`: the record checked, read out and archived, beside the running bot. */
const USAGE = `npm run audit -- <command>

  verify [--archive FILE]… [--anchor SEQ:HASH]… [--copy FILE]… [--public-key KEY]… [--heads FILE]…
      Checks the whole chain, archives first (oldest first), every request against it, and whether it fits what was
      forwarded. With --copy also row by row (rotated files oldest first). With public keys also its signatures, and the
      signed heads in FILE: lines as zt-bot posts them in Slack. Exit code 1 when something is broken or does not fit, 2
      when something that was given could not be compared.
  public-key
      Prints what checks the signatures of this bot. It needs no secret, nor gives one away.
  make-key --file FILE
      Makes a key that signs the record, in a new file: for AUDIT_SIGNING_KEY_FILE, or as AUDIT_SIGNING_KEY.
  export [--since WHEN] [--until WHEN] [--format jsonl|csv]
      Writes rows to standard output; into a file with npm run --silent, as npm writes lines of its own there. WHEN: 7d, 12h, 2026-03-01, 2026-03-01T12:00Z.
  verify-export FILE.json [FILE.md] [--archive FILE]…
      Checks the files of /zt incident export: each row against its hash and, where there is a database or archives, the
      record; the story and the Markdown against what the record holds of them. Exit code 1 when something was changed or
      left out.
  checkpoint
      Writes a place into the record before which rows may be archived.
  archive --file FILE [--checkpoint SEQ] [--remove]
      Checks the record and writes all rows before the newest checkpoint to FILE. With --remove it also takes them
      out of the database and records that; FILE may be there from before. With SQLite, stop zt-bot for that; with
      PostgreSQL set MIGRATION_DATABASE_URL to the role that owns the tables. Requests that have rows there have to be
      finished.

  reconcile --since WHEN [--until WHEN]
      Holds Cloudflare's audit log against the record, by ray: what only one of them has is listed. Exit code 1 when
      they differ. The API token needs "Account Settings Read".

Settings: as zt-bot has them. Exit codes: 0 well, 1 the record is broken or differs, 2 it could not be done, or not
all of it, 78 the settings are wrong.
`;

const COMMANDS: Record<string, AuditCommand> = {
  verify,
  "public-key": publicKey,
  "make-key": makeKey,
  export: exportRows,
  "verify-export": verifyExport,
  checkpoint,
  archive,
  reconcile,
};

/** PostgreSQL's SQLSTATE. */
const INSUFFICIENT_PRIVILEGE = "42501";

export interface Ended {
  /** The exit code. */
  code: number;
  /** What went wrong, in words for people; null when nothing did. */
  complaint: string | null;
}

/** Runs one command as it was typed. Never rejects. */
export async function run([name = "", ...args]: readonly string[]): Promise<Ended> {
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined)
      throw new UsageError(name === "" ? "Say which command." : `There is no command ${name}.`);
    return { code: await command(args), complaint: null };
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): Ended {
  if (error instanceof UsageError) return { code: NOT_DONE, complaint: `${error.message}\n\n${USAGE}` };
  if (error instanceof ConfigError) return { code: EX_CONFIG, complaint: error.problems.join("\n") };
  const isExpected = [ArchiveError, CommandError, StoreInUseError, NoStoreError].some(
    (kind) => error instanceof kind,
  );
  return {
    code: error instanceof ArchiveError && error.isBroken ? BROKEN : NOT_DONE,
    complaint:
      isExpected && error instanceof Error ? error.message : `It could not be done: ${describe(error)}`,
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ((error as { code?: unknown }).code === INSUFFICIENT_PRIVILEGE)
    return `the database role may not do that (${error.message}). Taking rows out needs the role that owns the tables: set MIGRATION_DATABASE_URL to it for this command`;
  const isOld = /no such (?:column|table): .*|(?:column|relation) .* does not exist/.test(error.message);
  return isOld
    ? "the database is of an older version: npm run migrate brings it up to date"
    : error.message || error.name;
}
