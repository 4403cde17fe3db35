/**
 * What can go wrong with a Cloudflare call, one class a case. All extend `CloudflareError`; switch on `kind`.
 * No message and no field ever holds a token, a body or an email address: they may be logged and shown.
 */

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
  abstract readonly kind: string;
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

/** The caller ended the call: by its AbortSignal, or by no longer wanting it sent (`isCurrent`). */
export class AbortedError extends CloudflareError {
  readonly kind = "aborted";

  constructor(facts: CallFacts) {
    super(facts, "the call was given up by its caller");
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

/** A 2xx whose body is not what the call answers with. The request worked and the data did not. */
export class UnexpectedShapeError extends CloudflareError {
  readonly kind = "shape";

  constructor(facts: CallFacts & { problem: string }) {
    super(facts, `can't read the answer: ${facts.problem}`);
  }
}

/** A 4xx that is not the API's: the page of a firewall, a proxy or a gateway. It says nothing of the object or the token. */
export class UnexpectedAnswerError extends CloudflareError {
  readonly kind = "unexpected";

  constructor(facts: CallFacts) {
    super(facts, `${facts.status ?? "an answer"} did not come from Cloudflare's API`);
  }
}

type CodedFacts = CallFacts & Pick<Complaint, "codes">;

/** An answer in Cloudflare's own form. */
abstract class CodedError extends CloudflareError {
  readonly codes: number[];

  constructor(facts: CodedFacts, problem: string) {
    super(facts, problem);
    this.codes = facts.codes;
  }
}

/** Any status outside 2xx that has no class of its own here. */
export class HttpError extends CodedError {
  readonly kind = "http";
  readonly messages: string[];

  constructor(facts: CallFacts & Complaint) {
    super(facts, `Cloudflare answered ${facts.status ?? "no status"}${phraseComplaint(facts)}`);
    this.messages = facts.messages;
  }
}

/** A 2xx whose body says that it was not done: `success: false`, or `result: false` where true means done. */
export class RejectedError extends CodedError {
  readonly kind = "rejected";
  readonly messages: string[];

  constructor(facts: CallFacts & Complaint) {
    super(facts, `Cloudflare answered ${facts.status ?? "2xx"} but refused${phraseComplaint(facts)}`);
    this.messages = facts.messages;
  }
}

/** The token is valid in form but may not make this call: wrong scope, or the named permission is missing. */
export class PermissionError extends CodedError {
  readonly kind = "permission";
  /** The token permission that the call needs, in the dashboard's words. */
  readonly permission: string;

  constructor(facts: CodedFacts & { permission: string }) {
    super(facts, `the token is refused; the call needs the permission "${facts.permission}"`);
    this.permission = facts.permission;
  }
}

/** The credentials themselves are malformed or not valid: no permission would fix it. */
export class AuthError extends CodedError {
  readonly kind = "auth";

  constructor(facts: CodedFacts) {
    super(facts, "Cloudflare does not accept the API credentials");
  }
}

/**
 * Cloudflare's own word that no object has that id: code 12135 of Access, or a 404 in its envelope. A page or a route
 * that does not exist is not that.
 */
export class NotFoundError extends CodedError {
  readonly kind = "not-found";

  constructor(facts: CodedFacts) {
    super(facts, "Cloudflare has no such object");
  }
}

/** The product behind the call is not set up on the account. */
export class NotEnabledError extends CodedError {
  readonly kind = "not-enabled";

  constructor(facts: CodedFacts) {
    super(facts, "the product is not enabled on this Cloudflare account");
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
  | UnexpectedAnswerError
  | NotEnabledError;

export type CloudflareErrorKind = CloudflareFailure["kind"];

export function isCloudflareFailure(error: unknown): error is CloudflareFailure {
  return error instanceof CloudflareError;
}

/** No such route, or an identifier that does not fit it. */
const NO_ROUTE = new Set([7000, 7003]);

/** Whether Cloudflare says that it has no such route: of the object that was asked for it says nothing. */
export function isNoRoute({ codes }: Pick<Complaint, "codes">): boolean {
  return codes.some((code) => NO_ROUTE.has(code));
}

/** What was asked for, or null where Cloudflare says that it does not exist; every other failure goes on. */
export async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}

function phraseComplaint({ codes, messages }: Complaint): string {
  const parts = [...(codes.length > 0 ? [`code ${codes.join(", ")}`] : []), ...messages];
  return parts.length > 0 ? `: ${parts.join("; ")}` : "";
}
