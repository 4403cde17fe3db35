import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { describe, expect, it } from "vitest";

import { findWritten, listWritten, renderHead } from "../bench/report.ts";
import { ROWS } from "../bench/rows/index.ts";
import { renderCommandTable } from "../scripts/command-table.ts";

const ROOT = join(import.meta.dirname, "..");

describe("the documents", () => {
  it.each(globSync(["*.md", "docs/**/*.md"], { cwd: ROOT }))("%s links to files that are there", (file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    const targets = [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, target]) => target ?? "");
    const local = targets.filter((target) => !/^https?:/.test(target));
    expect(local.filter((target) => !existsSync(join(ROOT, dirname(file), target)))).toEqual([]);
  });
});

describe("the README", () => {
  it("has the table of subcommands as the registry has it: npm run docs writes it", () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    const between = /<!-- generated: commands -->\n\n([\s\S]*?)\n\n<!-- end: commands -->/.exec(readme)?.[1];
    expect(between).toBe(renderCommandTable());
  });

  it("says of a call whose permission Cloudflare does not name that it is not listed", () => {
    const rows = renderCommandTable().split("\n");
    const lastCell = (command: string) =>
      rows
        .find((row) => row.startsWith(`| \`${command} `))
        ?.split(" | ")
        .at(-1);
    expect(lastCell("create-user")).toBe("Access: Audit Logs Read + not listed by Cloudflare |");
    expect(lastCell("rename-user")).toBe("Access: Audit Logs Read; Zero Trust: Seats Write |");
  });
});

describe("docs/performance.md", () => {
  const text = readFileSync(join(ROOT, "docs", "performance.md"), "utf8");

  it("has a part for each row of the bench, and for nothing else: npm run docs makes the place", () => {
    expect(listWritten(text).toSorted()).toEqual(ROWS.map(({ name }) => name).toSorted());
  });

  it.each(ROWS.map((row) => [row.name, row] as const))("says of %s what the bench says", (name, row) => {
    // Neither figures nor whether there are any: those are written by a run on a quiet machine.
    expect(findWritten(text, name)).toContain(renderHead(row));
  });
});
