import { once } from "node:events";
import { createServer, request as startRequest, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

import { onTestFinished } from "vitest";

import type { Delivery } from "../../sandbox/slack/index.ts";

/** A process behind the balancer. */
export interface Target {
  /** Without a path. */
  readonly url: string;
}

/** A balancer in front of several processes, as in production: round robin, past whoever does not answer the door. */
export interface Balancer<T extends Target> {
  url: string;
  add(target: T): void;
  remove(target: T): void;
  /** Who was sent this last; undefined for what nobody was sent. */
  takerOf(delivery: Delivery): T | undefined;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * What finds nobody at the door (refused, or stopping: 503) goes to the next one, and waits where there is none.
 * What was sent and got no answer is a 502: the balancer cannot know whether it had its effect.
 */
export async function startBalancer<T extends Target>(): Promise<Balancer<T>> {
  const targets: T[] = [];
  const takers = new Map<string, T>();
  const waiting = new Set<() => void>();
  let turn = 0;

  async function next(tried: ReadonlySet<T>): Promise<T> {
    for (;;) {
      const open = targets.filter((target) => !tried.has(target));
      turn += 1;
      const chosen = open[turn % Math.max(open.length, 1)];
      if (chosen !== undefined) return chosen;
      await new Promise<void>((resolve) => waiting.add(resolve));
    }
  }

  async function pass(path: string, headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> {
    const tried = new Set<T>();
    for (;;) {
      const target = await next(tried);
      tried.add(target);
      const before = takers.get(signatureOf(headers));
      takers.set(signatureOf(headers), target);
      try {
        const answer = await send(new URL(path, target.url), headers, body);
        if (answer.status !== 503) return answer;
      } catch (error) {
        if (!wasRefused(error)) return { status: 502, headers: {}, body: Buffer.alloc(0) };
      }
      if (before === undefined) takers.delete(signatureOf(headers));
      else takers.set(signatureOf(headers), before);
    }
  }

  const server = createServer((request, response) => {
    void (async () => {
      const { status, headers, body } = await pass(
        request.url ?? "/",
        request.headers,
        await buffer(request),
      );
      const type = headers["content-type"];
      response.writeHead(status, type === undefined ? {} : { "content-type": type }).end(body);
    })();
  });
  // Longer than the client keeps an idle connection, so that none is reset under a request.
  server.keepAliveTimeout = 600_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add(target) {
      targets.push(target);
      for (const wake of waiting) wake();
      waiting.clear();
    },
    remove(target) {
      targets.splice(targets.indexOf(target), 1);
    },
    takerOf({ request }) {
      return request?.mode === "http" ? takers.get(signatureOf(request.headers)) : undefined;
    },
  };
}

function signatureOf(headers: IncomingHttpHeaders): string {
  return String(headers["x-slack-signature"]);
}

/** Sends it on a connection of its own: one that was kept might be reset under it by a process that is fine. */
function send(url: URL, headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = startRequest(url, { method: "POST", headers, agent: false }, (incoming) => {
      buffer(incoming).then(
        (text) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }),
        reject,
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function wasRefused(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
}
