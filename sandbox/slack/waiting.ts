const defaultTimeoutMs = 30_000;

export interface Waiting {
  emit(): void;
  on(listener: () => void): () => void;
  /** Resolves with the first truthy result, tried now and after each change. */
  waitFor<T>(
    predicate: () => T | undefined | false | null,
    timeoutMs: number | undefined,
    describe: () => string,
  ): Promise<T>;
}

/** Tells listeners of changes, and lets one wait for a condition without polling. */
export function createWaiting(): Waiting {
  const listeners = new Set<() => void>();

  function on(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  return {
    emit() {
      for (const listener of listeners) listener();
    },
    on,
    waitFor(predicate, timeoutMs = defaultTimeoutMs, describe) {
      // Made here, so that the stack names the test that waited.
      const inVain = new Error("waited in vain");
      return new Promise((resolve, reject) => {
        const stop = on(check);
        const timer = setTimeout(() => {
          stop();
          inVain.message = `Nothing came of it in ${timeoutMs} ms; ${describe()}`;
          reject(inVain);
        }, timeoutMs);

        function check(): void {
          try {
            const result = predicate();
            if (result === undefined || result === false || result === null) return;
            resolve(result);
          } catch (error) {
            reject(error);
          }
          stop();
          clearTimeout(timer);
        }

        check();
      });
    },
  };
}
