import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const RUNBOOK = readFileSync(join(ROOT, "docs", "runbook.md"), "utf8");

/** All source text; what code puts into a message stands as an ellipsis, as in the runbook. */
const SOURCE = globSync("src/**/*.ts", { cwd: ROOT })
  .map((file) => readFileSync(join(ROOT, file), "utf8"))
  .join("\n")
  .replaceAll(/[*`]/g, "");

/** What people see, as the first column of the table of troubles quotes it. */
function quotedMessages(): string[] {
  const section = RUNBOOK.split("## What people report")[1]?.split("\n## ")[0] ?? "";
  const cells = section
    .split("\n")
    .flatMap((line) => (line.startsWith("| ") ? [line.split(" | ")[0] ?? ""] : []));
  return cells.flatMap((cell) => [...cell.matchAll(/“([^”]+)”/g)].map(([, quote]) => quote ?? ""));
}

describe("the runbook", () => {
  it.each(quotedMessages())("quotes what zt-bot says: %s", (quote) => {
    // Not toContain: a failure would print all of the source.
    const unsaid = quote.split("…").filter((part) => !SOURCE.includes(part.trim()));
    expect(unsaid).toEqual([]);
  });
});
