import { createServer } from "node:http";

import type { Registry } from "prom-client";

import type { Config } from "../../config.ts";
import type { Log } from "../../log/log.ts";
import { shareInFlight } from "../../memoize.ts";
import { listen } from "../listen.ts";

export interface MetricsServer {
  /** Where they are scraped. */
  url: string;
  close(): void;
}

/** As with the server of health and Slack: nobody takes a connection for minutes. */
const LIMITS = { headersTimeout: 10_000, requestTimeout: 10_000, connectionsCheckingInterval: 1000 };
/** Prometheus keeps one open; a few of them, and people who look. */
const MAX_CONNECTIONS = 20;

interface Served {
  registry: Registry;
  /** Reads what is read at a scrape. Never rejects. */
  collect(): Promise<void>;
  log: Log;
}

/** Serves `GET /metrics`, and nothing else, on a port of its own: Slack's may be open to the world. */
export async function serveMetrics(
  { host, port }: NonNullable<Config["metrics"]>,
  { registry, collect, log }: Served,
): Promise<MetricsServer> {
  // Several who ask at the same time have the same answer.
  const scrape = shareInFlight(async () => {
    await collect();
    return registry.metrics();
  });
  const server = createServer(LIMITS, (request, response) => {
    if (request.url?.split("?", 1)[0] !== "/metrics") {
      response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
    } else if (request.method !== "GET") {
      response.writeHead(405, { allow: "GET" }).end();
    } else {
      scrape("").then(
        (text) => response.writeHead(200, { "content-type": registry.contentType }).end(text),
        (error: unknown) => {
          log.error({ err: error }, "metrics not written");
          response.writeHead(500).end();
        },
      );
    }
  });
  server.maxConnections = MAX_CONNECTIONS;
  const url = await listen(server, { port, host }, { port: "METRICS_PORT", host: "METRICS_HOST" });
  // Such as no more file descriptors; without a listener it would end the process.
  server.on("error", (error) => log.error({ err: error }, "connection not taken"));
  return {
    url: `${url}/metrics`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
