import { describe, expect, test } from "vitest";
import { type Inline, parseMrkdwn, parsePlainText } from "../../../sandbox/web/page/text/mrkdwn.ts";

/** The tree as a short line: kinds as tags, text as it stands. */
function sketch(inlines: Inline[]): string {
  return inlines
    .map((inline) => {
      switch (inline.kind) {
        case "text":
          return inline.text;
        case "link":
          return `[${sketch(inline.children)}](${inline.url})`;
        case "user":
        case "channel":
        case "group":
          return `{${inline.kind} ${inline.id}${inline.label ? ` ${inline.label}` : ""}}`;
        case "broadcast":
          return `{@${inline.range}}`;
        case "date":
          return `{date ${inline.timestamp} ${inline.format} ${inline.fallback}}`;
        case "emoji":
          return `{:${inline.name}:}`;
        default:
          return `<${inline.kind}>${sketch(inline.children)}</${inline.kind}>`;
      }
    })
    .join("");
}

function read(source: string, options?: { verbatim: boolean }): string {
  return parseMrkdwn(source, options)
    .map((paragraph) =>
      paragraph.kind === "paragraph"
        ? sketch(paragraph.children)
        : `${paragraph.kind}: ${sketch(paragraph.children)}`,
    )
    .join(" | ");
}

describe("mrkdwn", () => {
  test.each([
    ["escaped text stays text", "&lt;!channel&gt; &amp;lt; &lt;@U123&gt;", "<!channel> &lt; <@U123>"],
    [
      "unescaped broadcasts and mentions are what they would be in Slack",
      "<!channel> <@U123>",
      "{@channel} {user U123}",
    ],
    [
      "a link may lie about where it goes",
      "<https://evil.example|https://bank>",
      "[https://bank](https://evil.example)",
    ],
    [
      "a mention carries its label",
      "<@U1|bob> <#C1|general> <!subteam^S1|@sec>",
      "{user U1 bob} {channel C1 general} {group S1 @sec}",
    ],
    ["a mailto link shows the address", "<mailto:a@b.c|a@b.c>", "[a@b.c](mailto:a@b.c)"],
    ["a javascript link is no link", "<javascript:alert(1)|x>", "<javascript:alert(1)|x>"],
    [
      "emphasis runs from word edge to word edge",
      "*bold* _it_ ~no~ *a*b* 5 * 3 * 2",
      "<bold>bold</bold> <italic>it</italic> <strike>no</strike> <bold>a*b</bold> 5 * 3 * 2",
    ],
    ["underscores inside words are letters", "snake_case_word a_b_c", "snake_case_word a_b_c"],
    ["emphasis does not cross lines", "*one\ntwo*", "*one\ntwo*"],
    ["emphasis nests", "*bold _both_*", "<bold>bold <italic>both</italic></bold>"],
    ["code takes its content as it is", "`*x* :wave: &lt;b&gt;`", "<code>*x* :wave: <b></code>"],
    ["times keep their colons", "12:30:45 :wave:", "12{:30:}45 {:wave:}"],
    [
      "a bare address becomes a link without its full stop",
      "see https://a.example/x?y=1&amp;z=2.",
      "see [https://a.example/x?y=1&z=2](https://a.example/x?y=1&z=2).",
    ],
    [
      "bare domains and addresses become links as well",
      "bank.example.com/login, mallory@example.com and v1.2.3",
      "[bank.example.com/login](http://bank.example.com/login), [mallory@example.com](mailto:mallory@example.com) and v1.2.3",
    ],
    [
      "full-width marks format as theirs do",
      "＊bold＊ ＿it＿ ｀code｀",
      "<bold>bold</bold> <italic>it</italic> <code>code</code>",
    ],
    ["names of emoji may be in any script", ":チェック_緑:", "{:チェック_緑:}"],
    [
      "dates keep their format and fallback",
      "<!date^1700000000^{time}|later>",
      "{date 1700000000 {time} later}",
    ],
    ["quotes are set apart", "&gt; a\n&gt; b\nc", "quote: a\nb | c"],
    ["a code block keeps its lines", "x\n```\n*a*\n b\n```", "x | preformatted: *a*\n b"],
    ["headings and lists of other dialects are plain", "# x\n- y **z**", "# x\n- y **z**"],
  ])("%s", (_name, source, expected) => {
    expect(read(source)).toBe(expected);
  });
});

test("verbatim makes no links, and formats all the same", () => {
  const source = "*see* https://evil.example, evil.example.com or a@b.com :wave: <https://a.example|this>";
  expect(read(source, { verbatim: true })).toBe(
    "<bold>see</bold> https://evil.example, evil.example.com or a@b.com {:wave:} [this](https://a.example)",
  );
});

test("plain_text reads nothing but emoji names", () => {
  expect(sketch(parsePlainText("<!channel> *x* <https://a|b> :wave:"))).toBe(
    "<!channel> *x* <https://a|b> {:wave:}",
  );
  expect(sketch(parsePlainText(":wave:", false))).toBe(":wave:");
});
