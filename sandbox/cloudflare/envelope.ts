/** Cloudflare's answer envelope and its errors. */
import type { Answer } from "./exchange.ts";

export interface ApiError {
  code: number;
  message: string;
  documentation_url?: string;
  source?: { pointer?: string };
  error_chain?: { code: number; message: string }[];
}

export interface OkOptions {
  status?: number;
  resultInfo?: Record<string, unknown>;
  messages?: unknown[];
}

/** `success: true` with a result. */
export function ok(result: unknown, options: OkOptions = {}): Answer {
  const { status = 200, resultInfo, messages = [] } = options;
  const info = resultInfo ? { result_info: resultInfo } : {};
  return { kind: "json", status, body: { success: true, errors: [], messages, result, ...info } };
}

/** `success: false` with errors. */
export function fail(status: number, ...errors: ApiError[]): Answer {
  return { kind: "json", status, body: { success: false, errors, messages: [], result: null } };
}

/** 404 for an Access object that does not exist. */
export function accessNotFound(what: string): Answer {
  return fail(404, { code: 12135, message: `access.api.error.not_found: ${what} not found` });
}

/** 400 for a request to Access that does not validate. */
export function accessInvalid(why: string, pointer?: string): Answer {
  const source = pointer === undefined ? {} : { source: { pointer } };
  return fail(400, { code: 12130, message: `access.api.error.invalid_request: ${why}`, ...source });
}

/** 400 for a request outside Access that does not validate; the code is the emulator's choice, no source names one. */
export function invalidRequest(why: string): Answer {
  return fail(400, { code: 10400, message: `invalid request: ${why}` });
}

/** 404 of a service that is not Access. */
export function notFound(what: string): Answer {
  return fail(404, { code: 10404, message: `${what} not found` });
}

export function authenticationError(status: 401 | 403): Answer {
  return fail(status, { code: 10000, message: "Authentication error" });
}

export function badIdentifier(path: string): Answer {
  return fail(404, {
    code: 7003,
    message: `Could not route to ${path}, perhaps your object identifier is invalid?`,
  });
}

export function noRoute(path: string): Answer {
  return fail(
    400,
    { code: 7003, message: `Could not route to ${path}, perhaps your object identifier is invalid?` },
    { code: 7000, message: "No route for that URI" },
  );
}

/** `result_info` of a numbered page. */
export function pageInfo(
  count: number,
  page: number,
  perPage: number,
  totalCount: number,
): Record<string, number> {
  return {
    count,
    page,
    per_page: perPage,
    total_count: totalCount,
    total_pages: Math.ceil(totalCount / perPage),
  };
}
