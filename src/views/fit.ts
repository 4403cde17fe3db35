/**
 * Lines joined up to a number of characters; what does not fit is counted in a last line, never cut in the middle:
 * a cut could leave half of a date or of a code span behind.
 */
export function fitLines(
  lines: readonly string[],
  max: number,
  more: (left: number) => string = (left) => `and ${left.toLocaleString("en-US")} more`,
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
  return names.length > max ? `${shown} +${(names.length - max).toLocaleString("en-US")}` : shown;
}
