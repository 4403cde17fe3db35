/** Keeps the world in a file between runs of the sandbox. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { createEmptyWorld, type World } from "./world.ts";

const SAVE_AFTER_MS = 200;

export interface DataFile {
  /** Saves a moment later; many changes make one write. */
  saveSoon(): void;
  /** Saves now what is not saved yet. */
  flush(): void;
}

/** The world of an earlier run, or null when there is none. A broken file is an error: nothing is thrown away. */
export function loadWorld(path: string): World | null {
  if (!existsSync(path)) return null;
  const world: World = JSON.parse(readFileSync(path, "utf8"));
  // What an earlier version did not have is empty.
  return { ...createEmptyWorld(world.accountId), ...world };
}

export function createDataFile(path: string, world: World): DataFile {
  let timer: NodeJS.Timeout | null = null;
  function save(): void {
    timer = null;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, JSON.stringify(world));
    renameSync(`${path}.new`, path);
  }
  return {
    saveSoon() {
      timer ??= setTimeout(save, SAVE_AFTER_MS).unref();
    },
    flush() {
      if (!timer) return;
      clearTimeout(timer);
      save();
    },
  };
}
