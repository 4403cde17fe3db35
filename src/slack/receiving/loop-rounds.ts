/**
 * Lets one caller go on in each round of the event loop: between two of them everything that has arrived is read, and
 * acknowledged, for which Slack waits only three seconds.
 */
export function createLoopRounds(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const letOneGo = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(letOneGo);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(letOneGo);
    });
}
