/**
 * What can go wrong with a Cloudflare call, one class a case. All extend `CloudflareError`; switch on `kind`.
 * No message and no field ever holds a token, a body or an email address: they may be logged and shown.
 */

export type CloudflareErrorKind =
  | "network"
  | "timeout"
  | "aborted"
  | "http"
  | "rejected"
  | "shape"
  | "rate-limited"
  | "permission"
  | "auth"
  | "not-found"
  | "not-enabled";

/** Whether a write may have taken effect. Reads change nothing, so they always say "no". */
export type Applied = "no" | "maybe";

/** What every error knows of its call. `status` and `cfRay` are null when no answer came. */
export interface CallFacts {
  /** The readable name of the call, such as "revoke user". */
  call: string;
  applied: Applied;
  status?: number | null;
  cfRay?: string | null;
}

/** What Cloudflare itself said: error codes, and messages with addresses and tokens taken out. */
export interface Complaint {
  codes: number[];
  messages: string[];
}

export abstract class CloudflareError extends Error {
  abstract readonly kind: CloudflareErrorKind;
  readonly call: string;
  readonly applied: Applied;
  readonly status: number | null;
  readonly cfRay: string | null;
  /** Of calls before this one that were carried out, where a caller made several for one purpose and says so. */
  earlierRays: readonly string[] = [];

  constructor(facts: CallFacts, problem: string) {
    super(`${facts.call}: ${problem}`);
    this.name = new.target.name;
    this.call = facts.call;
    this.applied = facts.applied;
    this.status = facts.status ?? null;
    this.cfRay = facts.cfRay ?? null;
  }
}

/** The connection failed: no such host, refused, TLS, or cut before the answer was complete. */
export class NetworkError extends CloudflareError {
  readonly kind = "network";
  /** The system's error code, such as "ECONNRESET". */
  readonly code: string | null;

  constructor(facts: CallFacts & { code: string | null }) {
    super(facts, `the connection to Cloudflare failed (${facts.code ?? "no code"})`);
    this.code = facts.code;
  }
}

/** No complete answer within the call's time. A write may still have been carried out. */
export class TimeoutError extends CloudflareError {
  readonly kind = "timeout";
  readonly timeoutMs: number;

  constructor(facts: CallFacts & { timeoutMs: number }) {
    super(facts, `Cloudflare did not answer within ${facts.timeoutMs} ms`);
    this.timeoutMs = facts.timeoutMs;
  }
}

/** The caller's own AbortSignal ended the call. */
export class AbortedError extends CloudflareError {
  readonly kind = "aborted";

  constructor(facts: CallFacts) {
    super(facts, "the call was given up by its caller");
  }
}

/** Any status outside 2xx that has no class of its own here. */
export class HttpError extends CloudflareError {
  readonly kind = "http";
  readonly codes: number[];
  readonly messages: string[];

  constructor(facts: CallFacts & Complaint) {
    super(facts, `Cloudflare answered ${facts.status ?? "no status"}${phraseComplaint(facts)}`);
    this.codes = facts.codes;
    this.messages = facts.messages;
  }
}

/** A 2xx whose body says that it was not done: `success: false`, or `result: false` where true means done. */
export class RejectedError extends CloudflareError {
  readonly kind = "rejected";
  readonly codes: number[];
  readonly messages: string[];

  constructor(facts: CallFacts & Complaint) {
    super(facts, `Cloudflare answered ${facts.status ?? "2xx"} but refused${phraseComplaint(facts)}`);
    this.codes = facts.codes;
    this.messages = facts.messages;
  }
}

/** A 2xx whose body is not what the call answers with. The request worked and the data did not. */
export class UnexpectedShapeError extends CloudflareError {
  readonly kind = "shape";

  constructor(facts: CallFacts & { problem: string }) {
    super(facts, `the answer could not be read: ${facts.problem}`);
  }
}

/** 429. Cloudflare refuses every call until `retryAt` (epoch ms), null where it did not say when. */
export class RateLimitedError extends CloudflareError {
  readonly kind = "rate-limited";
  readonly retryAt: number | null;

  constructor(facts: CallFacts & { retryAt: number | null }) {
    super(facts, "Cloudflare's rate limit is used up");
    this.retryAt = facts.retryAt;
  }
}

/** The token is valid in form but may not make this call: wrong scope, or the named permission is missing. */
export class PermissionError extends CloudflareError {
  readonly kind = "permission";
  /** The token permission that the call needs, in the dashboard's words. */
  readonly permission: string;
  readonly codes: number[];

  constructor(facts: CallFacts & { permission: string; codes: number[] }) {
    super(facts, `the token is refused; the call needs the permission "${facts.permission}"`);
    this.permission = facts.permission;
    this.codes = facts.codes;
  }
}

/** The credentials themselves are malformed or not valid: no permission would mend it. */
export class AuthError extends CloudflareError {
  readonly kind = "auth";
  readonly codes: number[];

  constructor(facts: CallFacts & { codes: number[] }) {
    super(facts, "Cloudflare does not accept the API credentials");
    this.codes = facts.codes;
  }
}

/** No object with that id, or an id or route that Cloudflare does not know. */
export class NotFoundError extends CloudflareError {
  readonly kind = "not-found";
  readonly codes: number[];

  constructor(facts: CallFacts & { codes: number[] }) {
    super(facts, "Cloudflare has no such object");
    this.codes = facts.codes;
  }
}

/** The product behind the call is not set up on the account. */
export class NotEnabledError extends CloudflareError {
  readonly kind = "not-enabled";
  readonly codes: number[];

  constructor(facts: CallFacts & { codes: number[] }) {
    super(facts, "the product is not enabled on this Cloudflare account");
    this.codes = facts.codes;
  }
}

/** Every error class, for a switch over `kind` that narrows to the fields of each. */
export type CloudflareFailure =
  | NetworkError
  | TimeoutError
  | AbortedError
  | HttpError
  | RejectedError
  | UnexpectedShapeError
  | RateLimitedError
  | PermissionError
  | AuthError
  | NotFoundError
  | NotEnabledError;

export function isCloudflareFailure(error: unknown): error is CloudflareFailure {
  return error instanceof CloudflareError;
}

function phraseComplaint({ codes, messages }: Complaint): string {
  const parts = [...(codes.length > 0 ? [`code ${codes.join(", ")}`] : []), ...messages];
  return parts.length > 0 ? `: ${parts.join("; ")}` : "";
}
