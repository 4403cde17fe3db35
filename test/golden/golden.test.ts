import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

import { describe, expect, it } from "vitest";

import { messageProblems, viewProblems } from "../views/support.ts";
import { FORBIDDEN } from "../voice.ts";
import { goldenCases, type GoldenCase } from "./cases.ts";
import { render } from "./render.ts";
import { viewFunctions, writtenRefusals } from "./written.ts";

const HERE = import.meta.dirname;

/** What is read out of the source, and what is drawn, by the names of their files. */
const TEXTS: ReadonlyMap<string, string> = new Map([
  ...goldenCases().map(({ name, shown }) => [name, render(shown)] as const),
  ...[...writtenRefusals()].map(
    ([file, text]) =>
      [
        `written/${file
          .replace(/^src\//, "")
          .replace(/\.ts$/, "")
          .replaceAll("/", ".")}`,
        text,
      ] as const,
  ),
]);

/** The builders of blocks.ts, lists.ts and notice.ts, of which the others are made. */
const BUILDERS = new Set(["message", "modal", "listMessage", "emptyMessage"]);

const MAX_WORDS = 60;
const MAX_FIRST_LINE = 150;
/** As people read what they have to judge. */
const WORDS_A_MINUTE = 220;

function files(pattern: RegExp, folder = HERE): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => relative(HERE, join(entry.parentPath, entry.name)));
}

function problemsOf(one: GoldenCase): string[] {
  return one.surface === "message" ? messageProblems(one.shown) : viewProblems(one.shown);
}

/** Words as one counts them: signs, and what stands for nothing but a shape, are none. */
function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
}

/** What is read on a card: neither the notification nor what a button asks once it is pressed. */
function onCard(text: string): string {
  return text.replace(/\nnotification: .*/s, "").replaceAll(/^ {2}asks: .*$/gm, "");
}

describe("all that the bot can say", () => {
  it.each([...TEXTS])("%s reads as its golden file", async (name, text) => {
    await expect(text).toMatchFileSnapshot(join(HERE, `${name}.txt`));
  });

  it("is in the golden files, and nothing else is", () => {
    expect(files(/\.txt$/).toSorted()).toEqual([...TEXTS.keys()].map((name) => `${name}.txt`).toSorted());
  });

  it("covers every function of src/views that makes a message, a modal or a Home", () => {
    const cases = files(/\.ts$/, join(HERE, "cases")).map((file) => readFileSync(join(HERE, file), "utf8"));
    const missing = viewFunctions()
      .filter((name) => !BUILDERS.has(name))
      .filter((name) => !cases.some((source) => new RegExp(`\\b${name}\\(`).test(source)));
    expect(missing).toEqual([]);
  });

  it("is taken by Slack, and holds no markup but ours", () => {
    expect(
      goldenCases().flatMap((one) => problemsOf(one).map((problem) => `${one.name}: ${problem}`)),
    ).toEqual([]);
  });

  it(`begins with a line of at most ${MAX_FIRST_LINE} characters`, () => {
    const long = goldenCases()
      .filter(({ surface }) => surface === "message")
      .map(({ name }) => `${name}: ${TEXTS.get(name)?.split("\n", 1)[0] ?? ""}`)
      .filter((line) => !/: \S/.test(line) || line.length - line.indexOf(": ") - 2 > MAX_FIRST_LINE);
    expect(long).toEqual([]);
  });

  it(`says of a decided card at most ${MAX_WORDS} words, what is folded included`, () => {
    const long = [...TEXTS]
      .filter(([name]) => name.startsWith("decided-cards/"))
      .map(([name, text]) => [name, words(onCard(text)).length] as const)
      .filter(([, count]) => count > MAX_WORDS);
    expect(long).toEqual([]);
  });

  it("has a README that names twenty files to begin with, which take ten minutes", () => {
    const readme = readFileSync(join(HERE, "README.md"), "utf8");
    const named = [...readme.matchAll(/^\d+\. \[.*?\]\((.*?)\)/gm)].map(([, file = ""]) => file);
    const read = named.flatMap((file) => words(readFileSync(join(HERE, file), "utf8")));
    expect(named).toHaveLength(20);
    expect(read.length).toBeLessThanOrEqual(10 * WORDS_A_MINUTE);
  });

  it("holds nothing that docs/voice.md rules out", () => {
    const found = [...TEXTS].flatMap(([name, text]) =>
      // Names that are typed stay what they are.
      FORBIDDEN.filter(([pattern]) => pattern.test(text.replaceAll(/^ {2}also: .*$/gm, ""))).map(
        ([pattern, instead]) => `${name}: ${pattern.exec(text)?.[0]} → ${instead}`,
      ),
    );
    expect(found).toEqual([]);
  });
});
