import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

import { expect, it } from "vitest";

import { FORBIDDEN } from "./voice.ts";

const ROOT = join(import.meta.dirname, "..");

/** Subcommands and other names that are typed, and stay what they are. */
const NAMES = /\/zt [a-z-]+|\b(?:failed-)?log-?ins?\b(?=[`"' ]*$)/g;

it("no text says what docs/voice.md rules out", () => {
  const found = sourceFiles().flatMap((file) =>
    literalsIn(readFileSync(join(ROOT, file), "utf8")).flatMap((literal) =>
      FORBIDDEN.filter(([pattern]) => pattern.test(literal.replaceAll(NAMES, ""))).map(
        ([pattern, instead]) => `${file}: "${literal}" (${pattern.source} → ${instead})`,
      ),
    ),
  );
  expect(found).toEqual([]);
});

it("finds what it looks for, in strings and templates, and not in comments", () => {
  const source = [
    "// asked in vain",
    'const one = "It was in vain";',
    "const two = `Asked by ${name}`;",
    "/* any more */",
  ].join("\n");
  const hits = literalsIn(source).filter((text) => FORBIDDEN.some(([pattern]) => pattern.test(text)));
  expect(hits).toEqual(["It was in vain", "Asked by ${name}"]);
});

function sourceFiles(): string[] {
  return readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

/** The string and template literals of a source, without comments. Good enough for prose: regular expressions are rare. */
function literalsIn(source: string): string[] {
  const parts =
    /\/\*[\s\S]*?\*\/|(?<![:"'`\\])\/\/[^\n]*|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\[\s\S])*)`/g;
  return [...source.matchAll(parts)].flatMap(
    ([, double, single, template]) => double ?? single ?? template ?? [],
  );
}
