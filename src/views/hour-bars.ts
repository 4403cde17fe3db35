const BARS = Array.from("▁▂▃▄▅▆▇█");
const RULER = "-24h        -12h     now";

/**
 * A picture of 24 hours in a code block: a bar an hour, lowest for none, and hours counted back from now below,
 * which are the same in every reader's zone. The caller says the maximum in words: bars cannot be read out.
 */
export function hourBars(counts: readonly number[]): string {
  const max = Math.max(1, ...counts);
  const bars = counts.map((count) => BARS[Math.ceil((count / max) * (BARS.length - 1))]);
  return `\`\`\`\n${bars.join("")}\n${RULER}\n\`\`\``;
}
