import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";

import axios from "axios";
import type { AxiosInstance, AxiosRequestConfig, AxiosResponse } from "axios";
import axiosRetry from "axios-retry";

import { BudgetSpentError, createBudget, DEFAULT_BUDGET, readLimitNews } from "./budget.ts";
import type { Budget, Priority } from "./budget.ts";
import { fillPath } from "./call.ts";
import type { Call } from "./call.ts";
import type { CallOptions, CloudflareAuth, CloudflareOptions } from "./cloudflare.ts";
import { startDeadline } from "./deadline.ts";
import type { Deadline } from "./deadline.ts";
import { openEnvelope, readRay } from "./envelope.ts";
import type { Answer, RawAnswer } from "./envelope.ts";
import { AbortedError, CloudflareError, NetworkError, RateLimitedError, TimeoutError } from "./errors.ts";
import type { Applied } from "./errors.ts";
import { serializeQuery } from "./query.ts";
import type { Query } from "./query.ts";
import { createRedactor } from "./redact.ts";
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
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_RETRIES = 3;
/** A page of 1000 users is under 1 MB; anything near this is no answer of ours. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Idle connections are dropped before the other side is likely to, so that a write rarely meets a dead one. */
const IDLE_SOCKET_MS = 60_000;

/** One request, filled and timed. */
interface Outgoing {
  call: Call;
  path: string;
  logPath: string;
  input: CallInput;
  timeoutMs: number;
  deadline: Deadline;
  priority: Priority;
}

/** What an attempt needs to get its turn; travels in its configuration. */
interface Turn {
  priority: Priority;
  deadline: Deadline;
}

/** The connection to Cloudflare that every resource shares. */
export function createHttp(options: CloudflareOptions): Http {
  const budget = createBudget(options.budget ?? DEFAULT_BUDGET);
  const client = createClient(options, budget);
  const redact = createRedactor(listSecrets(options.auth));
  const retries = options.retries ?? DEFAULT_RETRIES;
  const { log } = options;
  /** Reads under way, by path and query. */
  const inFlight = new Map<string, Promise<Answer>>();

  async function exchange(outgoing: Outgoing): Promise<Answer> {
    const { call } = outgoing;
    try {
      const response = await client.request(
        toRequestConfig(outgoing, call.mode === "read" ? retries : 0, log),
      );
      return openEnvelope(call, toRawAnswer(response), { redact, now: Date.now() });
    } catch (error) {
      if (error instanceof CloudflareError) throw error;
      throw toError(error, outgoing, redact);
    }
  }

  async function send(call: Call, input: CallInput, callOptions: CallOptions): Promise<Answer> {
    const { path, logPath } = fillPath(call.path, { account_id: options.accountId, ...input.ids });
    const timeoutMs = callOptions.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    if (callOptions.signal?.aborted === true) throw new AbortedError({ call: call.name, applied: "no" });
    const startedAt = performance.now();
    const deadline = startDeadline(timeoutMs, callOptions.signal);
    const fields = { call: call.name, method: call.method, path: logPath };
    const priority = callOptions.priority ?? "interactive";
    try {
      const answer = await exchange({ call, path, logPath, input, timeoutMs, deadline, priority });
      const { status, cfRay } = answer.facts;
      log.info({ ...fields, status, cfRay, ms: elapsed(startedAt) }, "cloudflare call");
      return answer;
    } catch (error) {
      log.warn({ ...fields, ...describeFailure(error), ms: elapsed(startedAt) }, "cloudflare call failed");
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
    async send(call, input, callOptions = {}) {
      if (call.mode === "write") {
        // A read begun before a write may answer from before it, so a later reader must not join it.
        return send(call, input, callOptions).finally(() => inFlight.clear());
      }
      const isPlain =
        callOptions.signal === undefined &&
        callOptions.timeoutMs === undefined &&
        callOptions.priority === undefined;
      return isPlain ? share(call, input) : send(call, input, callOptions);
    },
  };
}

function createClient(options: CloudflareOptions, budget: Budget): AxiosInstance {
  const agent = { keepAlive: true, timeout: IDLE_SOCKET_MS };
  const client = axios.create({
    adapter: "http",
    baseURL: options.baseUrl,
    allowAbsoluteUrls: false,
    httpAgent: new HttpAgent(agent),
    httpsAgent: new HttpsAgent(agent),
    proxy: false,
    // Cloudflare does not redirect its API; following one would carry the token elsewhere.
    maxRedirects: 0,
    maxContentLength: MAX_BODY_BYTES,
    // The body is parsed in envelope.ts, where a body that is not JSON has a name.
    responseType: "text",
    transformResponse: [(body: unknown) => body],
    paramsSerializer: { serialize: (query) => serializeQuery(query as Query) },
    headers: { Accept: "application/json", "User-Agent": "zt-bot", ...toAuthHeaders(options.auth) },
  });
  axiosRetry(client, { retries: 0 });
  keepBudget(client, budget);
  return client;
}

/** Every attempt on the wire, retries too, waits for its turn; every answer is heard for what it says of the limit. */
function keepBudget(client: AxiosInstance, budget: Budget): void {
  client.interceptors.request.use(async (config) => {
    const { turn } = config as { turn?: Turn };
    if (turn === undefined) return config;
    const { priority, deadline } = turn;
    // Bulk work waits for minutes when it has to: its time begins with its turn.
    if (priority === "bulk") deadline.suspend();
    await budget.take({ priority, signal: deadline.signal, maxWaitMs: deadline.remainingMs() });
    if (priority === "bulk") deadline.restart();
    return config;
  });
  const hear = (response: AxiosResponse<unknown>): void => {
    const { header, status } = toRawAnswer(response);
    budget.learn(readLimitNews(header, status, readRetryAfter(header, Date.now())));
  };
  client.interceptors.response.use(
    (response) => {
      hear(response);
      return response;
    },
    (error: unknown) => {
      if (axios.isAxiosError<unknown>(error) && error.response !== undefined) hear(error.response);
      throw error;
    },
  );
}

function toAuthHeaders(auth: CloudflareAuth): Record<string, string> {
  if (auth.kind === "token") return { Authorization: `Bearer ${auth.token}` };
  return { "X-Auth-Email": auth.email, "X-Auth-Key": auth.key };
}

function listSecrets(auth: CloudflareAuth): string[] {
  return auth.kind === "token" ? [auth.token] : [auth.key, auth.email];
}

function toRequestConfig(
  outgoing: Outgoing,
  retries: number,
  log: CloudflareOptions["log"],
): AxiosRequestConfig & { turn: Turn } {
  const { call, input, deadline, priority } = outgoing;
  const turn: Turn = { priority, deadline };
  let attempt = 1;
  const failedTry = (error: unknown) => {
    const raw = readFailedAnswer(error);
    return {
      attempt,
      status: raw?.status ?? null,
      retryAfterMs: raw === null ? null : readRetryAfter(raw.header, Date.now()),
      remainingMs: deadline.remainingMs(),
    };
  };
  return {
    method: call.method,
    url: outgoing.path,
    ...(input.query === undefined ? {} : { params: input.query }),
    ...(input.body === undefined ? {} : { data: input.body }),
    // Without a body axios would call an empty POST a form.
    headers: { "Content-Type": input.body === undefined ? false : "application/json" },
    signal: deadline.signal,
    turn,
    "axios-retry": {
      retries,
      retryCondition: (error) => {
        if (deadline.signal.aborted) return false;
        const mayPass = error.response !== undefined || axiosRetry.isNetworkError(error);
        // The longest wait it could be, so that the wait itself never outlives the call.
        return mayPass && timeRetry(failedTry(error), 1) !== null;
      },
      retryDelay: (_count, error) => timeRetry(failedTry(error), Math.random()) ?? 0,
      onRetry: (_count, error) => {
        const raw = readFailedAnswer(error);
        log.warn(
          {
            call: call.name,
            path: outgoing.logPath,
            attempt,
            status: raw?.status ?? null,
            cfRay: raw === null ? null : readRay(raw),
            code: raw === null ? readSystemCode(error) : null,
          },
          "cloudflare call is tried again",
        );
        attempt += 1;
      },
    },
  };
}

/** Any failure below the envelope as ours. The original is dropped: axios errors carry the token. */
function toError(error: unknown, outgoing: Outgoing, redact: (message: string) => string): unknown {
  const { call, deadline, timeoutMs } = outgoing;
  const maybe: Applied = call.mode === "write" ? "maybe" : "no";
  const ended = deadline.endedBy();
  if (error instanceof BudgetSpentError) {
    return ended === "caller"
      ? new AbortedError({ call: call.name, applied: "no" })
      : new RateLimitedError({ call: call.name, applied: "no", retryAt: error.retryAt });
  }
  if (ended === "caller") return new AbortedError({ call: call.name, applied: maybe });
  if (ended === "time") return new TimeoutError({ call: call.name, applied: maybe, timeoutMs });
  const raw = readFailedAnswer(error);
  if (raw === null) {
    const code = readSystemCode(error);
    return new NetworkError({ call: call.name, applied: wasNeverSent(error, code) ? "no" : maybe, code });
  }
  try {
    openEnvelope(call, raw, { redact, now: Date.now() });
  } catch (failure) {
    return failure;
  }
  // Not reachable: axios only rejects an answer outside 2xx, and openEnvelope throws for those.
  return new NetworkError({ call: call.name, applied: maybe, code: null });
}

/** The complete answer inside an axios error, null where there is none. */
function readFailedAnswer(error: unknown): RawAnswer | null {
  if (!axios.isAxiosError<unknown>(error) || error.response === undefined) return null;
  return typeof error.response.data === "string" ? toRawAnswer(error.response) : null;
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
