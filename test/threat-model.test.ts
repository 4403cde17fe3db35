import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { ATTACKS } from "../scripts/attack/all.ts";

const ROOT = join(import.meta.dirname, "..");
const MODEL = readFileSync(join(ROOT, "docs", "threat-model.md"), "utf8");

/** What the threat model claims: the rows of its tables, each with what it names for it. */
const CLAIMS = MODEL.split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (---|what they try)/.test(line))
  .map((line) => {
    const [, attempt = "", answer = "", proof = ""] = line.split("|").map((cell) => cell.trim());
    return { attempt, answer, proof };
  });

const TESTS = [...MODEL.matchAll(/`(test\/[\w./-]+)` “([^”]+)”/g)].map(([, file = "", name = ""]) => ({
  file,
  name,
}));
const NAMED = [...MODEL.matchAll(/attack `([\w-]+)`/g)].map(([, name = ""]) => name);

describe("the threat model", () => {
  it("makes no claim without a test or an attack that says so", () => {
    expect(CLAIMS.length).toBeGreaterThan(40);
    const citation =
      /^(?:`test\/[\w./-]+` “[^”]+”|attack `[\w-]+`)(?:, (?:`test\/[\w./-]+` “[^”]+”|attack `[\w-]+`))*$/;
    expect(CLAIMS.filter(({ answer, proof }) => answer === "" || !citation.test(proof))).toEqual([]);
  });

  it("says of each attacker what remains", () => {
    const sections = MODEL.split("\n## ").slice(1);
    expect(sections).toHaveLength(6);
    expect(sections.filter((section) => !section.includes("**What remains.**"))).toEqual([]);
  });

  it.each(TESTS)("names a test that exists: $file “$name”", ({ file, name }) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
    // Not toContain: a failure would print the whole file.
    expect(readFileSync(join(ROOT, file), "utf8").includes(`"${name}"`)).toBe(true);
  });

  it("names only attacks that exist, and leaves none out", () => {
    expect([...new Set(NAMED)].toSorted()).toEqual(ATTACKS.map(({ name }) => name).toSorted());
  });
});
