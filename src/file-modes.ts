import { chmodSync, statSync } from "node:fs";

/** Of the rights of a file, those of its group and of everybody. */
const OTHERS = 0o077;

/**
 * Whether others than the owner may read or change a file or folder, as a sentence with the command that ends it; null
 * when nobody may, or when it is not there.
 */
export function describeExposed(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || (stats.mode & OTHERS) === 0) return null;
  const [verb, mode] = stats.isDirectory() ? ["look into", "700"] : ["read", "600"];
  const may = (stats.mode & 0o022) === 0 ? verb : `${verb} or change`;
  return `other users of this machine may ${may} ${path}: chmod ${mode} ${path}`;
}

/** Takes a file away from everybody but its owner, if it is there. @returns what to do where it is not ours to take. */
export function restrict(path: string): string | null {
  if (describeExposed(path) !== null) {
    try {
      chmodSync(path, 0o600);
    } catch {
      // Another user's file: the sentence says what is to be done.
    }
  }
  return describeExposed(path);
}
