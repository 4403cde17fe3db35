import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { parseWhoList, whoText } from "../../src/lookup/who-list.ts";

const ID = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415";
const A = "a@example.com";
const B = "b.o'brien+vpn@example.co.uk";

function namesIn(text: string): string[] {
  return parseWhoList(text).whos.map(whoText);
}

describe("a pasted list of users", () => {
  it.each<[string, string, string[]]>([
    ["one a line", `${A}\n${B}\r\n${ID}`, [A, B, ID]],
    ["with commas, semicolons and spaces", `${A}, ${B};${ID}  `, [A, B, ID]],
    ["without spaces", `${A},${B}`, [A, B]],
    ["as mail programs copy them", `"Ann O'Neil" <${A}>, Bob (ext) <${B}>`, [A, B]],
    ["as Slack links them", `<mailto:${A}|${A}> <mailto:${B}|Bob>`, [A, B]],
    ["as links of a page", `mailto:${A} MAILTO:${B}`, [A, B]],
    ["in a sentence", `Please revoke ${A}, and also “${B}”. Thanks!`, [A, B]],
    ["as a table", `Name\tE-mail\nAnn\t${A}\nBob\t${B}`, [A, B]],
    ["in brackets and quotes", `['${A}', "${B}"]`, [A, B]],
    ["with mentions among them", `${A} <@U012AB3CD|bob> ${B}`, [A, "<@U012AB3CD>", B]],
    ["twice, in other letters", `${A} ${A.toUpperCase()} ${ID} ${ID.toUpperCase()}`, [A, ID]],
    ["not at all", "nobody, really", []],
    ["in nothing", "", []],
  ])("%s is read", (_how, text, expected) => {
    expect(namesIn(text)).toEqual(expected);
    expect(parseWhoList(text).unreadable).toEqual([]);
  });

  it("never drops what looks like an address and is none", () => {
    expect(parseWhoList(`${A} b@ @handle c@@example.com d@example b@`).unreadable).toEqual([
      "b@",
      "@handle",
      "c@@example.com",
      "d@example",
    ]);
  });

  it("holds every address of any list, whatever stands between and around", () => {
    const address = fc
      .tuple(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), fc.stringMatching(/^[a-z]{1,8}$/))
      .map(([local, domain]) => `${local}@${domain}.example.com`);
    const between = fc.constantFrom("\n", ", ", ";", " ", "\t", "> <", '", "', " and ");
    fc.assert(
      fc.property(fc.array(fc.tuple(address, between), { maxLength: 40 }), (parts) => {
        const text = parts.map((part) => part.join("")).join("");
        expect(namesIn(text)).toEqual([...new Set(parts.map(([one]) => one))]);
      }),
    );
  });
});
