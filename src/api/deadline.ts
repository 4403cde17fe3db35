/** The time of one call: ends by itself, or when the caller says so. */
export interface Deadline {
  signal: AbortSignal;
  remainingMs: () => number;
  /** What ended the call, null while nothing has. */
  endedBy: () => "time" | "caller" | null;
  /** Stops the clock while the call waits for its turn; the caller may still end it. */
  suspend: () => void;
  /** Gives it the whole time again. */
  restart: () => void;
  /** Must be called when the call is over, or the timer and the listener stay. */
  stop: () => void;
}

/** Starts the clock of a call. Not AbortSignal.any: its listeners on a long-lived signal are not removed. */
export function startDeadline(timeoutMs: number, caller: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let endsAt = performance.now() + timeoutMs;
  let ended: "time" | "caller" | null = null;
  const end = (by: "time" | "caller"): void => {
    ended ??= by;
    controller.abort();
  };
  const onAbort = (): void => end("caller");
  let timer = setTimeout(() => end("time"), timeoutMs);
  caller?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    remainingMs: () => endsAt - performance.now(),
    endedBy: () => ended,
    suspend: () => {
      clearTimeout(timer);
      endsAt = Number.POSITIVE_INFINITY;
    },
    restart: () => {
      clearTimeout(timer);
      endsAt = performance.now() + timeoutMs;
      timer = setTimeout(() => end("time"), timeoutMs);
    },
    stop: () => {
      clearTimeout(timer);
      caller?.removeEventListener("abort", onAbort);
    },
  };
}
