import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");

/**
 * The version before this one, which has to work beside it on one database: moved forward at each release, to the
 * commit that was released. As long as there was none, it is the last commit before docs/adr/0044.
 */
export const PREVIOUS_VERSION = "2d09d3b8e6668f94f36bf09b298c7547f7a9d058";

export interface OlderVersion {
  /** Its `src/main.ts`, which Node runs. */
  main: string;
  /** Its folder, with `src` and `scripts`. */
  folder: string;
}

/**
 * The code of a commit in a folder of its own, removed when the test ends. It runs with the packages that are installed
 * here: what is older is zt-bot's own code.
 * @throws Error that says what to do when the commit is not in this clone
 */
export function unpackVersion(commit: string): OlderVersion {
  const folder = mkdtempSync(join(tmpdir(), "zt-older-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const archive = readArchive(commit);
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return { folder, main: join(folder, "src", "main.ts") };
}

function readArchive(commit: string): Buffer {
  const paths = ["package.json", "src", "scripts"];
  try {
    return execFileSync("git", ["-C", ROOT, "archive", "--format=tar", commit, ...paths], {
      maxBuffer: 256 * 1024 * 1024,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    throw new Error(
      `The previous version (${commit}) can't be read from this clone: it has to be a git clone with its whole history (git fetch --unshallow).`,
      { cause: error },
    );
  }
}
