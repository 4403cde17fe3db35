/** Counting and joining words: plain text, used by plans and views alike. */

/** `1,200`: the same digits for everybody. */
export function number(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1 session`, `3 sessions`, `1,200 sessions`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** A phrase as the beginning of a sentence; the bot's own name stays what it is. */
export function capitalize(text: string): string {
  if (text.startsWith("zt-bot")) return text;
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[]): string {
  if (words.length <= 1) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
