// One function each: the whole library takes most of a second to load.
import { isValid } from "date-fns/isValid";
import { parseISO } from "date-fns/parseISO";

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * A moment as people type it: `7d`, `12h`, `30m` (that long ago), or an ISO 8601 date or time, in UTC where it says
 * nothing else.
 * @returns epoch milliseconds, or null when it is neither.
 */
export function parseSince(text: string, now: number): number | null {
  const ago = /^(\d{1,5})\s*([smhdw])$/i.exec(text.trim());
  if (ago !== null) return now - Number(ago[1]) * UNITS[ago[2]?.toLowerCase() as keyof typeof UNITS];
  const iso = text.trim().replace(/^(\d{4}-\d{2}-\d{2}) (?=\d)/, "$1T");
  if (!/^\d{4}-\d{2}-\d{2}/.test(iso)) return null;
  const hasZone = /(?:Z|[+-]\d{2}(?::?\d{2})?)$/i.test(iso.slice(10));
  const date = parseISO(hasZone ? iso : `${iso.length === 10 ? `${iso}T00:00` : iso}Z`);
  return isValid(date) ? date.getTime() : null;
}
