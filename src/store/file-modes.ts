import { chmodSync, statSync } from "node:fs";

/** Of the rights of a file, those of its group and of everybody. */
const OTHERS = 0o077;

/** What others can do with a file or folder, and the command that ends it; null when nothing, or when it is not there. */
export function findExposure(path: string): { what: string; fix: string } | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || (stats.mode & OTHERS) === 0) return null;
  const [verb, mode] = stats.isDirectory() ? ["look into", "700"] : ["read", "600"];
  const may = (stats.mode & 0o022) === 0 ? verb : `${verb} or change`;
  return { what: `other users of this machine may ${may} ${path}`, fix: `chmod ${mode} ${path}` };
}

/** The same as one sentence. */
export function describeExposed(path: string): string | null {
  const found = findExposure(path);
  return found === null ? null : `${found.what}: ${found.fix}`;
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
