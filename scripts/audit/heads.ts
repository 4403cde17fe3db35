import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import type { Link } from "../../src/audit/chain.ts";
import { checkHeads, checkSignedRows, type SignedRow } from "../../src/audit/heads/check.ts";
import { makeKeyFile, readSigningKey } from "../../src/audit/heads/key-file.ts";
import {
  findHeads,
  NoteError,
  parseVerifierKey,
  type SignedHead,
  type VerifierKey,
} from "../../src/audit/heads/note.ts";
import type { Finding } from "../../src/audit/verify.ts";
import { readRecordConfig } from "../../src/config.ts";
import { plural } from "../../src/pluralize.ts";
import type { Db } from "../../src/store/open.ts";
import { type AuditCommand, CommandError, readArgs, say, UsageError } from "./command.ts";

/** `public-key` */
export const publicKey: AuditCommand = (args) => {
  readArgs(() => parseArgs({ args, options: {} }));
  say(readSigningKey(readRecordConfig(process.env).auditSigning).publicKey);
  return Promise.resolve(0);
};

/** `make-key --file FILE` */
export const makeKey: AuditCommand = (args) => {
  const { values } = readArgs(() => parseArgs({ args, options: { file: { type: "string" } } }));
  const { file } = values;
  if (file === undefined) throw new UsageError("say where to: --file FILE");
  if (!makeKeyFile(file)) throw new CommandError(`${file} is there already: nothing was written.`);
  const { publicKey: text } = readSigningKey({ key: null, file, isUsual: false });
  say(`${file} holds a new key, which is a secret. What checks its signatures is not: ${text}`);
  return Promise.resolve(0);
};

export interface Signed {
  keys: readonly VerifierKey[];
  heads: readonly SignedHead[];
  /** What the heads say of rows. */
  anchors: readonly Link[];
}

/** What was typed: public keys, and files with signed heads. */
export function readSigned(keys: readonly string[], files: readonly string[]): Signed {
  if (files.length > 0 && keys.length === 0) throw new UsageError("--heads needs --public-key");
  const heads = files.flatMap((file) => {
    const found = findHeads(readFileSync(file, "utf8"));
    if (found.length === 0) throw new CommandError(`${file} holds no signed head.`);
    return found;
  });
  return { keys: keys.map(readKey), heads, anchors: heads.map(({ head }) => head) };
}

function readKey(text: string): VerifierKey {
  try {
    return parseVerifierKey(text);
  } catch (error) {
    if (error instanceof NoteError) throw new UsageError(`--public-key ${error.message}`);
    throw error;
  }
}

/**
 * What the signatures prove, where a public key was given: in the record, its archives included, and of heads that were
 * kept elsewhere.
 */
export async function checkSignatures(
  db: Db,
  { keys, heads }: Signed,
  archived: readonly SignedRow[],
): Promise<Finding[]> {
  if (keys.length === 0) return [];
  const { signed, upTo, findings } = await checkSignedRows(db, keys, archived);
  const all = [...findings, ...checkHeads(heads, keys)];
  if (findings.length === 0)
    say(
      `${plural(signed, "signature")} in the record ${signed === 1 ? "is" : "are"} good, up to row ${upTo}.`,
    );
  return all.map((text) => ({ isBroken: true, text: `The signatures do not hold: ${text}.` }));
}
