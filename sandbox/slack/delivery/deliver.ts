import { setTimeout as delay } from "node:timers/promises";
import type { Delivery, EventRetry, Payload, PayloadKind, SentRequest } from "../types.ts";
import { addNotice, collectBroken } from "../workspace.ts";
import type { Workspace } from "../workspace.ts";
import { applyAck } from "./ack.ts";
import { describeDelivery } from "./describe.ts";
import { sendRequest, signRequest } from "./http.ts";
import type { Sockets } from "./socket.ts";

/** Slack's default limit for an ack, in milliseconds. */
const defaultAckTimeoutMs = 3000;

/** Sends a payload to the app, waits for its ack and does what the ack asks for. */
export async function deliver(
  workspace: Workspace,
  sockets: Sockets,
  kind: PayloadKind,
  payload: Payload,
): Promise<Delivery> {
  const { delivery, options } = workspace;
  if (delivery.mode === "socket")
    return await transmit(workspace, sockets, { mode: "socket", kind, payload });
  const request = signRequest(delivery.url, kind, payload, options.bot.signingSecret, workspace.now());
  return await transmit(workspace, sockets, request);
}

/** Delivers an event once more, by the way that is set now: the payload and its event_id stay, the rest says it is a retry. */
export async function retryEvent(
  workspace: Workspace,
  sockets: Sockets,
  request: SentRequest,
  { attempt = 1, reason = "http_timeout" }: EventRetry = {},
): Promise<Delivery> {
  const { kind, payload } = request;
  const { delivery, options } = workspace;
  if (kind !== "events_api") throw new Error(`Slack sends ${kind} once: only events are tried again.`);
  const retry = { attempt, reason };
  if (delivery.mode === "socket")
    return await transmit(workspace, sockets, { mode: "socket", kind, payload, retry });
  const signed = signRequest(delivery.url, kind, payload, options.bot.signingSecret, workspace.now());
  const headers = { "x-slack-retry-num": String(attempt), "x-slack-retry-reason": reason };
  return await transmit(workspace, sockets, { ...signed, headers: { ...signed.headers, ...headers } });
}

/** Sends a request that may have been sent before, byte for byte. */
export async function transmit(
  workspace: Workspace,
  sockets: Sockets,
  request: SentRequest,
): Promise<Delivery> {
  const timeoutMs = workspace.options.ackTimeoutMs ?? defaultAckTimeoutMs;
  const ended = workspace.options.observe?.({
    way: "slack-to-bot",
    ...describeDelivery(workspace, request),
    request: request.payload,
  });
  const sentAt = performance.now();
  const answer =
    request.mode === "socket"
      ? await sockets.send(request.kind, request.payload, request.retry)
      : await sendRequest(request, timeoutMs);
  const ms = performance.now() - sentAt;
  const status = answer.status === undefined ? {} : { status: answer.status };
  if (!answer.ok) {
    const isLate = answer.error === "operation_timeout";
    const broken = isLate ? [`not acknowledged within ${timeoutMs / 1000} s`] : [];
    ended?.({ ...status, error: answer.error, broken, ms });
    tellPerson(workspace, request, answer.error);
    return { ok: false, error: answer.error, ...status, request };
  }
  const { ackEffectMs } = workspace.options;
  if (ackEffectMs !== undefined) await delay(ackEffectMs);
  const { result: outcome, broken } = collectBroken(workspace, () =>
    applyAck(workspace, request, answer.body),
  );
  const { error } = outcome;
  ended?.({ ...status, ...(error !== undefined && { error }), response: answer.body, broken, ms });
  const ack = answer.body === undefined ? {} : { ack: answer.body };
  return { ...outcome, ...status, ...ack, request };
}

/** What Slack shows to the person whose interaction came to nothing. Events are nobody's. */
function tellPerson(workspace: Workspace, request: SentRequest, error: string): void {
  const { payload } = request;
  const { name } = workspace.options.bot;
  if (request.kind === "slash_commands") {
    const text =
      error === "dispatch_failed"
        ? `${name} is not responding (dispatch_failed)`
        : `${String(payload["command"])} failed with the error "${error}"`;
    addNotice(workspace, String(payload["user_id"]), text);
    return;
  }
  if (request.kind === "events_api" || payload["type"] === "block_suggestion") return;
  const user = (payload["user"] as { id: string }).id;
  const text =
    error === "dispatch_failed"
      ? `${name} is not responding (dispatch_failed)`
      : `${name} did not answer in time (${error}). Try again.`;
  addNotice(workspace, user, text);
}
