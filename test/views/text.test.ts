import { globSync, readFileSync } from "node:fs";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type Inline, parseMrkdwn, unescape } from "../../sandbox/web/page/text/mrkdwn.ts";

import { section, sections } from "../../src/views/blocks.ts";
import {
  clean,
  code,
  cut,
  cutMarkup,
  duration,
  escape,
  mention,
  named,
  principal,
  utc,
  when,
  withoutSigns,
} from "../../src/views/text.ts";
import { anyText } from "./support.ts";

const NOON = Date.UTC(2026, 2, 14, 12, 5, 9, 500);

/** What Slack makes of a line. */
function paragraph(...children: Inline[]) {
  return [{ kind: "paragraph", children }];
}

const anyMax = fc.integer({ min: 1, max: 80 });

describe("escape", () => {
  it.each([
    ["<!channel>", "&lt;!channel&gt;"],
    ["<@U012AB3CD>", "&lt;@U012AB3CD&gt;"],
    ["<https://evil.example|https://bank.example>", "&lt;https://evil.example|https://bank.example&gt;"],
    ["AT&T", "AT&amp;T"],
    ["&lt;", "&amp;lt;"],
    ["two\nlines\tand  spaces ", "two lines and spaces"],
    ["*bold* _italic_ ~struck~ `code`", "∗bold∗ ˍitalicˍ ∼struck∼ ˋcodeˋ"],
    ["＊bold＊ ＿italic＿ ｀code｀", "﹡bold﹡ ⸏italic⸏ ˋcodeˋ"],
    ["a device called :white_check_mark: Done", "a device called ꞉white_check_mark: Done"],
    ["✅ Done and verified ⚠️ 🔴 ✔︎", "□ Done and verified □ □ □"],
    [":tada", "꞉tada"],
    ["> quoted > not", "› quoted &gt; not"],
    ["al\u200Bice", "al\uFFFDice"],
  ])("makes %s into %s", (text, escaped) => {
    expect(escape(text)).toBe(escaped);
  });

  it.each([
    "first_last+tag@corp-name.example.com",
    "john_doe",
    "203.0.113.7",
    "11ffb86f-3f0c-4306-b4a2-e62f872b166a",
    "DESKTOP-7Q2_B",
    "12:30:45",
    "2026-03-14T12:05:09Z",
    "https://host.example:8443/a_b",
    "Łukasz 王小明 مريم 👩🏽‍🚒",
  ])("leaves %s as it is: it can be copied", (text) => {
    expect(escape(text)).toBe(text);
  });

  it.each([
    ["<<<", 12, "&lt;&lt;&lt;"],
    ["<<<", 11, "&lt;&lt;…"],
    ["<<<", 9, "&lt;&lt;…"],
    ["<<<", 8, "&lt;…"],
    ["a&b", 5, "a…"],
    ["😀😀", 3, "😀…"],
    ["😀😀", 2, "…"],
    ["👩🏽‍🚒👩🏽‍🚒", 9, "👩🏽‍🚒…"],
    ["e\u0301e\u0301", 3, "e\u0301…"],
    ["abc", 1, "…"],
  ])("cuts %s at %i to %s: no half entity and no half character", (text, max, escaped) => {
    expect(escape(text, max)).toBe(escaped);
  });

  it("lets no mention, broadcast or link through, and splits no entity or character, wherever it cuts", () => {
    fc.assert(
      fc.property(anyText, anyMax, (text, max) => {
        const escaped = escape(text, max);
        expect(escaped).not.toMatch(/[<>]/);
        expect(escaped.replaceAll(/&(?:amp|lt|gt);/g, "")).not.toContain("&");
        expect(escaped.isWellFormed()).toBe(true);
        expect(escaped.length).toBeLessThanOrEqual(max);
      }),
      { numRuns: 1000 },
    );
  });

  it("is nothing but text to Slack, in bold, after words, before a colon, and where a line begins", () => {
    fc.assert(
      fc.property(anyText, anyMax, (text, max) => {
        const escaped = escape(text, max);
        if (escaped === "") return;
        const read = unescape(escaped);
        const [bold, after, before, begin] = [`*${escaped}* x`, `x ${escaped}`, `${escaped}: x`, escaped].map(
          (source) => parseMrkdwn(source, { verbatim: true }),
        );
        expect(bold).toEqual(
          paragraph({ kind: "bold", children: [{ kind: "text", text: read }] }, { kind: "text", text: " x" }),
        );
        expect(after).toEqual(paragraph({ kind: "text", text: `x ${read}` }));
        expect(before).toEqual(paragraph({ kind: "text", text: `${read}: x` }));
        expect(begin).toEqual(paragraph({ kind: "text", text: read }));
      }),
      { numRuns: 2000 },
    );
  });

  it("shows a reader exactly the printable text where it fits and nothing in it formats", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
        fc.pre(!/[*_~`:＊＿｀]|^\s*[>＞]/.test(text) && withoutSigns(text) === text);
        expect(unescape(escape(text, 1000))).toBe(clean(text));
      }),
    );
  });

  it("never shows a sign that the bot uses", () => {
    const files = [...globSync("src/views/**/*.ts"), ...globSync("src/actions/**/*.ts")];
    const used = files.flatMap((file) => [
      ...readFileSync(file, "utf8").matchAll(/[\p{Emoji_Presentation}]|\p{Extended_Pictographic}\uFE0F/gu),
    ]);
    const signs = new Set(used.map(([sign]) => sign).filter((sign) => !/\p{RI}/u.test(sign)));
    expect(signs.size).toBeGreaterThan(15);
    // That a device has several users says nothing of how anything stands.
    expect([...signs].filter((sign) => escape(sign) === sign)).toEqual(["👥"]);
  });
});

describe("clean", () => {
  it.each([
    ["right-to-left override", "invoice\u202Egpj.exe", "invoice\uFFFDgpj.exe"],
    ["isolates", "\u2066a\u2067b\u2068c\u2069", "\uFFFDa\uFFFDb\uFFFDc\uFFFD"],
    ["marks", "a\u200Eb\u200Fc\u061Cd", "a\uFFFDb\uFFFDc\uFFFDd"],
    ["zero-width characters", "al\u200Bi\u2060c\u00ADe\u3164", "al\uFFFDi\uFFFDc\uFFFDe\uFFFD"],
    ["joiners where no script joins", "a\u200Db\uFE0Fc", "a\uFFFDb\uFFFDc"],
    ["joiners between letters that join", "علی\u200Cرضا", "علیرضا"],
    ["control characters", "a\u0000b\u0007c\u009Fd\r\ne", "a b c d e"],
    ["a byte order mark", "\uFEFFa", "a"],
    ["half a character", "a\uD83Db", "a\uFFFDb"],
  ])("drops or replaces %s", (_what, text, cleaned) => {
    expect(clean(text)).toBe(cleaned);
  });

  it("keeps letters of every script, and emoji made of several", () => {
    expect(clean("Łukasz 王小明 مريم 👩🏽‍🚒 🇵🇹")).toBe("Łukasz 王小明 مريم 👩🏽‍🚒 🇵🇹");
  });

  it("leaves one line without control characters or overrides, well formed and no longer than asked", () => {
    fc.assert(
      fc.property(anyText, anyMax, (text, max) => {
        const cleaned = clean(text, max);
        expect(cleaned).not.toMatch(/[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/u);
        expect(cleaned.isWellFormed()).toBe(true);
        expect(cleaned.length).toBeLessThanOrEqual(max);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("code", () => {
  it("keeps backticks from ending the span, and is never an empty one", () => {
    expect(code("a`b")).toBe("`aˋb`");
    expect(code("")).toBe("` `");
    expect(code("\u202E")).toBe("`\uFFFD`");
    expect(code("fe80::1 *.example.com _a_")).toBe("`fe80::1 *.example.com _a_`");
    fc.assert(
      fc.property(anyText, (text) => {
        expect(code(text)).toMatch(/^`[^`<>]+`$/);
        const [only] = parseMrkdwn(`x ${code(text)}: x`, { verbatim: true });
        expect(only?.children.map(({ kind }) => kind)).toEqual(["text", "code", "text"]);
      }),
    );
  });
});

describe("cut", () => {
  it("leaves what fits, and marks what it took", () => {
    expect(cut("abcdef", 6)).toBe("abcdef");
    expect(cut("abcdefg", 6)).toBe("abcde…");
    expect(cut("ab😀d", 4)).toBe("ab…");
    expect(cut("👩🏽‍🚒👩🏽‍🚒", 12)).toBe("👩🏽‍🚒…");
  });
});

describe("cutMarkup", () => {
  it.each([
    ["abcdef", 6, "abcdef"],
    ["abcdefg", 6, "abcde…"],
    ["ab &lt; c", 7, "ab …"],
    ["ab &lt; c", 8, "ab &lt;…"],
    ["by <@U012AB3CD> at last", 12, "by …"],
    ["by <@U012AB3CD> at last", 16, "by <@U012AB3CD>…"],
    ["<!date^1^{time}|12:00 UTC> and more", 20, "…"],
    ["a `*b* :tada: c` d", 12, "a …"],
    ["a `b` and `c` d", 14, "a `b` and `c`…"],
  ])("cuts %s at %i to %s: nothing of our own markup is left in halves", (text, max, cutText) => {
    expect(cutMarkup(text, max)).toBe(cutText);
  });

  it("guards every text of a message, however long", () => {
    const { text } = section(`${"x".repeat(2990)}<@U012AB3CD> and more`);
    expect(text?.text).toBe(`${"x".repeat(2990)}…`);
  });
});

describe("lines", () => {
  it("stand whole in as few sections as hold them, in order", () => {
    const lines = Array.from({ length: 100 }, (_, index) => `${index} ${"x".repeat(97)}`);
    const texts = sections(lines).map(({ text }) => text?.text ?? "");
    expect(texts.map((text) => text.split("\n")).flat()).toEqual(lines);
    expect(texts).toHaveLength(4);
  });
});

describe("named", () => {
  it.each([
    ["Wiki", "Wiki"],
    [" Wiki\n", "Wiki"],
    ["", "nobody"],
    [null, "nobody"],
    [undefined, "nobody"],
    ["\u200B\u2060\u00AD\u3164 \u202E", "nobody"],
    ["👩🏽‍🚒", "👩🏽‍🚒"],
    ["-", "-"],
  ])("%j is %s", (name, shown) => {
    expect(named(name, "nobody")).toBe(shown);
  });
});

describe("people", () => {
  it.each([
    ["U012AB3CD", "<@U012AB3CD>"],
    ["W012AB3CD", "<@W012AB3CD>"],
    ["zt-bot", "zt-bot"],
    ["U1|x> <!channel", "U1|x&gt; &lt;!channel"],
    ["", ""],
  ])("%s is mentioned as %s", (id, text) => {
    expect(mention(id)).toBe(text);
  });

  it("of a user group are mentioned as one", () => {
    expect(principal("S012AB3CD")).toBe("<!subteam^S012AB3CD>");
    expect(principal("U012AB3CD")).toBe("<@U012AB3CD>");
    expect(principal("S1><!channel>")).toBe("S1&gt;&lt;!channel&gt;");
  });
});

describe("a moment", () => {
  it.each([
    ["time", "<!date^1773489909^{time_secs}|2026-03-14 12:05:09 UTC>"],
    ["short", "<!date^1773489909^{date_short_pretty} {time}|2026-03-14 12:05:09 UTC>"],
    ["full", "<!date^1773489909^{date_long_pretty} {time_secs}|2026-03-14 12:05:09 UTC>"],
  ] as const)("is shown in the reader's zone (%s), with UTC for clients that cannot", (format, text) => {
    expect(when(NOON, format)).toBe(text);
  });

  it("is the same for everybody in the record", () => {
    expect(utc(NOON)).toBe("2026-03-14 12:05:09 UTC");
  });
});

describe("a duration", () => {
  it.each([
    [-5000, "under 1 s"],
    [0, "under 1 s"],
    [1499, "1 s"],
    [59_400, "59 s"],
    [59_600, "1 min"],
    [89 * 60_000, "89 min"],
    [90 * 60_000, "2 h"],
    [35 * 3_600_000, "35 h"],
    [36 * 3_600_000, "2 d"],
    [14 * 86_400_000, "14 d"],
  ])("of %i ms is %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
