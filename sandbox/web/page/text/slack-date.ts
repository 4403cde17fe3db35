/** Slack's date tokens: https://docs.slack.dev/messaging/formatting-message-text#date-formatting */

const dateParts: Record<string, Intl.DateTimeFormatOptions> = {
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_long: { year: "numeric", month: "long", day: "numeric", weekday: "long" },
  date_long_full: { year: "numeric", month: "long", day: "numeric", weekday: "long" },
  date_slash: { year: "numeric", month: "2-digit", day: "2-digit" },
  time: { hour: "numeric", minute: "2-digit" },
  time_secs: { hour: "numeric", minute: "2-digit", second: "2-digit" },
};

export interface Reader {
  /** IANA name, as in a Slack profile. */
  timeZone: string;
  /** Milliseconds since the epoch, for "today" and "3 minutes ago". */
  now: number;
}

/**
 * Fills the tokens of a `<!date^…>` format.
 *
 * @param timestamp seconds since the epoch.
 */
export function formatSlackDate(timestamp: number, format: string, reader: Reader): string {
  return format.replaceAll(/\{(\w+)\}/g, (token, name: string, offset: number) => {
    const text = formatToken(timestamp * 1000, name, reader);
    if (text === undefined) return token;
    return offset === 0 ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  });
}

/** Where the browser is, for people whose profile names no zone. */
export function browserTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** A message's time of day, for example "2:03 PM". */
export function formatTime(milliseconds: number, reader: Reader): string {
  return formatParts(milliseconds, { hour: "numeric", minute: "2-digit" }, reader);
}

/** A moment in full with its zone, for tooltips. */
export function formatMoment(milliseconds: number, reader: Reader): string {
  return formatParts(milliseconds, { dateStyle: "full", timeStyle: "long" }, reader);
}

/** "Today", "Yesterday", or the day in words. */
export function formatDay(milliseconds: number, reader: Reader): string {
  return formatSlackDate(milliseconds / 1000, "{date_long_pretty}", reader);
}

function formatToken(moment: number, name: string, reader: Reader): string | undefined {
  if (name === "ago") return formatAgo(moment, reader.now);
  if (name === "date_num") return dayKey(moment, reader);
  if (name === "day_divider_pretty") return formatToken(moment, "date_long_pretty", reader);
  if (name.endsWith("_pretty")) {
    return relativeDay(moment, reader) ?? formatToken(moment, name.slice(0, -"_pretty".length), reader);
  }
  const parts = dateParts[name];
  return parts && formatParts(moment, parts, reader);
}

function formatParts(moment: number, options: Intl.DateTimeFormatOptions, reader: Reader): string {
  const format = new Intl.DateTimeFormat("en-US", { ...options, timeZone: reader.timeZone });
  // Recent ICU puts a narrow no-break space before AM and PM, which no one can type into a search.
  return format.format(moment).replaceAll("\u202f", " ");
}

function dayKey(moment: number, reader: Reader): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: reader.timeZone }).format(moment);
}

function relativeDay(moment: number, reader: Reader): string | undefined {
  const day = Date.parse(dayKey(moment, reader));
  const today = Date.parse(dayKey(reader.now, reader));
  return { 0: "today", [-1]: "yesterday", 1: "tomorrow" }[Math.round((day - today) / 86_400_000)];
}

function formatAgo(moment: number, now: number): string {
  const format = new Intl.RelativeTimeFormat("en-US", { numeric: "auto" });
  const seconds = (moment - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 60) return format.format(Math.round(seconds), "second");
  if (size < 3600) return format.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return format.format(Math.round(seconds / 3600), "hour");
  return format.format(Math.round(seconds / 86_400), "day");
}
