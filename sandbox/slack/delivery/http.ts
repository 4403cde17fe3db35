import { createHmac } from "node:crypto";
import type { Payload, PayloadKind, SentRequest } from "../types.ts";
import type { Answer } from "./socket.ts";

type HttpRequest = Extract<SentRequest, { mode: "http" }>;

/**
 * The signed request that carries a payload: https://docs.slack.dev/authentication/verifying-requests-from-slack.
 * `at` is in milliseconds since 1970.
 */
export function signRequest(
  url: string,
  kind: PayloadKind,
  payload: Payload,
  signingSecret: string,
  at: number,
): HttpRequest {
  const body = encodeBody(kind, payload);
  const timestamp = String(Math.floor(at / 1000));
  const signature = createHmac("sha256", signingSecret).update(`v0:${timestamp}:${body}`).digest("hex");
  return {
    mode: "http",
    kind,
    payload,
    url,
    body,
    headers: {
      "content-type": kind === "events_api" ? "application/json" : "application/x-www-form-urlencoded",
      "user-agent": "Slackbot 1.0 (sandbox)",
      "x-slack-request-timestamp": timestamp,
      "x-slack-signature": `v0=${signature}`,
    },
  };
}

/** Sends it and reads the ack: a 2xx within the time limit, with or without a body. */
export async function sendRequest(request: HttpRequest, timeoutMs: number): Promise<Answer> {
  try {
    const response = await fetch(request.url, {
      method: "POST",
      headers: request.headers,
      body: request.body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    const { status } = response;
    if (!response.ok) return { ok: false, error: "dispatch_failed", status };
    return { ok: true, status, body: readBody(response.headers.get("content-type"), text) };
  } catch (error) {
    const isTimeout = error instanceof Error && error.name === "TimeoutError";
    return { ok: false, error: isTimeout ? "operation_timeout" : "dispatch_failed" };
  }
}

function encodeBody(kind: PayloadKind, payload: Payload): string {
  if (kind === "events_api") return JSON.stringify(payload);
  if (kind === "interactive") return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const fields = Object.entries(payload).map(([name, value]): [string, string] => [name, String(value)]);
  return new URLSearchParams(fields).toString();
}

function readBody(contentType: string | null, text: string): unknown {
  if (text === "") return undefined;
  return contentType?.includes("json") === true ? (JSON.parse(text) as unknown) : { text };
}
