import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

import axios from "axios";
import type { AxiosInstance, AxiosRequestConfig, AxiosResponse } from "axios";

import { createBudget, DEFAULT_BUDGET, readLimitNews } from "./rate/budget.ts";
import type { Budget } from "./rate/budget.ts";
import { BudgetSpentError, type Priority } from "./rate/turn.ts";
import { fillPath, serializeQuery, type Query } from "./call.ts";
import type { Call } from "./call.ts";
import type { CallOptions, CloudflareAuth, CloudflareOptions } from "./cloudflare.ts";
import { startDeadline } from "./deadline.ts";
import type { Deadline } from "./deadline.ts";
import { createRedactor, openEnvelope, readRay } from "./envelope.ts";
import type { Answer, RawAnswer } from "./envelope.ts";
import {
  AbortedError,
  CloudflareError,
  isCloudflareFailure,
  NetworkError,
  RateLimitedError,
  TimeoutError,
} from "./errors.ts";
import { createServerClock } from "./server-clock.ts";
import type { ServerClock } from "./server-clock.ts";
import { readRetryAfter, timeRetry } from "./retry.ts";

/** What fills a call's template. */
export interface CallInput {
  ids?: Readonly<Record<string, string>>;
  query?: Query;
  body?: unknown;
}

export interface Http {
  /**
   * Makes a call: retries reads, logs the outcome with its `cf-ray`, and gives back a successful answer.
   *
   * @throws CloudflareError for everything else; TypeError, before sending, for an id that is none.
   */
  send(call: Call, input: CallInput, options?: CallOptions): Promise<Answer>;
  log: CloudflareOptions["log"];
  budget: Budget;
  serverTime: ServerClock["timeOf"];
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_RETRIES = 3;
/** A page of 1000 users is under 1 MB; anything near this is no answer of ours. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Idle connections are dropped before the other side is likely to, so that a write rarely meets a dead one. */
const IDLE_SOCKET_MS = 60_000;

/** One request, filled and timed. */
interface Outgoing extends Pick<CallOptions, "isCurrent"> {
  call: Call;
  path: string;
  logPath: string;
  input: CallInput;
  timeoutMs: number;
  deadline: Deadline;
  priority: Priority;
}

/** The connection to Cloudflare that every resource shares. */
export function createHttp(options: CloudflareOptions): Http {
  const budget = createBudget(options.budget ?? DEFAULT_BUDGET, options.sharedBudget);
  const now = options.now ?? Date.now;
  const clock = createServerClock();
  const client = createClient(options);
  const redact = createRedactor(listSecrets(options.auth));
  const retries = options.retries ?? DEFAULT_RETRIES;
  const { log } = options;
  /** Reads under way, by path and query. */
  const inFlight = new Map<string, Promise<Answer>>();

  /** Every attempt on the wire waits for its turn. @throws AbortedError, RateLimitedError: nothing was sent. */
  async function takeTurn({ call, deadline, priority, isCurrent }: Outgoing): Promise<void> {
    const facts = { call: call.name, applied: "no" } as const;
    // Bulk work waits for minutes when it has to: its time begins with its turn.
    if (priority === "bulk") deadline.suspend();
    try {
      await budget.take({ priority, signal: deadline.signal, maxWaitMs: deadline.remainingMs() });
    } catch (error) {
      if (!(error instanceof BudgetSpentError)) throw error;
      if (deadline.endedBy() === "caller") throw new AbortedError(facts);
      throw new RateLimitedError({ ...facts, retryAt: error.retryAt });
    }
    if (priority === "bulk") deadline.restart();
    if (isCurrent?.() === false) throw new AbortedError(facts);
  }

  /** One attempt: the answer, whatever it is, or how the connection failed. */
  async function tryOnce(outgoing: Outgoing, number: number): Promise<RawAnswer | NetworkError> {
    await takeTurn(outgoing);
    const sentAt = now();
    const startedAt = performance.now();
    const tell = (status: number | null, error: string | null): void =>
      options.onAttempt?.(outgoing.call, { number, status, error, ms: performance.now() - startedAt });
    try {
      const raw = toRawAnswer(await client.request<unknown>(toRequest(outgoing)));
      clock.learn(raw.header("date"), sentAt, now());
      budget.learn(readLimitNews(raw.header, raw.status, readRetryAfter(raw.header, now())));
      tell(raw.status, null);
      return raw;
    } catch (error) {
      const failure = toFailure(error, outgoing);
      tell(null, failure instanceof NetworkError ? (failure.code ?? failure.kind) : failure.kind);
      if (failure instanceof NetworkError) return failure;
      throw failure;
    }
  }

  /** Milliseconds until the next try; null where this one was the last. */
  function timeNext(tried: RawAnswer | NetworkError, { call, deadline }: Outgoing, attempt: number) {
    if (call.mode === "write" || attempt > retries) return null;
    const isCut = tried instanceof NetworkError;
    if (isCut && (tried.code === null || LASTING.test(tried.code))) return null;
    const failed = {
      attempt,
      status: isCut ? null : tried.status,
      retryAfterMs: isCut ? null : readRetryAfter(tried.header, now()),
      remainingMs: deadline.remainingMs(),
    };
    // The longest wait it could be must fit, so that the wait itself never outlives the call.
    return timeRetry(failed, 1) === null ? null : timeRetry(failed, Math.random());
  }

  async function exchange(outgoing: Outgoing): Promise<Answer> {
    const { call, logPath: path, deadline } = outgoing;
    for (let attempt = 1; ; attempt += 1) {
      const tried = await tryOnce(outgoing, attempt);
      const waitMs = timeNext(tried, outgoing, attempt);
      if (waitMs === null) {
        if (tried instanceof NetworkError) throw tried;
        return openEnvelope(call, tried, { redact, now: now() });
      }
      const found =
        tried instanceof NetworkError
          ? { status: null, cfRay: null, code: tried.code }
          : { status: tried.status, cfRay: readRay(tried), code: null };
      log.warn({ call: call.name, path, attempt, ...found }, "cloudflare call is tried again");
      try {
        await sleep(waitMs, undefined, { signal: deadline.signal });
      } catch (error) {
        throw toFailure(error, outgoing);
      }
    }
  }

  async function send(call: Call, input: CallInput, callOptions: CallOptions): Promise<Answer> {
    const { path, logPath } = fillPath(call.path, { account_id: options.accountId, ...input.ids });
    const timeoutMs = callOptions.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    if (callOptions.signal?.aborted === true) throw new AbortedError({ call: call.name, applied: "no" });
    const startedAt = performance.now();
    const deadline = startDeadline(timeoutMs, callOptions.signal);
    const fields = { call: call.name, method: call.method, path: logPath };
    const { priority = "interactive", isCurrent } = callOptions;
    const outgoing = { call, path, logPath, input, timeoutMs, deadline, priority, isCurrent };
    try {
      const answer = await exchange(outgoing);
      const { status, cfRay } = answer.facts;
      log.info({ ...fields, status, cfRay, ms: elapsed(startedAt) }, "cloudflare call");
      options.onCall?.(call, "ok", performance.now() - startedAt);
      return answer;
    } catch (error) {
      log.warn({ ...fields, ...describeFailure(error), ms: elapsed(startedAt) }, "cloudflare call failed");
      const outcome = isCloudflareFailure(error) ? error.kind : "unknown";
      options.onCall?.(call, outcome, performance.now() - startedAt);
      throw error;
    } finally {
      deadline.stop();
    }
  }

  /** Joins the same read already under way, where neither caller may end it on its own terms. */
  function share(call: Call, input: CallInput): Promise<Answer> {
    const key = JSON.stringify([call.path, input.ids, serializeQuery(input.query ?? {})]);
    const running = inFlight.get(key);
    if (running !== undefined) return running;
    const started = send(call, input, {});
    const forget = (): void => {
      if (inFlight.get(key) === started) inFlight.delete(key);
    };
    inFlight.set(key, started);
    started.then(forget, forget);
    return started;
  }

  return {
    log,
    budget,
    serverTime: clock.timeOf,
    async send(call, input, callOptions = {}) {
      if (call.mode === "write") {
        // A read begun before a write may answer from before it, so a later reader must not join it.
        return send(call, input, callOptions).finally(() => inFlight.clear());
      }
      const isPlain = Object.values(callOptions).every((option) => option === undefined);
      return isPlain ? share(call, input) : send(call, input, callOptions);
    },
  };
}

function createClient(options: CloudflareOptions): AxiosInstance {
  const agent = { keepAlive: true, timeout: IDLE_SOCKET_MS };
  return axios.create({
    adapter: "http",
    baseURL: options.baseUrl,
    allowAbsoluteUrls: false,
    httpAgent: new HttpAgent(agent),
    httpsAgent: new HttpsAgent(agent),
    proxy: false,
    // Cloudflare does not redirect its API; following one would carry the token elsewhere.
    maxRedirects: 0,
    validateStatus: () => true,
    maxContentLength: MAX_BODY_BYTES,
    // The body is parsed in envelope.ts, where a body that is not JSON has a name.
    responseType: "text",
    transformResponse: [(body: unknown) => body],
    paramsSerializer: { serialize: (query) => serializeQuery(query as Query) },
    headers: { Accept: "application/json", "User-Agent": "zt-bot", ...toAuthHeaders(options.auth) },
  });
}

function toAuthHeaders(auth: CloudflareAuth): Record<string, string> {
  if (auth.kind === "token") return { Authorization: `Bearer ${auth.token}` };
  return { "X-Auth-Email": auth.email, "X-Auth-Key": auth.key };
}

function listSecrets(auth: CloudflareAuth): string[] {
  return auth.kind === "token" ? [auth.token] : [auth.key, auth.email];
}

function toRequest({ call, path, input, deadline }: Outgoing): AxiosRequestConfig {
  return {
    method: call.method,
    url: path,
    ...(input.query === undefined ? {} : { params: input.query }),
    ...(input.body === undefined ? {} : { data: input.body }),
    // Without a body axios would call an empty POST a form.
    headers: { "Content-Type": input.body === undefined ? false : "application/json" },
    signal: deadline.signal,
  };
}

/** What kept an answer away, as ours. The original is dropped: axios errors carry the token. */
function toFailure(error: unknown, { call, deadline, timeoutMs }: Outgoing): CloudflareError {
  const facts = { call: call.name, applied: call.mode === "write" ? ("maybe" as const) : ("no" as const) };
  const ended = deadline.endedBy();
  if (ended === "caller") return new AbortedError(facts);
  if (ended === "time") return new TimeoutError({ ...facts, timeoutMs });
  const code = readSystemCode(error);
  return new NetworkError({ ...facts, ...(wasNeverSent(error, code) ? { applied: "no" } : {}), code });
}

function toRawAnswer(response: AxiosResponse<unknown>): RawAnswer {
  const { headers, status, data } = response;
  return {
    status,
    body: typeof data === "string" ? data : "",
    header: (name) => {
      const value: unknown = headers[name];
      return typeof value === "string" ? value : null;
    },
  };
}

/** Trying again would meet the same: no such host, no such network, a certificate that is not good. */
const LASTING = /^(?:ENOTFOUND|ENETUNREACH|ECONNABORTED|ERR_CANCELED)$|CERT|ERR_TLS|UNABLE_TO_|ERR_INVALID/;

const NEVER_SENT = new Set(["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ERR_INVALID_URL", "ERR_INVALID_CHAR"]);

/** True where the failure came before a single byte of the request: name look-up, connecting, TLS. */
function wasNeverSent(error: unknown, code: string | null): boolean {
  if (code === null) return false;
  if (NEVER_SENT.has(code) || /CERT|ERR_TLS|UNABLE_TO_/.test(code)) return true;
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : null;
  return (
    cause instanceof Error && "syscall" in cause && ["connect", "getaddrinfo"].includes(String(cause.syscall))
  );
}

function readSystemCode(error: unknown): string | null {
  const code: unknown = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? code : null;
}

function describeFailure(error: unknown): Record<string, unknown> {
  if (!(error instanceof CloudflareError)) return { kind: "unknown" };
  const { kind, status, cfRay, applied } = error;
  return {
    kind,
    status,
    cfRay,
    applied,
    ...("codes" in error ? { codes: error.codes } : {}),
    ...(error instanceof NetworkError ? { code: error.code } : {}),
  };
}

function elapsed(startedAt: number): number {
  return Math.round(performance.now() - startedAt);
}
