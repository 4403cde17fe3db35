import { createReadStream } from "node:fs";

export interface Line {
  /** 1 for the first. */
  number: number;
  /** Without the line feed. */
  bytes: Buffer;
  /** Whether a line feed ends it: the last line of a file that is being written may have none. */
  isEnded: boolean;
}

/**
 * The lines of a file, one at a time. Only a line feed ends one: `node:readline` also breaks at U+2028, which may stand
 * in a reason.
 * @throws what the file system says
 */
export async function* readLines(file: string): AsyncGenerator<Line, void, undefined> {
  let number = 1;
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    const bytes = chunk as Buffer;
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      yield { number, bytes: Buffer.concat([...rest, bytes.subarray(start, end)]), isEnded: true };
      rest = [];
      number += 1;
      start = end + 1;
    }
    if (start < bytes.length) rest.push(bytes.subarray(start));
  }
  if (rest.length > 0) yield { number, bytes: Buffer.concat(rest), isEnded: false };
}

const LINE_FEED = 0x0a;
