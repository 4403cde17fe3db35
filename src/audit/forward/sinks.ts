import { type FileHandle, open } from "node:fs/promises";

import type { AuditForward } from "../../config.ts";
import { hashRow, type Link } from "../chain.ts";
import { parseJsonLine } from "../formats.ts";

/** A place that takes rows of the record as lines of JSON, in order. */
interface Sink {
  /** For the log: no secret that a URL may hold. */
  where: string;
  /** Resolves when the lines are safe there. @throws SinkError */
  take(lines: string, signal: AbortSignal): Promise<void>;
  /** The last whole row that is there; null where there is none, or nobody can say. @throws SinkError */
  last(): Promise<Link | null>;
}

/** The sink did not take the lines, or did not say so: they are sent again. */
export class SinkError extends Error {
  override readonly name = "SinkError";
  /** How long it asks to be left alone, milliseconds. */
  readonly retryAfterMs: number | null;

  constructor(message: string, retryAfterMs: number | null = null) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** A sink that has not answered by then is asked again; the right to forward outlasts it. */
export const TAKE_TIMEOUT_MS = 10_000;

export function createSink(forward: AuditForward): Sink {
  return forward.kind === "file" ? fileSink(forward.file) : httpSink(forward.url, forward.token);
}

/** Longer than the longest row, some times over. */
const TAIL_BYTES = 1 << 20;

/**
 * Appends to a file, which is opened again each time: it may be rotated away. A line that a crash cut in two stays a
 * line of its own, and comes again whole.
 */
function fileSink(file: string): Sink {
  return {
    where: file,
    take: (lines) =>
      withFile(file, async (handle) => {
        await handle.appendFile(`${(await endsInLine(handle)) ? "" : "\n"}${lines}`);
        await handle.sync();
      }),
    last: () => withFile(file, readLast),
  };
}

/** Opens it, and makes it where it is not there. @throws SinkError */
async function withFile<T>(file: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  try {
    const handle = await open(file, "a+", 0o600);
    try {
      return await work(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    throw new SinkError(`cannot be written (${code})`);
  }
}

async function readLast(handle: FileHandle): Promise<Link | null> {
  const { size } = await handle.stat();
  const length = Math.min(size, TAIL_BYTES);
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  // From the end: what follows the last line feed is cut, and so may be a line before it.
  for (let end = buffer.lastIndexOf(0x0a); end > 0;) {
    const start = buffer.lastIndexOf(0x0a, end - 1) + 1;
    const row = readRowIn(buffer.subarray(start, end));
    if (row !== null) return row;
    end = start - 1;
  }
  return null;
}

function readRowIn(line: Buffer): Link | null {
  try {
    const row = parseJsonLine(line);
    return hashRow(row) === row.hash ? { seq: row.seq, hash: row.hash } : null;
  } catch {
    return null;
  }
}

async function endsInLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return true;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}

/** Posts to a collector. Only 2xx counts as taken; a redirect would carry the token elsewhere. */
function httpSink(url: string, token: string | null): Sink {
  const headers: Record<string, string> = { "content-type": "application/x-ndjson", "user-agent": "zt-bot" };
  if (token !== null) headers["authorization"] = `Bearer ${token}`;
  return {
    where: new URL(url).origin,
    async take(lines, signal) {
      const response = await send(url, {
        method: "POST",
        headers,
        body: lines,
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(TAKE_TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      if (response.ok) return;
      const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
      const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : null;
      throw new SinkError(`answered ${response.status}`, retryAfterMs);
    },
    last: () => Promise.resolve(null),
  };
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError")
      throw new SinkError(`did not answer within ${TAKE_TIMEOUT_MS / 1000} s`);
    const cause: unknown = error instanceof Error ? error.cause : null;
    const code: unknown = cause instanceof Error && "code" in cause ? cause.code : null;
    throw new SinkError(`cannot be reached (${typeof code === "string" ? code : "no code"})`);
  }
}
