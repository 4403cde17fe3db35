import { setTimeout as delay } from "node:timers/promises";

import { type App, type Logger as BoltLogger, SocketModeReceiver } from "@slack/bolt";

import type { Log } from "../../log/log.ts";

export interface SocketConnectionOptions {
  appToken: string;
  /** Of the Web API, with a slash at the end. */
  apiUrl: string;
  log: Log;
  boltLogger: BoltLogger;
  /** Takes the payloads. */
  app: Pick<App, "processEvent">;
  /** Slack said that it ends the connection: with `warning` in some seconds, with any other reason now. */
  onEnding(reason: string): void;
  /** It is closed, for whatever reason. */
  onClosed(): void;
}

/** One connection to Slack, from hello to close. */
export interface SocketConnection {
  /** Resolves at Slack's hello: from then on payloads arrive. @throws what went wrong instead. */
  open(): Promise<void>;
  /** Acknowledgements that are not sent yet are lost. */
  close(): void;
}

/** From asking Slack for an address to its hello. */
const HELLO_MS = 15_000;

/**
 * A connection with its own client, so that what came in over it is acknowledged over it, also while the next
 * one is open already. The library never reconnects on its own here: see socket.ts.
 */
export function createSocketConnection(options: SocketConnectionOptions): SocketConnection {
  const { appToken, apiUrl, log, boltLogger, app, onEnding, onClosed } = options;
  const receiver = new SocketModeReceiver({
    appToken,
    logger: boltLogger,
    autoReconnectEnabled: false,
    // A long synchronous job on either side must not look like a dead connection.
    clientPingTimeout: 20_000,
    serverPingTimeout: 60_000,
    installerOptions: {
      clientOptions: { slackApiUrl: apiUrl, retryConfig: { retries: 0 }, timeout: 10_000 },
    },
  });
  // All that it uses of an app.
  receiver.init(app as App);
  const { client } = receiver;
  const ended = Promise.withResolvers<never>();
  // Nothing waits for it once the connection is open.
  ended.promise.catch(() => {});

  const readers: ((...message: unknown[]) => unknown)[] = client.listeners("ws_message");
  client.removeAllListeners("ws_message");
  client.on("ws_message", (data: unknown, ...more: unknown[]) => {
    const reason = disconnectReason(data);
    // The library would close the connection at once, and Slack leaves it open without an answer for half a minute.
    if (reason !== null) {
      ended.reject(new Error(`Slack ended the connection: ${reason}`));
      onEnding(reason);
      return;
    }
    // The library reads messages in a promise that it does not await: an unknown shape would end the process.
    Promise.all(readers.map((read) => read(data, ...more))).catch((error: unknown) =>
      log.warn({ err: error }, "a message from Slack was not understood"),
    );
  });
  client.on("disconnected", onClosed);

  function close(): void {
    // Resolves when Slack has closed it too, which nothing waits for.
    client.disconnect().catch((error: unknown) => log.warn({ err: error }, "connection not closed"));
  }

  return {
    async open() {
      const opened = new AbortController();
      const late = delay(HELLO_MS, undefined, { signal: opened.signal }).then(() => {
        throw new Error(`no hello from Slack within ${HELLO_MS / 1000} s`);
      });
      try {
        await Promise.race([client.start(), ended.promise, late]);
      } catch (error) {
        close();
        throw error;
      } finally {
        opened.abort();
      }
    },
    close,
  };
}

/** Why Slack ends the connection, where that is what a message says; null for any other message. */
function disconnectReason(data: unknown): string | null {
  if (typeof data !== "string") return null;
  try {
    const message = JSON.parse(data) as { type?: unknown; reason?: unknown } | null;
    if (message?.type !== "disconnect") return null;
    return typeof message.reason === "string" ? message.reason : "unknown";
  } catch {
    return null;
  }
}
