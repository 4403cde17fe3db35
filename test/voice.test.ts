import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

import { expect, it } from "vitest";

/**
 * What docs/voice.md rules out and cspell can't see, as it is more than a word: in anything that a person reads. Single
 * words stand in cspell.json.
 */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/\bin vain\b/i, "failed"],
  [/\bany more\b/i, "no longer"],
  [
    /\b(?:a|of (?:its|their)) (?:problem )?of (?:its|their) own\b|\bproblem of its own\b/i,
    "name the problem",
  ],
  [/\basked (?:for )?by\b/i, "requested by"],
  [/\b(?:done|do it|did it|act|acted|acts) alone\b/i, "break-glass"],
  [/\b(?:has a say|no say)\b/i, "approver"],
  // Without a word beside them they are values.
  [/\b(?:no|some|every)body(?= \w)|(?<=\w[:,]? )(?:no|some|every)body\b/i, "no one, someone, everyone"],
  [/\bonce more\b/i, "again"],
  [/\bwho asked\b/i, "the requester"],
  [/\b(?:logs?|logged|log) in\b|\blog-ins?\b/i, "sign in, sign-in"],
  [/\bcould not be (?:read|looked up|reached)\b/i, "can't read, is unknown"],
  [/\bis no (?:time|page)\b/i, "can't read … as a …"],
  [/\bhas to be mended\b|\bto mend\b/i, "fix"],
  [/\bidentity provider(?! \(IdP\))\b/i, "IdP"],
];

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
