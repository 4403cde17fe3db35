import type { Logger } from "pino";

import { UNLISTED_PERMISSION } from "./call.ts";
import type { Call } from "./call.ts";
import {
  AuthError,
  HttpError,
  isNoRoute,
  NotEnabledError,
  NotFoundError,
  PermissionError,
  RateLimitedError,
  RejectedError,
  UnexpectedAnswerError,
  UnexpectedShapeError,
} from "./errors.ts";
import type { Applied, CallFacts, CloudflareFailure, Complaint } from "./errors.ts";
import type { WriteReceipt } from "./cloudflare.ts";
import { readRecord, readRows, type ReadRow } from "./fields.ts";
import { readRetryAfter } from "./retry.ts";

/** An answer as it came: any status, any body. */
export interface RawAnswer {
  status: number;
  body: string;
  /** A header by its lower-case name. */
  header: (name: string) => string | null;
}

/** A 2xx with `success: true`. `result` is undefined where the key is absent. */
export interface Answer {
  facts: CallFacts & { status: number; cfRay: string | null };
  result: unknown;
  resultInfo: Record<string, unknown>;
}

export interface ReadContext {
  redact: (message: string) => string;
  /** Epoch ms. */
  now: number;
}

/** Whether a write that got this status may have been carried out: 4xx says no; 408, 5xx and 3xx leave it open. */
function judgeApplied(call: Call, status: number): Applied {
  return call.mode === "write" && (status < 400 || status === 408 || status >= 500) ? "maybe" : "no";
}

/**
 * Reads Cloudflare's envelope.
 *
 * @throws CloudflareError for every answer that is not a 2xx JSON object with `success: true`.
 */
export function openEnvelope(call: Call, raw: RawAnswer, context: ReadContext): Answer {
  const facts = {
    call: call.name,
    applied: judgeApplied(call, raw.status),
    status: raw.status,
    cfRay: readRay(raw),
  };
  const body = readRecord(parseJson(raw.body));
  if (raw.status < 200 || raw.status > 299) throw toFailure(call, facts, raw, body, context);
  if (body === null) {
    const problem = raw.body.trim() === "" ? "the body is empty" : "the body is not a JSON object";
    throw new UnexpectedShapeError({ ...facts, problem });
  }
  if (body["success"] === false) {
    const complaint = readComplaint(body, context.redact);
    const refused: CallFacts = { ...facts, applied: "no" };
    throw complaint.codes.includes(NOT_ENABLED)
      ? new NotEnabledError({ ...refused, codes: complaint.codes })
      : new RejectedError({ ...refused, ...complaint });
  }
  if (body["success"] !== true)
    throw new UnexpectedShapeError({ ...facts, problem: "success is not stated" });
  return { facts, result: body["result"], resultInfo: readRecord(body["result_info"]) ?? {} };
}

/** The parsed `result` of a call that answers with one object. */
export function readResult<Row>(read: ReadRow<Row>, answer: Answer): Row {
  const found = read(answer.result);
  if (found === null) throw new UnexpectedShapeError({ ...answer.facts, problem: "the result is odd" });
  return found;
}

/** That a write was carried out. */
export function receiptOf({ facts }: Answer): WriteReceipt {
  return { cfRay: facts.cfRay, status: facts.status };
}

/** The readable rows of a list, and how many rows there were on the wire. */
export interface Rows<Row> {
  rows: Row[];
  rowCount: number;
}

/**
 * The readable rows of a list; the unreadable ones are left out, and the log says so.
 * `null` is an empty list, as servers written in Go say it. A missing list is not: taking it for "none" could
 * make open sessions look closed.
 */
export function readList<Row>(
  read: ReadRow<Row>,
  { answer, log, list }: { answer: Answer; log: Pick<Logger, "warn">; list: unknown },
): Rows<Row> {
  if (list === null) return { rows: [], rowCount: 0 };
  if (!Array.isArray(list))
    throw new UnexpectedShapeError({ ...answer.facts, problem: "the list is missing" });
  const rows = readRows(read, list);
  if (rows.length < list.length) {
    const { call, cfRay } = answer.facts;
    log.warn(
      { call, cfRay, leftOut: list.length - rows.length, kept: rows.length },
      "cloudflare rows left out",
    );
  }
  return { rows, rowCount: list.length };
}

/** Malformed Authorization header; 6111 stands in its error chain. */
const MALFORMED_AUTH = new Set([6003, 6111]);
/** Bad token or missing permission; out of the token's scope; a read token that tried a write. */
const FORBIDDEN = new Set([10000, 9109, 1010]);
/**
 * A token that was revoked or rolled: the code is the same as for one that is out of its scope, or comes with 401 alone
 * (https://github.com/divinevideo/divine-mobile/issues/4257).
 */
const INVALID_TOKEN = /^invalid (?:access|api) token/i;
/** access.api.error.not_found */
const NOT_FOUND = 12135;
/** access.api.error.not_enabled */
const NOT_ENABLED = 9999;

function toFailure(
  call: Call,
  facts: CallFacts,
  raw: RawAnswer,
  body: Record<string, unknown> | null,
  context: ReadContext,
): CloudflareFailure {
  if (raw.status === 429) {
    const wait = readRetryAfter(raw.header, context.now);
    return new RateLimitedError({ ...facts, retryAt: wait === null ? null : context.now + wait });
  }
  const { codes, messages } = readComplaint(body, context.redact);
  // Only a 4xx is a statement about the request; a 5xx or a redirect says nothing sure, whatever its body.
  if (raw.status >= 400 && raw.status < 500) {
    if (codes.some((code) => MALFORMED_AUTH.has(code))) return new AuthError({ ...facts, codes });
    if (messages.some((message) => INVALID_TOKEN.test(message))) return new AuthError({ ...facts, codes });
    if (codes.includes(NOT_ENABLED)) return new NotEnabledError({ ...facts, codes });
    const isForbidden = codes.some((code) => FORBIDDEN.has(code));
    if (isForbidden || raw.status === 401 || (raw.status === 403 && isEnvelope(body))) {
      return new PermissionError({ ...facts, codes, permission: call.permission ?? UNLISTED_PERMISSION });
    }
    if (!isEnvelope(body)) return new UnexpectedAnswerError(facts);
    if (codes.includes(NOT_FOUND) || (raw.status === 404 && !isNoRoute({ codes }))) {
      return new NotFoundError({ ...facts, codes });
    }
  }
  return new HttpError({ ...facts, codes, messages });
}

/** A refusal in Cloudflare's own form. Firewalls and proxies answer with a page, or with JSON of another form. */
function isEnvelope(body: Record<string, unknown> | null): boolean {
  return body?.["success"] === false || Array.isArray(body?.["errors"]);
}

/** Codes and messages of every error form seen: listed, chained, with a message only, or a flat body. */
function readComplaint(body: Record<string, unknown> | null, redact: (message: string) => string): Complaint {
  const codes = new Set<number>();
  const messages = new Set<string>();
  const collect = (value: unknown, depth: number): void => {
    if (typeof value === "string" && value !== "") messages.add(redact(value));
    const error = readRecord(value);
    if (error === null) return;
    const code = typeof error["code"] === "string" ? Number.parseInt(error["code"], 10) : error["code"];
    if (typeof code === "number" && Number.isSafeInteger(code)) codes.add(code);
    for (const word of [error["message"], error["error"]]) {
      if (typeof word === "string" && word !== "") messages.add(redact(word));
    }
    if (Array.isArray(error["error_chain"]) && depth < 3) {
      for (const link of error["error_chain"]) collect(link, depth + 1);
    }
  };
  const errors: unknown[] = Array.isArray(body?.["errors"]) ? body["errors"] : [];
  for (const error of [body, ...errors].slice(0, 10)) collect(error, 0);
  return { codes: [...codes], messages: [...messages].slice(0, 5) };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    // A gateway's page in HTML, an answer that was cut: to the caller it has no shape.
    return null;
  }
}

/** The `cf-ray` of an answer, where it has the form of one. */
export function readRay(raw: Pick<RawAnswer, "header">): string | null {
  const ray = raw.header("cf-ray");
  return ray !== null && /^[\w-]{1,64}$/.test(ray) ? ray : null;
}

const MESSAGE_CAP = 300;

/**
 * Makes a function that takes out of Cloudflare's own words what must reach neither a log nor a chat: the given
 * secrets, anything like a token or an address, and line breaks; and cuts them at 300 characters.
 */
export function createRedactor(secrets: readonly string[]): (message: string) => string {
  const known = secrets.filter((secret) => secret !== "");
  return (message) => {
    const plain = known.reduce(
      (text, secret) => text.replaceAll(secret, "[secret]"),
      message.slice(0, 10_000),
    );
    return plain
      .replaceAll(/\bBearer\s+\S+/gi, "Bearer [secret]")
      .replaceAll(/[^\s"'<>(),;:=]+(?:@|%40)[^\s"'<>(),;:]+/gi, "[email]")
      .replaceAll(/\s+/g, " ")
      .slice(0, MESSAGE_CAP);
  };
}
