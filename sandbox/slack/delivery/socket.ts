import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { WebSocket, WebSocketServer } from "ws";
import { newSecret } from "../ids.ts";
import type { DisconnectReason, EventRetry, Payload, PayloadKind, RefreshTimes } from "../types.ts";
import type { Workspace } from "../workspace.ts";

/** Slack keeps at most ten connections of one app. */
const connectionLimit = 10;
const pingEveryMs = 10_000;
/** How long after its warning Slack refreshes a connection. */
const warningMs = 10_000;
/** How long the TCP connection outlives that: Slack takes its time. */
const lingerMs = 30_000;

/** What came back: the ack's payload, or why there is none. */
export type Answer =
  | { ok: true; body: unknown; status?: number }
  | { ok: false; error: string; status?: number };

export interface Sockets {
  /** A fresh address for one connection; undefined when there are too many. */
  newUrl(): string | undefined;
  send(kind: PayloadKind, payload: Payload, retry?: EventRetry): Promise<Answer>;
  /** Those that payloads are sent to. */
  count(): number;
  disconnect(reason: DisconnectReason, times?: RefreshTimes): void;
  /** Sends each connection this very message. */
  sendRaw(message: string): void;
  close(): void;
}

interface Connection {
  socket: WebSocket;
  waiting: Map<string, (answer: Answer) => void>;
  /** It was refreshed: nothing is sent to it any longer, though it is open. */
  isRefreshed: boolean;
  timers: Set<NodeJS.Timeout>;
}

/**
 * The Socket Mode side of Slack: https://docs.slack.dev/apis/events-api/using-socket-mode. Each payload goes to one of
 * the open connections, in turn.
 */
export function createSockets(workspace: Workspace, server: Server): Sockets {
  const tickets = new Set<string>();
  const connections: Connection[] = [];
  let turn = 0;

  const webSockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const ticket = url.searchParams.get("ticket") ?? "";
    // A ticket is good for one connection.
    if (url.pathname !== "/link" || !tickets.delete(ticket)) {
      socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n");
      return;
    }
    webSockets.handleUpgrade(request, socket, head, accept);
  });

  function accept(socket: WebSocket): void {
    const connection: Connection = { socket, waiting: new Map(), isRefreshed: false, timers: new Set() };
    connections.push(connection);
    const ping = setInterval(() => socket.ping("Ping from the sandbox"), pingEveryMs);
    socket.on("message", (data: Buffer) => settle(connection, data.toString()));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      clearInterval(ping);
      for (const timer of connection.timers) clearTimeout(timer);
      connections.splice(connections.indexOf(connection), 1);
      for (const resolve of connection.waiting.values()) resolve({ ok: false, error: "dispatch_failed" });
      workspace.changed();
    });
    const hello = {
      type: "hello",
      num_connections: connections.length,
      debug_info: { host: "sandbox", build_number: 1, approximate_connection_time: 18_060 },
      connection_info: { app_id: workspace.options.bot.appId },
    };
    socket.send(JSON.stringify(hello));
    workspace.changed();
  }

  /**
   * As Slack does every few hours: a warning, and a little later the refresh. From then on the connection gets nothing,
   * and TCP stays open for a while all the same. No close frame is answered from the warning on, so that a client that
   * closes and waits for the answer hears nothing until its own time limit.
   */
  function refresh(connection: Connection, times: RefreshTimes): void {
    const { socket, timers } = connection;
    socket.close = () => {};
    sayDisconnect(connection, "warning");
    function end(): void {
      sayDisconnect(connection, "refresh_requested");
      connection.isRefreshed = true;
      timers.add(setTimeout(() => socket.terminate(), times.lingerMs ?? lingerMs));
      workspace.changed();
    }
    timers.add(setTimeout(end, times.warningMs ?? warningMs));
  }

  return {
    newUrl() {
      if (connections.length >= connectionLimit) return undefined;
      const ticket = newSecret();
      tickets.add(ticket);
      return `${workspace.baseUrl.replace(/^http/, "ws")}/link?ticket=${ticket}&app_id=${workspace.options.bot.appId}`;
    },
    async send(kind, payload, retry) {
      const open = connections.filter(isListening);
      turn += 1;
      const connection = open[turn % Math.max(open.length, 1)];
      if (connection === undefined) return { ok: false, error: "dispatch_failed" };
      const envelopeId = randomUUID();
      const answer = awaitAnswer(connection, envelopeId, workspace.options.ackTimeoutMs ?? 3000);
      connection.socket.send(
        JSON.stringify({
          envelope_id: envelopeId,
          type: kind,
          payload,
          // Events are acked with nothing.
          accepts_response_payload: kind !== "events_api",
          ...(kind === "events_api"
            ? { retry_attempt: retry?.attempt ?? 0, retry_reason: retry?.reason ?? "" }
            : {}),
        }),
      );
      return await answer;
    },
    count: () => connections.filter(isListening).length,
    disconnect(reason, times = {}) {
      for (const connection of connections) {
        if (reason === "refresh_requested") refresh(connection, times);
        else sayDisconnect(connection, reason);
      }
    },
    sendRaw(message) {
      for (const { socket } of connections) socket.send(message);
    },
    close() {
      // Closing takes each one off the list, a little later.
      for (const { socket } of connections) socket.terminate();
      webSockets.close();
    },
  };
}

function isListening({ socket, isRefreshed }: Connection): boolean {
  return socket.readyState === WebSocket.OPEN && !isRefreshed;
}

function sayDisconnect({ socket }: Connection, reason: DisconnectReason): void {
  socket.send(JSON.stringify({ type: "disconnect", reason, debug_info: { host: "sandbox" } }));
}

function awaitAnswer(connection: Connection, envelopeId: string, timeoutMs: number): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => resolve({ ok: false, error: "operation_timeout" }), timeoutMs);
  connection.waiting.set(envelopeId, resolve);
  return promise.finally(() => {
    clearTimeout(timer);
    connection.waiting.delete(envelopeId);
  });
}

function settle(connection: Connection, message: string): void {
  const { envelope_id: envelopeId, payload } = JSON.parse(message) as {
    envelope_id?: string;
    payload?: unknown;
  };
  if (envelopeId === undefined) return;
  connection.waiting.get(envelopeId)?.({ ok: true, body: isEmpty(payload) ? undefined : payload });
}

/** Socket Mode sends `{}` for an ack with nothing in it. */
function isEmpty(payload: unknown): boolean {
  return typeof payload !== "object" || payload === null || Object.keys(payload).length === 0;
}
