import { write, writeSync } from "node:fs";

/** Where a log goes: what pino calls a destination. */
export interface Output {
  write(line: string): void;
  /** Writes at once what has not been written, as far as that can be done. */
  flushSync(): void;
}

/** So much is kept of what can't be written. */
const KEPT_BYTES = 1_000_000;
/** What can't be written (a full disk) is tried again after so long; what finds a pipe full, soon. */
const RETRY_MS = 1000;
const SOON_MS = 10;
const MAX_TRIES_AT_ONCE = 50;

/**
 * Standard output, or another file descriptor. A full disk behind it ends nothing: the first megabyte of what
 * can't be written waits, and follows when it can. `onLost` is told how many lines there was no room for, once it can be
 * said. Not pino's own: there a full disk is an error that nobody catches, and its flush at the process's end never
 * returns (sonic-boom 4.2.1, flushSync).
 */
export function createOutput(fd: number, onLost: (lines: number) => void): Output {
  let waiting: string[] = [];
  let waitingBytes = 0;
  /** What is being written, or was and has to be tried again. */
  let current = Buffer.alloc(0);
  let isWriting = false;
  let retry: NodeJS.Timeout | undefined;
  let lost = 0;

  function take(): boolean {
    if (current.length > 0) return true;
    current = Buffer.from(waiting.join(""));
    waiting = [];
    waitingBytes = 0;
    return current.length > 0;
  }

  function next(): void {
    if (isWriting || retry !== undefined || !take()) return;
    isWriting = true;
    write(fd, current, (error, written) => {
      isWriting = false;
      if (error !== null) return postpone(error);
      current = current.subarray(written);
      if (current.length === 0 && lost > 0) {
        const lines = lost;
        lost = 0;
        onLost(lines);
      }
      next();
    });
  }

  function postpone({ code }: NodeJS.ErrnoException): void {
    retry = setTimeout(
      () => {
        retry = undefined;
        next();
      },
      isPipeFull(code) ? SOON_MS : RETRY_MS,
    ).unref();
  }

  function flushSync(): void {
    // What another thread is writing is left to it.
    if (isWriting) current = Buffer.alloc(0);
    for (let tries = 0; take() && tries < MAX_TRIES_AT_ONCE;) {
      try {
        current = current.subarray(writeSync(fd, current));
      } catch (error) {
        if (!isPipeFull((error as NodeJS.ErrnoException).code)) return;
        tries += 1;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SOON_MS);
      }
    }
  }
  process.on("exit", flushSync);

  return {
    write(line) {
      // Only where it can't be written now: a burst loses nothing.
      if (retry !== undefined && waitingBytes + current.length > KEPT_BYTES) {
        lost += 1;
        return;
      }
      waiting.push(line);
      waitingBytes += Buffer.byteLength(line);
      next();
    },
    flushSync,
  };
}

function isPipeFull(code: string | undefined): boolean {
  return code === "EAGAIN" || code === "EBUSY";
}
