/**
 * Text that came from outside (names, e-mails, reasons, device names, API messages) on its way into Slack.
 * In mrkdwn it is escaped BEFORE it is cut, so that a cut can never leave half an escape behind.
 */

// Control characters, and the bidirectional overrides that can make a name read as another one.
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/g;

/** One printable line of plain text, for `plain_text` objects and rich_text elements. */
export function clean(text: string, max = 300): string {
  return cut(text.toWellFormed().replaceAll(UNPRINTABLE, " ").replaceAll(/\s+/g, " ").trim(), max);
}

/** One line of untrusted text, safe inside mrkdwn: no mentions, links or broadcasts can come out of it. */
export function escape(text: string, max = 300): string {
  const escaped = clean(text, 10_000)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
  // A cut must not split an entity: what is left of one is removed with it.
  return escaped.length <= max ? escaped : `${cut(escaped, max - 1, "").replace(/&[a-z]*$/, "")}…`;
}

/** Untrusted text in a code span: copyable ids and ray ids. Backticks would end the span. */
export function code(text: string, max = 120): string {
  return `\`${escape(text.replaceAll("`", "ˋ"), max) || " "}\``;
}

/** The first letter as a capital one. */
export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Cuts at a whole character (a surrogate pair is never split) and marks that something is missing. */
export function cut(text: string, max: number, mark = "…"): string {
  if (text.length <= max) return text;
  const end = text.slice(0, max - mark.length);
  return `${/[\uD800-\uDBFF]$/.test(end) ? end.slice(0, -1) : end}${mark}`;
}

/** The same for text that holds our own markup: what the cut leaves of an entity, a mention or a date goes too. */
export function cutMarkup(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${cut(text, max - 1, "").replace(/(?:&[a-z]*|<[^<>]*)$/, "")}…`;
}

// Letters, digits, signs and emoji; neither spaces and controls nor the fillers that fonts draw as nothing.
const VISIBLE = /[^\p{C}\p{Z}\u115F\u1160\u2800\u3164\uFFA0]/u;

/** A name as one printable line, or `instead` where there is none that could be seen. */
export function named(name: string | null | undefined, instead: string, max = 300): string {
  return name && VISIBLE.test(name) ? clean(name, max) : instead;
}

/** A moment in the reader's own zone, with a fallback in UTC for clients that cannot format it. */
export function when(at: number, format: "time" | "short" | "full" = "short"): string {
  const pattern = {
    time: "{time_secs}",
    short: "{date_short_pretty} {time}",
    full: "{date_long_pretty} {time_secs}",
  }[format];
  return `<!date^${Math.floor(at / 1000)}^${pattern}|${utc(at)}>`;
}

/** The same moment for the record: everybody reads the same digits. */
export function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** `14:02:31 UTC` */
export function utcTime(at: number): string {
  return `${new Date(at).toISOString().slice(11, 19)} UTC`;
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
