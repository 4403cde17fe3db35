import { setTimeout as delay } from "node:timers/promises";

import type { App, Logger as BoltLogger, Receiver } from "@slack/bolt";

import type { Log } from "../../log/log.ts";
import { timeAcknowledgement, type OnAcknowledged } from "./acknowledge.ts";
import { isTokenTrouble, NEW_TOKEN } from "../../slack-trouble.ts";
import { slackTroubleOf } from "../clients.ts";
import { createSocketConnection, type SocketConnection } from "./socket-connection.ts";

/** The way in which Slack's payloads arrive in Socket Mode. */
interface SlackSocket {
  /** For Bolt's App. */
  receiver: Receiver;
  /** Whether payloads arrive. */
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
  onAcknowledged?: OnAcknowledged | undefined;
}

/** A connection that lived this long was a good one: the next is tried at once. */
const GOOD_MS = 30_000;
const LONGEST_WAIT_MS = 30_000;
/** How long a connection that Slack ends stays open, if Slack does not close it: for what is still to be acknowledged. */
const ENDING_MS = 30_000;

/** Where a connection is between hello and close. */
interface Standing {
  connectedAt: number;
  /** `warned`: payloads still arrive, and not for much longer; `ending`: none arrive. */
  state: "good" | "warned" | "ending";
  closing?: NodeJS.Timeout;
}

/**
 * Keeps a connection open on which payloads arrive. Every few hours Slack refreshes it: it warns, stops sending some
 * seconds later, and leaves TCP open for half a minute. The next connection is opened at the warning, and the old one
 * is left to Slack to close, so that nothing is lost in between and every acknowledgement goes back the way its
 * payload came. The library's own way (close, wait for the close, connect again) is deaf for 27 s
 * (https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect; up to ten connections are allowed, and a
 * process has two for that half minute).
 */
export function createSlackSocket(options: SlackSocketOptions): SlackSocket {
  const { appToken, apiUrl, log, boltLogger, onAcknowledged = () => {} } = options;
  const connections = new Map<SocketConnection, Standing>();
  const stopping = new AbortController();
  let app: App | undefined;
  let isReconnecting = false;
  // Tries since the last good connection: the first is made at once, the others wait.
  let tries = 0;

  async function connect(): Promise<void> {
    const bolt = app;
    if (bolt === undefined) throw new Error("the socket has no app");
    const connection = createSocketConnection({
      appToken,
      apiUrl,
      log,
      boltLogger,
      app: {
        processEvent: (event) =>
          bolt.processEvent(timeAcknowledgement(event, performance.now(), onAcknowledged)),
      },
      onEnding: (reason) => end(connection, reason),
      onClosed: () => forget(connection),
    });
    await connection.open();
    if (stopping.signal.aborted) return connection.close();
    connections.set(connection, { connectedAt: performance.now(), state: "good" });
    log.info({ connections: connections.size }, "connected to Slack");
  }

  function end(connection: SocketConnection, reason: string): void {
    const standing = connections.get(connection);
    if (standing === undefined) return;
    log.info({ reason }, "Slack refreshes the connection");
    standing.state = reason === "warning" ? "warned" : "ending";
    standing.closing ??= setTimeout(() => connection.close(), ENDING_MS);
    noteLife(standing);
    void reconnect();
  }

  function forget(connection: SocketConnection): void {
    const standing = connections.get(connection);
    if (standing === undefined) return;
    connections.delete(connection);
    clearTimeout(standing.closing);
    if (stopping.signal.aborted) return;
    log.info({ connections: connections.size }, "disconnected from Slack");
    noteLife(standing);
    void reconnect();
  }

  function noteLife({ connectedAt }: Standing): void {
    if (performance.now() - connectedAt > GOOD_MS) tries = 0;
  }

  const isAny = (...states: Standing["state"][]): boolean =>
    [...connections.values()].some(({ state }) => states.includes(state));

  async function reconnect(): Promise<void> {
    if (isReconnecting) return;
    isReconnecting = true;
    while (!isAny("good") && !stopping.signal.aborted) {
      try {
        await delay(waitBefore(tries), undefined, { signal: stopping.signal });
        tries += 1;
        await connect();
      } catch (error) {
        if (stopping.signal.aborted) continue;
        const next = isTokenTrouble(slackTroubleOf(error) ?? "") ? NEW_TOKEN.SLACK_APP_TOKEN : undefined;
        log.warn({ err: error, tries, next }, "not connected to Slack, trying again");
      }
    }
    isReconnecting = false;
  }

  function stop(): void {
    stopping.abort();
    for (const [connection, { closing }] of connections) {
      clearTimeout(closing);
      connection.close();
    }
  }

  return {
    receiver: {
      init(bolt) {
        app = bolt;
      },
      start: connect,
      stop: () => Promise.resolve(stop()),
    },
    isConnected: () => isAny("good", "warned"),
    start: connect,
    stop,
  };
}

/** Milliseconds before try number `tries` (0 is the first), with jitter, so that replicas do not come together. */
function waitBefore(tries: number): number {
  if (tries === 0) return 0;
  return Math.min(500 * 2 ** (tries - 1), LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);
}
