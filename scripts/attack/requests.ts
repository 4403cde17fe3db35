import { createHmac } from "node:crypto";
import { connect, type Socket } from "node:net";

import { describeWorkspace } from "../../sandbox/workspace.ts";
import type { Target } from "./targets.ts";

const { signingSecret } = describeWorkspace({ mode: "socket" }).bot;

const FORM = "application/x-www-form-urlencoded";

/** The headers of a request as Slack signs it, now unless told. */
export function sign(
  body: string,
  { at = Date.now(), secret = signingSecret, type = FORM } = {},
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const signature = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
  return {
    "content-type": type,
    "x-slack-request-timestamp": timestamp,
    "x-slack-signature": `v0=${signature}`,
  };
}

/** Posts to where Slack does. @returns the status; 0 when the connection ended without one */
export async function post(
  target: Target,
  body: string,
  headers: Record<string, string>,
  timeoutMs = 15_000,
): Promise<number> {
  try {
    const response = await fetch(`${target.url}/slack/events`, {
      method: "POST",
      headers: { ...headers, connection: "close" },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

/** The form of a slash command as somebody types it. */
export function commandForm(fields: Record<string, string>): string {
  return new URLSearchParams({
    token: "none",
    team_id: "T0SANDBOX",
    team_domain: "example-corp",
    channel_id: "C0SECURE1",
    channel_name: "security",
    user_id: "U0ALICE01",
    user_name: "alice",
    command: "/zt",
    text: "help",
    api_app_id: "A0ZTBOT01",
    is_enterprise_install: "false",
    response_url: "",
    trigger_id: "1.1.none",
    ...fields,
  }).toString();
}

export interface Wire {
  socket: Socket;
  /** Everything that came back so far. */
  answer(): string;
  closed: Promise<void>;
}

/** A connection of one's own to the bot, to say on it whatever one likes. */
export async function dial(target: Target): Promise<Wire> {
  const { hostname, port } = new URL(target.url);
  const socket = connect({ host: hostname, port: Number(port) });
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  // What a peer does to a hostile connection is no error of the attack.
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => void socket.once("close", () => resolve()));
  await Promise.race([new Promise<void>((resolve) => void socket.once("connect", resolve)), closed]);
  return { socket, answer: () => answer, closed };
}

/** Says something and waits for an end, but no longer than that. @returns what came back */
export async function tell(target: Target, text: string | Buffer, timeoutMs = 1500): Promise<string> {
  const wire = await dial(target);
  wire.socket.write(text);
  await Promise.race([wire.closed, new Promise((resolve) => setTimeout(resolve, timeoutMs))]);
  wire.socket.destroy();
  return wire.answer();
}

/** The status of a health page; 0 when nothing comes in time. */
export async function statusOf(target: Target, path: string, timeoutMs = 3000): Promise<number> {
  try {
    const response = await fetch(`${target.url}${path}`, {
      headers: { connection: "close" },
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}
