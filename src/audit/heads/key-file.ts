import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";

import { type AuditSigning, ConfigError } from "../../config.ts";
import type { Log } from "../../log/log.ts";
import { createSigningKey, NoteError, parseSigningKey, type SigningKey } from "./note.ts";

/**
 * The key that signs the record; a file that is not there yet is made. null: none is set, or the usual place takes no
 * file, which the log says.
 * @throws ConfigError for a key, or a file that was asked for, that cannot be used.
 */
export function openSigningKey({ key, file, isUsual }: AuditSigning, log: Log): SigningKey | null {
  if (key !== null) return parseKey(key, "AUDIT_SIGNING_KEY");
  const next = "set AUDIT_SIGNING_KEY or AUDIT_SIGNING_KEY_FILE, the same for all replicas";
  if (file === null) {
    log.warn({ next }, "the record is not signed: no key is set");
    return null;
  }
  try {
    if (makeKeyFile(file))
      log.info({ file }, "a key that signs the record was made: keep a copy of its public key");
    const text = readFileSync(file, "utf8").trim();
    if ((statSync(file).mode & 0o077) !== 0)
      log.warn({ file, next: `chmod 600 ${file}` }, "the key that signs the record can be read by others");
    return parseKey(text, `AUDIT_SIGNING_KEY_FILE: ${file}`);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    if (!isUsual)
      throw new ConfigError([`AUDIT_SIGNING_KEY_FILE: ${file} can be neither read nor made (${code})`]);
    log.warn({ file, code, next }, "the record is not signed: no key can be kept there");
    return null;
  }
}

/** @throws ConfigError when there is none, or it cannot be used. */
export function readSigningKey({ key, file }: AuditSigning): SigningKey {
  if (key !== null) return parseKey(key, "AUDIT_SIGNING_KEY");
  if (file === null) throw new ConfigError(["AUDIT_SIGNING_KEY or AUDIT_SIGNING_KEY_FILE is missing"]);
  try {
    return parseKey(readFileSync(file, "utf8").trim(), `AUDIT_SIGNING_KEY_FILE: ${file}`);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    throw new ConfigError([
      `AUDIT_SIGNING_KEY_FILE: ${file} cannot be read (${code}); zt-bot makes it when it first starts`,
    ]);
  }
}

/** Makes a key in a new file that only its owner can read, whole or not at all. @returns false when there is one. */
export function makeKeyFile(file: string): boolean {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return false;
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, `${createSigningKey()}\n`, { mode: 0o600, flag: "wx", flush: true });
  try {
    // Of several that make it at once one is first, and the others read what it made.
    linkSync(unfinished, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(unfinished);
  }
}

function parseKey(text: string, where: string): SigningKey {
  try {
    return parseSigningKey(text);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw new ConfigError([`${where} ${error.message}`]);
  }
}
