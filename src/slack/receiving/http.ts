import type { IncomingMessage, OutgoingHttpHeaders, RequestListener, ServerResponse } from "node:http";

import {
  type App,
  HTTPModuleFunctions,
  HTTPResponseAck,
  type Logger as BoltLogger,
  type Receiver,
} from "@slack/bolt";

import type { Log } from "../../log/log.ts";
import { timeAcknowledgement, type OnAcknowledged } from "./acknowledge.ts";
import { SIGNATURE } from "./replay.ts";

/** Over which Slack's payloads come in HTTP mode. */
interface SlackHttp {
  /** For Bolt's App. */
  receiver: Receiver;
  /** Takes one request. Whatever is sent, it is answered and nothing is thrown. */
  take: RequestListener;
}

interface SlackHttpOptions {
  signingSecret: string;
  now: () => number;
  log: Log;
  boltLogger: BoltLogger;
  onAcknowledged?: OnAcknowledged | undefined;
}

/** Slack sends some ten thousand bytes. A body is held in memory before it is known who sent it. */
const MAX_BODY = 1024 * 1024;
/** Bolt refuses requests older than five minutes, and takes any from the future: those would stay valid for long. */
const FUTURE_MS = 60_000;

/**
 * Bolt's parts, put together here: its own receiver ends the process with a body that is not an object, as well as
 * with a method other than POST.
 */
export function createSlackHttp(options: SlackHttpOptions): SlackHttp {
  const { log } = options;
  let app: App | undefined;
  return {
    receiver: {
      init: (created) => {
        app = created;
      },
      // The server is that of the health checks.
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    },
    take(request, response) {
      takeRequest(options, app, request, response).catch((error: unknown) => {
        log.error({ err: error }, "request failed");
        if (response.headersSent) response.destroy();
        else refuse(response, 500);
      });
    },
  };
}

async function takeRequest(
  { signingSecret, now, log, boltLogger, onAcknowledged = () => {} }: SlackHttpOptions,
  app: App | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const startedAt = performance.now();
  if (request.method !== "POST") return refuse(response, 405, { allow: "POST" });
  if (isOddlySigned(request) || isFromFuture(request, now())) return refuse(response, 401);
  let buffered;
  try {
    const limits = { signingSecret, bodyLimit: MAX_BODY };
    buffered = await HTTPModuleFunctions.parseAndVerifyHTTPRequest(limits, request);
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown";
    log.warn({ why }, "request refused: it is not Slack's, or not whole");
    return refuse(response, HTTPModuleFunctions.isRawBodyError(error) ? error.statusCode : 401);
  }
  const body = parseBody(buffered);
  if (body === null) {
    log.warn({}, "request refused: it is signed, and holds nothing that Slack sends");
    return refuse(response, 400);
  }
  if (body["ssl_check"] === "1") return HTTPModuleFunctions.buildSSLCheckResponse(response);
  if (body["type"] === "url_verification")
    return HTTPModuleFunctions.buildUrlVerificationResponse(response, body);
  const ack = new HTTPResponseAck({
    logger: boltLogger,
    processBeforeResponse: false,
    httpRequest: buffered,
    httpRequestBody: body,
    httpResponse: response,
  });
  try {
    const event = {
      body,
      ack: ack.bind(),
      customProperties: { [SIGNATURE]: request.headers["x-slack-signature"] },
    };
    await app?.processEvent(timeAcknowledgement(event, startedAt, onAcknowledged));
  } finally {
    // Its timer is for those who might still answer.
    ack.ack();
  }
  if (!response.headersSent) refuse(response, 404);
}

/** With the end of the connection: many requests on it would else be refused before anyone else has a turn. */
function refuse(response: ServerResponse, status: number, headers: OutgoingHttpHeaders = {}): void {
  response.writeHead(status, { ...headers, connection: "close" }).end();
}

/** The payload; null where the body is no object, which Bolt takes for granted. */
function parseBody(
  request: Parameters<typeof HTTPModuleFunctions.parseHTTPRequestBody>[0],
): Record<string, unknown> | null {
  try {
    const body: unknown = HTTPModuleFunctions.parseHTTPRequestBody(request);
    if (typeof body !== "object" || Array.isArray(body)) return null;
    return body as Record<string, unknown> | null;
  } catch {
    // Not what Slack sends: the caller refuses it.
    return null;
  }
}

/** Whether a request claims to be from the future. Clocks differ by less than a minute. */
function isFromFuture({ headers }: IncomingMessage, now: number): boolean {
  const seconds = Number(headers["x-slack-request-timestamp"]);
  return Number.isFinite(seconds) && seconds * 1000 > now + FUTURE_MS;
}

/** As Slack writes it. */
const SIGNATURE_FORM = /^v0=[0-9a-f]{64}$/;

/**
 * Whether a request has a signature that Slack would not have written so. Bolt verifies what stands before a second
 * `=` and ignores the rest: with anything behind it, a request that was seen before would count as a new one. Whether
 * one without a signature is let in is Bolt's business.
 */
function isOddlySigned({ headers }: IncomingMessage): boolean {
  const signature = headers["x-slack-signature"];
  return signature !== undefined && !SIGNATURE_FORM.test(String(signature));
}
