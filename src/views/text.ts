/**
 * Text that came from outside (names, emails, reasons, device names, API messages) on its way into Slack: nothing of it
 * may format, link, mention or show a sign of the bot's. In mrkdwn it is escaped BEFORE it is cut, so that a cut can
 * never leave half an escape behind. docs/adr/0014 says why marks are replaced by lookalikes.
 */

// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001F\u007F-\u009F\s]+/g;

/**
 * What is drawn as nothing, or turns the direction of what stands around it: with one, a name reads as another name.
 * Emoji are put together with some of these, and keep them; scripts other than ours join and shape letters with them.
 */
const UNSEEN =
  /(?=[\p{Default_Ignorable_Code_Point}\u2800\uFFF9-\uFFFB])(?:(?<kept>(?<=\p{Extended_Pictographic})\p{Variation_Selector}|(?<=[\d#*])\uFE0F(?=\u20E3)|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D(?=\p{Extended_Pictographic}))|(?<dropped>(?<=[[\p{L}\p{M}]--[\p{scx=Latin}\p{scx=Greek}\p{scx=Cyrillic}\p{scx=Inherited}]])[\p{Join_Control}\p{Variation_Selector}])|[\p{Default_Ignorable_Code_Point}\u2800\uFFF9-\uFFFB]+)/gv;

/** Stands where something was that cannot be shown. */
const UNSEEN_MARK = "\uFFFD";

/** One printable line of plain text, for `plain_text` objects and rich_text elements. */
export function clean(text: string, max = 300): string {
  // Blanks and what nobody sees take room that is not needed here; past this it is no text that anybody reads.
  const enough = 8 * max;
  const seen = text
    .slice(0, enough)
    .toWellFormed()
    .replaceAll(CONTROLS, " ")
    .replaceAll(UNSEEN, (_unseen, kept?: string, dropped?: string) =>
      dropped === undefined ? (kept ?? UNSEEN_MARK) : "",
    );
  return cut(text.length > enough ? `${seen.trim()}…` : seen.trim(), max);
}

// The signs that the bot uses, and what could be taken for one of them.
const SIGNS =
  /[\u203C\u2049↩▶⌛⏏-⏺☐-☒⚠⚪⚫⛔✅✓-✘❌❎❓-❕❗⬛⬜⭕🆗🏁👍👎💚💛💯📌📎📣🔎🔏-🔓🔔🔕🔴🔵🗑🚨🚫🛑🛡🟠-🟫][\uFE0E\uFE0F]?/gu;

/** Plain text from outside without the signs that say how something stands: those are only ever the bot's. */
export function withoutSigns(text: string): string {
  return text.replaceAll(SIGNS, "□");
}

/** What Slack reads as formatting, its full-width forms included, and what looks like it. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  "*": "∗",
  "＊": "﹡",
  "~": "∼",
  "`": "ˋ",
  "｀": "ˋ",
  _: "ˍ",
  "＿": "⸏",
};

// An underscore inside a word never formats, and is needed to copy an address.
const MARKS = /[*＊~`｀＿]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g;

// The first colon of `:name:`, and of a `:name` at the end, which would meet a colon of ours. Times keep theirs.
const EMOJI_START = /(?!(?<=\d):\d\d(?!\d)):(?=[\p{L}\p{M}\p{N}_+'-]+(?::|$))/gu;

/** One line of untrusted text, safe inside mrkdwn: it reads as it was written, and is nothing but text. */
export function escape(text: string, max = 300): string {
  const inert = withoutSigns(clean(text, max + 1))
    .replaceAll(MARKS, (mark) => LOOKALIKES[mark] ?? mark)
    .replaceAll(EMOJI_START, "꞉")
    // At the beginning of a line it is a quotation.
    .replace(/^[>＞\s]+/, (quote) => quote.replaceAll(/[>＞]/g, "›"));
  return escapeEntities(inert, max);
}

/** Untrusted text in a code span: copyable ids and ray ids. Nothing formats in there; backticks would end the span. */
export function code(text: string, max = 120): string {
  const inert = withoutSigns(clean(text, max + 1)).replaceAll(/[`｀]/g, "ˋ");
  return `\`${escapeEntities(inert, max) || " "}\``;
}

function escapeEntities(text: string, max: number): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  // A cut must not split an entity: what is left of one is removed with it.
  return escaped.length <= max ? escaped : `${cut(escaped, max - 1, "").replace(/&[a-z]*$/, "")}…`;
}

const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Cuts between characters as people see them, at most `max` code units, and marks that something is missing. */
export function cut(text: string, max: number, mark = "…"): string {
  if (text.length <= max) return text;
  const end = max - mark.length;
  const { index = 0 } = GRAPHEMES.segment(text.slice(0, end + 2)).containing(end) ?? {};
  return `${text.slice(0, index)}${mark}`;
}

/** The same for text that holds our own markup: what the cut leaves of an entity, a mention or a date goes too. */
export function cutMarkup(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = cut(text, max - 1, "").replace(/(?:&[a-z]*|<[^<>]*)$/, "");
  // A code span that is left open would let loose what stands in it.
  const isOpen = end.split("`").length % 2 === 0;
  return `${isOpen ? end.slice(0, end.lastIndexOf("`")) : end}…`;
}

// Letters, digits, signs and emoji; neither spaces and controls nor what is drawn as nothing.
const VISIBLE = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** A name as one printable line, or `instead` where there is none that could be seen. */
export function named(name: string | null | undefined, instead: string, max = 300): string {
  return name && VISIBLE.test(name) ? withoutSigns(clean(name, max)) : instead;
}

/** A moment in the reader's own zone, with a fallback in UTC for clients that cannot format it. */
export function when(at: number, format: "minute" | "time" | "short" | "full" = "short"): string {
  const pattern = {
    minute: "{time}",
    time: "{time_secs}",
    short: "{date_short_pretty} {time}",
    full: "{date_long_pretty} {time_secs}",
  }[format];
  return `<!date^${Math.floor(at / 1000)}^${pattern}|${utc(at)}>`;
}

/** The same moment for the record: everyone reads the same digits. */
export function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A Slack user in mrkdwn. Only ids that look like ids become mentions. */
export function mention(userId: string): string {
  return /^[UW][A-Z0-9]+$/.test(userId) ? `<@${userId}>` : escape(userId);
}

/** A Slack user or user group in mrkdwn. */
export function principal(id: string): string {
  return /^S[A-Z0-9]+$/.test(id) ? `<!subteam^${id}>` : mention(id);
}

/** The first of them in mrkdwn, and how many more there are. */
export function principals(ids: readonly string[], max: number): string {
  const left = ids.length - max;
  return `${ids.slice(0, max).map(principal).join(" ")}${left > 0 ? ` and ${left} more` : ""}`;
}

/** `under 1 s`, `45 s`, `12 min`, `3 h`, `2 d`: how long something lasts or is left, short enough for a phone. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 1) return "under 1 s";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
