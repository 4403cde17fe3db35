import type { IncomingMessage } from "node:http";

import type { AnyMiddlewareArgs, AllMiddlewareArgs } from "@slack/bolt";

import type { Log } from "../log.ts";
import { takeDelivery } from "../store/deliveries.ts";
import type { Db } from "../store/open.ts";

/** Bolt refuses requests older than five minutes, and takes any from the future: those would stay valid for long. */
const FUTURE_MS = 60_000;

/** Where the signature of an HTTP request travels through Bolt: see createHttpReceiver. */
export const SIGNATURE = "requestSignature";

/** Whether a request claims to be from the future. Clocks differ by less than a minute. */
export function isFromFuture({ headers }: IncomingMessage, now: number): boolean {
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
export function isOddlySigned({ headers }: IncomingMessage): boolean {
  const signature = headers["x-slack-signature"];
  return signature !== undefined && !SIGNATURE_FORM.test(String(signature));
}

/**
 * Lets each signed request have its effect once, on whichever replica it arrives: a person who overheard one could
 * else send it again within five minutes. Slack's own retries are signed again. Socket Mode has no signatures.
 */
export async function passOnce(
  db: Db,
  log: Log,
  now: () => number,
  args: AnyMiddlewareArgs & AllMiddlewareArgs,
): Promise<void> {
  const signature: unknown = args.context[SIGNATURE];
  if (typeof signature === "string" && !(await takeDelivery(db, signature, now()))) {
    log.warn({ signature: signature.slice(0, 12) }, "request repeated: it has no second effect");
    if ("ack" in args && typeof args.ack === "function") await args.ack();
    return;
  }
  await args.next();
}
