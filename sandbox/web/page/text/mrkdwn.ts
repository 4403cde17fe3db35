/**
 * Slack's mrkdwn, read as Slack reads it.
 *
 * slack-blocks-to-jsx is not used for text: it turns `&lt;!channel&gt;` back into a mention, reads plain_text as markup,
 * drops the colons of `12:30:45` and whole lines that start with `#`. A sandbox in which one checks that hostile names
 * stay harmless must not do that.
 */

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "bold" | "italic" | "strike" | "code"; children: Inline[] }
  | { kind: "link"; url: string; children: Inline[] }
  | { kind: "user" | "channel" | "group"; id: string; label: string | undefined }
  | { kind: "broadcast"; range: string }
  | { kind: "date"; timestamp: number; format: string; link: string | undefined; fallback: string }
  | { kind: "emoji"; name: string };

export interface Paragraph {
  kind: "paragraph" | "quote" | "preformatted";
  children: Inline[];
}

interface Allowed {
  emphasis: boolean;
  /** A link holds no further link. */
  links: boolean;
  /** Bare URLs, domains and addresses become links: not in a `verbatim` text object, nor with `parse: "none"`. */
  bareLinks: boolean;
}

const emphasisKinds: Record<string, "bold" | "italic" | "strike"> = {
  "*": "bold",
  "＊": "bold",
  _: "italic",
  "＿": "italic",
  "~": "strike",
};
const emojiAt = /:([\p{L}\p{N}_+'-]+):/iuy;
const urlAt = /https?:\/\/[^\s<>|]+/y;
const emailAt = /[\w.+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}/iy;
// Slack knows all top-level domains: these are enough to see it.
const domainAt =
  /(?:[a-z0-9-]+\.)+(?:app|biz|co|com|dev|edu|example|gov|info|io|me|net|org|uk|us)(?![\w-])(?:\/[^\s<>|]*)?/iy;

/**
 * Parses a mrkdwn text object's string into paragraphs, quotes and code blocks. `verbatim` as in the text object:
 * https://docs.slack.dev/reference/block-kit/composition-objects/text-object
 */
export function parseMrkdwn(source: string, { verbatim = false } = {}): Paragraph[] {
  const bareLinks = !verbatim;
  return source.split(/```([\s\S]+?)```/).flatMap((part, index): Paragraph[] =>
    index % 2 === 1
      ? [
          {
            kind: "preformatted",
            children: parseInline(trimNewlines(part), { emphasis: false, links: true, bareLinks: false }),
          },
        ]
      : parseParagraphs(part, bareLinks),
  );
}

/** Reads plain_text: nothing is markup but emoji names, and those only when `emoji` is true (Slack's default). */
export function parsePlainText(source: string, emoji = true): Inline[] {
  if (!emoji) return [{ kind: "text", text: source }];
  return source
    .split(/:([a-z0-9_+'-]+):/i)
    .map((part, index): Inline =>
      index % 2 === 1 ? { kind: "emoji", name: part } : { kind: "text", text: part },
    )
    .filter((inline) => inline.kind !== "text" || inline.text !== "");
}

/** The three entities that Slack knows; everything else stays as it is written. */
export function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function parseParagraphs(part: string, bareLinks: boolean): Paragraph[] {
  const paragraphs: { kind: "paragraph" | "quote"; lines: string[] }[] = [];
  for (const line of part.split("\n")) {
    const quoted = /^(?:&gt;|[>＞]) ?/.exec(line);
    const kind = quoted ? "quote" : "paragraph";
    const last = paragraphs.at(-1);
    const content = quoted ? line.slice(quoted[0].length) : line;
    if (last?.kind === kind) last.lines.push(content);
    else paragraphs.push({ kind, lines: [content] });
  }
  return paragraphs
    .map(({ kind, lines }) => ({ kind, text: trimNewlines(lines.join("\n")) }))
    .filter(({ text }) => text !== "")
    .map(({ kind, text }) => ({
      kind,
      children: parseInline(text, { emphasis: true, links: true, bareLinks }),
    }));
}

function parseInline(source: string, allowed: Allowed): Inline[] {
  const result: Inline[] = [];
  let plain = "";
  let at = 0;
  const flush = (): void => {
    if (plain !== "") result.push({ kind: "text", text: unescape(plain) });
    plain = "";
  };
  while (at < source.length) {
    const found = parseAt(source, at, allowed);
    if (found === undefined) {
      plain += source[at];
      at += 1;
      continue;
    }
    flush();
    result.push(found.inline);
    at = found.end;
  }
  flush();
  return result;
}

function parseAt(source: string, at: number, allowed: Allowed): { inline: Inline; end: number } | undefined {
  const character = source[at] ?? "";
  if (character === "<") return allowed.links ? parseAngle(source, at, allowed) : undefined;
  if (!allowed.emphasis) return undefined;
  if (character === "`" || character === "｀") return parseCode(source, at);
  if (character === ":") return parseEmoji(source, at);
  const kind = emphasisKinds[character];
  if (kind !== undefined) return parseEmphasis(source, at, kind, allowed);
  return allowed.links && allowed.bareLinks ? parseBareLink(source, at) : undefined;
}

function parseAngle(
  source: string,
  at: number,
  allowed: Allowed,
): { inline: Inline; end: number } | undefined {
  const close = source.indexOf(">", at);
  if (close === -1) return undefined;
  const inline = readAngle(source.slice(at + 1, close), allowed);
  return inline && { inline, end: close + 1 };
}

function readAngle(content: string, allowed: Allowed): Inline | undefined {
  const bar = content.indexOf("|");
  const target = bar === -1 ? content : content.slice(0, bar);
  const label = bar === -1 ? undefined : content.slice(bar + 1);
  const plainLabel = label === undefined ? undefined : unescape(label);
  if (/^@[UW]\w+$/.test(target)) return { kind: "user", id: target.slice(1), label: plainLabel };
  if (/^#[CG]\w+$/.test(target)) return { kind: "channel", id: target.slice(1), label: plainLabel };
  if (target.startsWith("!subteam^")) return { kind: "group", id: target.slice(9), label: plainLabel };
  if (target.startsWith("!date^")) {
    const [, timestamp = "", format = "", link] = target.split("^");
    return { kind: "date", timestamp: Number(timestamp), format, link, fallback: plainLabel ?? "" };
  }
  if (/^!(here|channel|everyone)$/.test(target)) return { kind: "broadcast", range: target.slice(1) };
  if (!/^(https?:\/\/|mailto:|tel:)/.test(target)) return undefined;
  const url = unescape(target);
  return {
    kind: "link",
    url,
    children: label
      ? parseInline(label, { ...allowed, links: false })
      : [{ kind: "text", text: url.replace(/^mailto:/, "") }],
  };
}

function parseCode(source: string, at: number): { inline: Inline; end: number } | undefined {
  const close = source.indexOf(source[at] ?? "", at + 1);
  const content = source.slice(at + 1, close);
  if (close === -1 || content === "" || content.includes("\n")) return undefined;
  return {
    inline: {
      kind: "code",
      children: parseInline(content, { emphasis: false, links: true, bareLinks: false }),
    },
    end: close + 1,
  };
}

function parseEmoji(source: string, at: number): { inline: Inline; end: number } | undefined {
  emojiAt.lastIndex = at;
  const match = emojiAt.exec(source);
  return match?.[1] === undefined
    ? undefined
    : { inline: { kind: "emoji", name: match[1] }, end: at + match[0].length };
}

/** A URL, an address or a domain that stands alone, without the full stop behind it. */
function parseBareLink(source: string, at: number): { inline: Inline; end: number } | undefined {
  if (isWord(source[at - 1]) || /[\w@./-]/.test(source[at - 1] ?? " ")) return undefined;
  for (const [pattern, before] of BARE) {
    pattern.lastIndex = at;
    const match = pattern.exec(source)?.[0].replace(/[.,;:!?)'"*_~`]+$/, "");
    if (match === undefined) continue;
    const shown = unescape(match);
    const url = `${before}${shown}`;
    return {
      inline: { kind: "link", url, children: [{ kind: "text", text: shown }] },
      end: at + match.length,
    };
  }
  return undefined;
}

const BARE: readonly (readonly [RegExp, string])[] = [
  [urlAt, ""],
  [emailAt, "mailto:"],
  [domainAt, "http://"],
];

/** Slack emphasizes only from the edge of a word to the edge of a word, within one line. */
function parseEmphasis(
  source: string,
  at: number,
  kind: "bold" | "italic" | "strike",
  allowed: Allowed,
): { inline: Inline; end: number } | undefined {
  const marker = source[at];
  const next = source[at + 1];
  const before = source[at - 1];
  if (before === marker || isWord(before) || next === undefined || next === marker || /\s/.test(next)) {
    return undefined;
  }
  for (let close = at + 1; close < source.length && source[close] !== "\n"; close += 1) {
    if (source[close] === "<") close = Math.max(close, source.indexOf(">", close));
    else if (source[close] === "`") close = Math.max(close, source.indexOf("`", close + 1));
    else if (source[close] === marker && !/\s/.test(source[close - 1] ?? " ") && !isWord(source[close + 1])) {
      return {
        inline: { kind, children: parseInline(source.slice(at + 1, close), allowed) },
        end: close + 1,
      };
    }
  }
  return undefined;
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}

function trimNewlines(text: string): string {
  return text.replace(/^\n|\n$/g, "");
}
