/** The same question in flight twice is asked once; the next one is asked again. */
export function shareInFlight<T>(ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const running = new Map<string, Promise<T>>();
  return (key) => {
    const known = running.get(key);
    if (known !== undefined) return known;
    const answer = ask(key).finally(() => running.delete(key));
    running.set(key, answer);
    return answer;
  };
}

/**
 * Answers are kept for `freshMs`, and the same question in flight twice is asked once. Failures are not kept.
 * `maxAgeMs`: who asks takes no answer that was asked for longer ago.
 */
export function memoize<T>(
  now: () => number,
  freshMs: number,
  ask: (key: string) => Promise<T>,
): (key: string, asked?: { maxAgeMs: number }) => Promise<T> {
  const answers = new Map<string, { at: number; answer: Promise<T> }>();
  return (key, { maxAgeMs } = { maxAgeMs: freshMs }) => {
    const known = answers.get(key);
    if (known !== undefined && now() - known.at < Math.min(freshMs, maxAgeMs)) return known.answer;
    if (answers.size > 1000) answers.clear();
    const answer = ask(key);
    answers.set(key, { at: now(), answer });
    // Who asked hears of a failure; the next one asks again.
    answer.catch(() => {
      if (answers.get(key)?.answer === answer) answers.delete(key);
    });
    return answer;
  };
}
