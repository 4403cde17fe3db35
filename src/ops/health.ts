import { createServer, type RequestListener, type Server } from "node:http";

interface Health {
  /** Why the process takes no commands now, or null when it does. */
  notReady(): Promise<string | null>;
  /** Lines for people who look at `/readyz`, beside whether it is ready. */
  details(): Promise<string[]>;
}

/**
 * One small server in both modes: `/healthz` (the process runs), `/readyz` (it takes commands), and in HTTP mode
 * Slack's requests on `/slack/events`.
 */
export function createHealthServer(health: Health, slackListener: RequestListener | null): Server {
  return createServer((request, response) => {
    const path = request.url?.split("?", 1)[0];
    if (path === "/healthz") {
      response.writeHead(200, { "content-type": "text/plain" }).end("ok\n");
    } else if (path === "/readyz") {
      health.notReady().then(
        async (reason) => {
          const details = reason === null ? await health.details().catch(() => []) : [];
          response
            .writeHead(reason === null ? 200 : 503, { "content-type": "text/plain" })
            .end(`${[reason ?? "ready", ...details].join("\n")}\n`);
        },
        () => response.writeHead(503, { "content-type": "text/plain" }).end("not known\n"),
      );
    } else if (path === "/slack/events" && slackListener !== null) {
      slackListener(request, response);
    } else {
      response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
    }
  });
}
