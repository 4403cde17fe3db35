import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";

import { type WebSocket, WebSocketServer } from "ws";

import { signRequest } from "../sandbox/slack/delivery/http.ts";
import { CHANNELS, describeWorkspace, PEOPLE } from "../sandbox/workspace.ts";
import { monotonicMs } from "./monotonic.ts";
import { createTimes, type Times } from "./percentiles.ts";

/** A slash command as Slack sends it: https://docs.slack.dev/interactivity/implementing-slash-commands. */
export interface SlashCommand {
  /** What comes after `/zt`. */
  text: string;
  responseUrl: string;
}

/** Sends commands to a bot, as Slack does. */
export interface Sender {
  /** Prepares a command; what is given back sends it, and resolves when it is acknowledged. @throws when it is not. */
  prepare(command: SlashCommand): () => Promise<void>;
  close(): void;
}

const { team, bot } = describeWorkspace({ mode: "socket" });

function payloadOf({ text, responseUrl }: SlashCommand): Record<string, string> {
  return {
    token: "a-verification-token",
    team_id: team.id,
    team_domain: team.domain,
    channel_id: CHANNELS.security,
    channel_name: "security",
    user_id: PEOPLE.alice,
    user_name: "alice",
    command: "/zt",
    text,
    api_app_id: bot.appId,
    is_enterprise_install: "false",
    response_url: responseUrl,
    // Two that are signed within a second have to differ.
    trigger_id: randomUUID(),
  };
}

/** Over HTTP: signed requests on connections that are kept open. `url`: of the bot. */
export function createHttpSender(url: string): Sender {
  const agent = new Agent({ keepAlive: true });
  const path = `${url}/slack/events`;
  return {
    prepare(command) {
      const { body, headers } = signRequest(
        path,
        "slash_commands",
        payloadOf(command),
        bot.signingSecret,
        Date.now(),
      );
      const signed = { ...headers, "content-length": String(Buffer.byteLength(body)) };
      return () => post(path, { agent, headers: signed, body });
    },
    close: () => agent.destroy(),
  };
}

/** Once more where the bot has just ended a connection that was kept open: it took nothing on it. */
async function post(
  url: string,
  options: { agent: Agent; headers: Record<string, string>; body: string },
): Promise<void> {
  const { agent, headers, body } = options;
  const sent = request(url, { method: "POST", agent, headers });
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  sent.end(body);
  try {
    const [response] = await answered;
    await once(response.resume(), "end");
    if (response.statusCode !== 200)
      throw new Error(`a command was answered with ${response.statusCode ?? "nothing"}`);
  } catch (error) {
    const isStale = error instanceof Error && "code" in error && error.code === "ECONNRESET";
    if (!isStale || !sent.reusedSocket) throw error;
    await post(url, options);
  }
}

/** In Socket Mode: frames on the connection that the bot opens to `url`. */
export async function createSocketSender(): Promise<Sender & { url: string; connected: Promise<unknown> }> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const waiting = new Map<string, () => void>();
  let connection: WebSocket | undefined;
  server.on("connection", (socket) => {
    connection = socket;
    socket.on("message", (data: Buffer) => {
      const { envelope_id: id } = JSON.parse(data.toString()) as { envelope_id: string };
      waiting.get(id)?.();
      waiting.delete(id);
    });
    socket.send(
      JSON.stringify({ type: "hello", num_connections: 1, connection_info: { app_id: bot.appId } }),
    );
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/link`,
    connected: once(server, "connection"),
    prepare(command) {
      const id = randomUUID();
      const frame = JSON.stringify({
        envelope_id: id,
        type: "slash_commands",
        payload: payloadOf(command),
        accepts_response_payload: true,
      });
      return () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.set(id, resolve);
        connection?.send(frame);
        return promise;
      };
    },
    close() {
      connection?.terminate();
      server.close();
    },
  };
}

/** `count` times, so many at a time: each begins when one is over. @returns how long each took, and all of them in milliseconds. */
export async function repeat(
  count: number,
  atOnce: number,
  act: (index: number) => Promise<unknown>,
): Promise<{ times: Times; ms: number }> {
  const times = createTimes();
  let begun = 0;
  const startedAt = monotonicMs();
  const one = async (): Promise<void> => {
    while (begun < count) {
      const index = begun;
      begun += 1;
      const from = monotonicMs();
      await act(index);
      times.add(monotonicMs() - from);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { times, ms: monotonicMs() - startedAt };
}
