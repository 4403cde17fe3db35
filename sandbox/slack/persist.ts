import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { emptyData } from "./workspace.ts";
import type { SlackData } from "./workspace.ts";

const saveDelayMs = 50;

export interface Saver {
  /** Save soon. */
  schedule(): void;
  /** Save now what is still unsaved. */
  flush(): void;
}

/** Reads the data file. A file that does not exist is an empty workspace; one that is broken is an error. */
export function loadData(file: string | undefined): SlackData {
  if (file === undefined) return emptyData();
  try {
    return { ...emptyData(), ...(JSON.parse(readFileSync(file, "utf8")) as Partial<SlackData>) };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return emptyData();
    throw new Error(`The Slack data file ${file} can't be read. Delete it to start afresh.`, {
      cause: error,
    });
  }
}

/** Writes the data beside the file and renames it over: a crash leaves the old file or the new one, never half. */
export function createSaver(file: string | undefined, data: SlackData): Saver {
  let timer: NodeJS.Timeout | undefined;
  if (file === undefined) return { schedule() {}, flush() {} };
  mkdirSync(dirname(file), { recursive: true });

  function flush(): void {
    if (timer === undefined || file === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    writeFileSync(`${file}.new`, JSON.stringify(data));
    renameSync(`${file}.new`, file);
  }

  return {
    schedule() {
      timer ??= setTimeout(flush, saveDelayMs);
    },
    flush,
  };
}
