import { setTimeout as delay } from "node:timers/promises";

import { type Logger as BoltLogger, type Receiver, SocketModeReceiver } from "@slack/bolt";

import type { Log } from "../log.ts";

/** The connection over which Slack's payloads come in Socket Mode. */
interface SlackSocket {
  /** For Bolt's App. */
  receiver: Receiver;
  isConnected(): boolean;
  /** Resolves when connected. @throws what Slack said of the first try. */
  start(): Promise<void>;
  stop(): void;
}

interface SlackSocketOptions {
  appToken: string;
  apiUrl: string;
  log: Log;
  boltLogger: BoltLogger;
}

/** A connection that lived this long was a good one: the next is tried at once. */
const GOOD_MS = 30_000;
const LONGEST_WAIT_MS = 30_000;

/**
 * Keeps one connection open, with a loop of our own. The library's waits as long as its ping timeout (20 s here)
 * before it connects again, after each of Slack's regular requests to reconnect too, and gives up for good, with
 * an unhandled rejection, on some failures. Its options are an object of our own, because Bolt's
 * `socketMode: true` would share `clientOptions` with the listeners' client.
 */
export function createSlackSocket({ appToken, apiUrl, log, boltLogger }: SlackSocketOptions): SlackSocket {
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
  const { client } = receiver;
  const stopping = new AbortController();
  let connectedAt: number | null = null;
  let isReconnecting = false;
  // Tries since the last good connection: the first is made at once, the others wait.
  let tries = 0;
  const isConnected = (): boolean => connectedAt !== null;

  // The library reads messages in a promise that nobody waits for: one of an unknown shape would end the process.
  const readers: ((...message: unknown[]) => unknown)[] = client.listeners("ws_message");
  client.removeAllListeners("ws_message");
  client.on("ws_message", (...message: unknown[]) => {
    Promise.all(readers.map((read) => read(...message))).catch((error: unknown) =>
      log.warn({ err: error }, "message of Slack's not understood"),
    );
  });

  client.on("connected", () => {
    connectedAt = performance.now();
    log.info({}, "connected to Slack");
  });
  client.on("disconnected", () => {
    if (connectedAt !== null && performance.now() - connectedAt > GOOD_MS) tries = 0;
    const wasConnected = isConnected();
    connectedAt = null;
    if (!wasConnected || stopping.signal.aborted) return;
    log.info({}, "disconnected from Slack");
    void reconnect();
  });

  async function reconnect(): Promise<void> {
    if (isReconnecting) return;
    isReconnecting = true;
    while (!isConnected() && !stopping.signal.aborted) {
      try {
        await delay(waitBefore(tries), undefined, { signal: stopping.signal });
        tries += 1;
        await client.start();
      } catch (error) {
        if (!stopping.signal.aborted) log.warn({ err: error, tries }, "not connected to Slack, trying again");
      }
    }
    isReconnecting = false;
  }

  return {
    receiver,
    isConnected,
    async start() {
      await client.start();
    },
    stop() {
      stopping.abort();
      // Resolves when the connection has closed, for which nobody waits: nothing is taken from it any more.
      client.disconnect().catch((error: unknown) => log.warn({ err: error }, "connection not closed"));
    },
  };
}

/** Milliseconds before try number `tries` (0 is the first), with jitter, so that replicas do not come together. */
function waitBefore(tries: number): number {
  if (tries === 0) return 0;
  return Math.min(500 * 2 ** (tries - 1), LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);
}
