import { number } from "../pluralize.ts";

/**
 * Lines joined up to a number of characters; what does not fit is counted in a last line, never cut in the middle:
 * a cut could leave half of a date or of a code span behind.
 */
export function fitLines(
  lines: readonly string[],
  max: number,
  more: (left: number) => string = (left) => `and ${number(left)} more`,
): string {
  const whole = lines.join("\n");
  if (whole.length <= max) return whole;
  const room = max - more(lines.length).length - 1;
  let length = 0;
  const fitting = lines.findIndex((line) => (length += line.length + 1) > room);
  return [...lines.slice(0, fitting), more(lines.length - fitting)].join("\n");
}

/** The first names of a list, and how many more there are: `a, b, c +12`. */
export function firstOf(names: readonly string[], max: number): string {
  const shown = names.slice(0, max).join(", ");
  return names.length > max ? `${shown} +${number(names.length - max)}` : shown;
}

/** A line for each of the first ones, and one that says how many are left. */
export function firstLines<T>(
  items: readonly T[],
  max: number,
  lineOf: (item: T, index: number) => string,
  more: (left: number) => string = (left) => `and ${number(left)} more`,
): string[] {
  const lines = items.slice(0, max).map(lineOf);
  return items.length > max ? [...lines, more(items.length - max)] : lines;
}
