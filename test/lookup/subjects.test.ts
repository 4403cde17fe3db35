import { describe, expect, it } from "vitest";

import { wordsOf } from "../../src/interactions/investigate.ts";
import { findSubjects } from "../../src/lookup/subjects.ts";

const UUID = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415";
const email = (address: string) => ({ kind: "email", email: address });

describe("whom a message is about", () => {
  it.each<[string, string, unknown[]]>([
    ["nobody", "the VPN is slow @ home, see foo@ or @here", []],
    ["an address in a sentence", "is eve@corp.com, or not.", [email("eve@corp.com")]],
    ["an address at the end of one", "ask eve@corp.com.", [email("eve@corp.com")]],
    ["an address as Slack links it", "<mailto:Eve@corp.com|eve@corp.com>", [email("Eve@corp.com")]],
    ["an address in quotes", "user 'eve@corp.com' failed", [email("eve@corp.com")]],
    ["a tag and an apostrophe", "miles.o'brien+zt@corp.co.uk", [email("miles.o'brien+zt@corp.co.uk")]],
    ["an id", `user_id=${UUID.toUpperCase()};`, [{ kind: "id", id: UUID }]],
    [
      "a mention",
      "<@U012AB3CD> and <@W99|eve>",
      [
        { kind: "mention", userId: "U012AB3CD" },
        { kind: "mention", userId: "W99" },
      ],
    ],
    [
      "each once, in the order they are named",
      `<@U012AB3CD> a@b.co ${UUID} A@B.CO <@U012AB3CD>`,
      [{ kind: "mention", userId: "U012AB3CD" }, email("a@b.co"), { kind: "id", id: UUID }],
    ],
    ["neither a channel nor a broadcast", "<#C012|x> <!channel> <!subteam^S012>", []],
  ])("is %s", (_what, text, expected) => {
    expect(findSubjects(text)).toEqual(expected);
  });
});

describe("a message of one endless word", () => {
  it.each([
    "a".repeat(40_000),
    "a.".repeat(20_000),
    `a@${"b.".repeat(20_000)}`,
    "@a".repeat(20_000),
    // Not closed: each might go on to the end.
    "<@U0BOT|".repeat(25_000),
  ])("is read at once", (text) => {
    const before = performance.now();
    findSubjects(text);
    expect(performance.now() - before).toBeLessThan(2000);
  });
});

describe("the words of a message", () => {
  it("are found in blocks and attachments too, and ids of theirs are none", () => {
    const words = wordsOf({
      text: "Alert",
      ts: "a@ts.example",
      blocks: [
        {
          type: "section",
          block_id: "b@block.example",
          text: { type: "mrkdwn", text: "in a@section.example" },
        },
        { type: "section", fields: [{ type: "mrkdwn", text: "in a@field.example" }] },
        {
          type: "rich_text",
          elements: [{ type: "rich_text_section", elements: [{ type: "text", text: "in a@rich.example" }] }],
        },
      ],
      attachments: [
        {
          color: "a@color.example",
          fallback: "a@fallback.example",
          fields: [{ title: "User", value: "a@attached.example" }],
        },
      ],
    });
    expect(findSubjects(words)).toEqual(
      ["section", "field", "rich", "fallback", "attached"].map((part) => email(`a@${part}.example`)),
    );
  });

  it.each([[{}], [{ text: null, blocks: "none", attachments: 3 }]])(
    "are none in %j that matter",
    (message) => {
      expect(findSubjects(wordsOf(message))).toEqual([]);
    },
  );
});
