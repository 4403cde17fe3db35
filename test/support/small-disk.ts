import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, onTestFinished } from "vitest";

/** A file system of its own, of a few megabytes. */
export interface SmallDisk {
  /** Takes all the room that is left. */
  fill(): void;
  /** Gives it back. */
  free(): void;
  /** As after an error of the disk; while nothing is open for writing there. */
  remount(how: "ro" | "rw"): void;
}

/** Puts one where `folder` is. Taken away when the test ends. */
export function mountSmallDisk(folder: string, megabytes = 4): SmallDisk {
  mkdirSync(folder, { recursive: true });
  mount("-t", "tmpfs", "-o", `size=${megabytes}m,mode=700`, "zt-bot-test", folder);
  // Lazily: a process that is about to end may still have a file open there.
  onTestFinished(() => void execFileSync("umount", ["--lazy", folder]));
  const ballast = join(folder, "ballast");
  return {
    fill() {
      // In pages, so that not even half of one is left.
      for (let pages = megabytes * 256; pages > 0; pages -= 1) {
        try {
          writeFileSync(ballast, Buffer.alloc(4096), { flag: "a" });
        } catch {
          return;
        }
      }
    },
    free: () => rmSync(ballast, { force: true }),
    remount: (how) => mount("-o", `remount,${how}`, folder),
  };
}

function mount(...args: string[]): void {
  execFileSync("mount", args, { stdio: "pipe" });
}

/** `describe` for tests that mount a file system: skipped, with one line that says so, where that takes rights that are not there. */
export function describeWithMounts(name: string, tests: () => void): void {
  (canMount() ? describe : skipAloud())(name, { tags: ["slow"] }, tests);
}

let mayMount: boolean | undefined;

function canMount(): boolean {
  if (mayMount !== undefined) return mayMount;
  const folder = mkdtempSync(join(tmpdir(), "zt-mount-"));
  try {
    mount("-t", "tmpfs", "-o", "size=1m", "zt-bot-test", folder);
    execFileSync("umount", [folder]);
    mayMount = true;
  } catch {
    mayMount = false;
  }
  rmSync(folder, { recursive: true, force: true });
  return mayMount;
}

function skipAloud(): typeof describe.skip {
  process.stderr.write(
    "no file system can be mounted here: tests of full and read-only disks are skipped (run them as root)\n",
  );
  return describe.skip;
}
