import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import type { Log } from "../log/log.ts";
import { probeWrite } from "../store/deliveries.ts";
import type { Db } from "../store/open.ts";
import { databaseTroubleOf } from "../store/trouble.ts";

interface Served {
  /** Why the process takes no commands now, or null when it does. */
  notReady(): Promise<string | null>;
  /** Lines for people who look at `/readyz`, beside whether it is ready. */
  details(): Promise<string[]>;
  /** What takes Slack's requests; null in Socket Mode. */
  takeSlack: RequestListener | null;
}

/**
 * What one peer may take of everybody's share. Slack's requests are there at once; Node's own limits on a held-back
 * one are minutes, and it looks only every 30 s.
 */
const LIMITS = { headersTimeout: 10_000, requestTimeout: 10_000, connectionsCheckingInterval: 1000 };
/** Each may hold a megabyte of body, and a file descriptor. */
const MAX_CONNECTIONS = 500;
/** On one connection. Slack waits for each answer; who does not could keep everybody busy with what came in one piece. */
const MAX_UNANSWERED = 10;

/**
 * One small server in both modes: `/healthz` (the process runs), `/readyz` (it takes commands), and in HTTP mode
 * Slack's requests on `/slack/events`.
 */
export function createServer(log: Log, served: Served): Server {
  const unanswered = new WeakMap<Socket, number>();
  const count = (socket: Socket, more: number): number => {
    const now = (unanswered.get(socket) ?? 0) + more;
    unanswered.set(socket, now);
    return now;
  };
  const server = createHttpServer(LIMITS, (request, response) => {
    const { socket } = request;
    if (socket.destroyed) return;
    if (count(socket, 1) > MAX_UNANSWERED) {
      socket.destroy();
      return;
    }
    response.once("close", () => count(socket, -1));
    try {
      route(served, request, response);
    } catch (error) {
      log.error({ err: error }, "request failed");
      response.destroy();
    }
  });
  server.maxConnections = MAX_CONNECTIONS;
  let toldAt = Number.NEGATIVE_INFINITY;
  server.on("drop", () => {
    if (performance.now() - toldAt < 60_000) return;
    toldAt = performance.now();
    log.warn({ open: MAX_CONNECTIONS }, "connections not taken: too many are open");
  });
  // Such as no more file descriptors; without a listener it would end the process. One that can't listen at all is
  // told of by what starts it.
  server.once("listening", () =>
    server.on("error", (error) => log.error({ err: error }, "connection not taken")),
  );
  return server;
}

function route(
  { notReady, details, takeSlack }: Served,
  ...[request, response]: Parameters<RequestListener>
): void {
  const path = request.url?.split("?", 1)[0];
  if (path === "/healthz") {
    say(response, 200, "ok");
  } else if (path === "/readyz") {
    notReady()
      .then(async (reason) => {
        if (reason !== null) return say(response, 503, reason);
        // They read the database, for which nobody who asks waits long.
        const late = sleep(PATIENCE_MS, [], { ref: false });
        // Beside the answer itself: where it can't be told, or not soon, "ready" stands alone.
        const more = await Promise.race([details(), late]).catch(() => []);
        return say(response, 200, ["ready", ...more].join("\n"));
      })
      // A probe needs an answer; what failed is in the log of the work that needs it.
      .catch(() => say(response, 503, "not known"));
  } else if (path === "/slack/events" && takeSlack !== null) {
    takeSlack(request, response);
  } else {
    say(response, 404, "not found");
  }
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
}

/** An outcome is good for so long: anybody may ask for it. */
const PROBE_MS = 3000;
/** What asks how the process is gives up after about a second. */
const PATIENCE_MS = 800;

/** Whether the database takes writes: one is made every few seconds at most, when somebody asks. */
export function createWriteProbe(db: Db, log: Log): () => Promise<boolean> {
  let probe: Promise<boolean> | undefined;
  let doneAt = Number.NEGATIVE_INFINITY;
  /** Why it takes none; null: it does. */
  let trouble: string | null = null;

  async function write(): Promise<boolean> {
    try {
      await probeWrite(db);
      if (trouble !== null) log.info({}, "the database takes writes again");
      trouble = null;
    } catch (error) {
      const { why, next } = databaseTroubleOf(error) ?? { why: "takes no writes" };
      // Told of once for each reason: a server that was cut off may come back read-only.
      if (trouble !== why) log.error({ err: error, next }, "the database takes no writes");
      trouble = why;
    }
    doneAt = performance.now();
    return trouble === null;
  }

  return async () => {
    if (performance.now() - doneAt <= PROBE_MS) return trouble === null;
    probe ??= write().finally(() => (probe = undefined));
    return Promise.race([probe, sleep(PATIENCE_MS, false, { ref: false })]);
  };
}
