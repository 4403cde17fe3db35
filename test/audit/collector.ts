import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { onTestFinished } from "vitest";

export interface Received {
  headers: IncomingHttpHeaders;
  /** The rows' numbers, in the order in which they stood. */
  seqs: number[];
  /** Whether it was answered at once: what is not may as well never have come. */
  answered: boolean;
}

export interface Collector {
  url: string;
  /** Every request that came in whole, oldest first. */
  received: Received[];
  /** What it answers; 204 by default. */
  answer: (response: ServerResponse, received: Received) => void;
}

/** Takes lines of JSON on the loopback, as a log collector does. */
export async function startCollector(): Promise<Collector> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const rows = body
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { seq: number });
      const received = { headers: request.headers, seqs: rows.map((row) => row.seq), answered: false };
      collector.received.push(received);
      collector.answer(response, received);
      received.answered = response.headersSent;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/rows?key=in-the-url`,
    received: [],
    answer: (response) => response.writeHead(204).end(),
  };
  return collector;
}

/** 1, 2, 3 … */
export function numbersTo(last: number): number[] {
  return Array.from({ length: last }, (_none, index) => index + 1);
}

/** The first time that each row came, in the order in which they came. */
export function firstTimes(seqs: readonly number[]): number[] {
  return [...new Set(seqs)];
}
