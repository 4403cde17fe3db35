import {
  ErrorCode,
  LogLevel,
  WebAPIHTTPError,
  WebAPIRequestError,
  WebClient,
  type WebClientOptions,
} from "@slack/web-api";

import { createRespond, type Respond } from "./respond.ts";

/**
 * Two clients, because a 429 pauses the whole queue of a WebClient: a `views.open` waiting behind a chatty
 * workflow would lose its trigger. Neither retries by itself: after a socket reset the SDK would post a message
 * again, so retries belong to the workflows, which look for the first one before they post.
 */
export interface SlackClients {
  /** Answers by response_url. */
  respond: Respond;
  /** For calls a person waits on. */
  interactive: WebClient;
  /** For cards, threads and direct messages, posted from workflows. */
  background: WebClient;
}

export function createSlackClients(token: string, slackApiUrl: string): SlackClients {
  const options: WebClientOptions = {
    slackApiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    // It would write plain lines to stderr; what fails is thrown, and logged where it is caught.
    logLevel: LogLevel.ERROR,
  };
  return {
    respond: createRespond(slackApiUrl),
    interactive: new WebClient(token, { ...options, timeout: 5000 }),
    background: new WebClient(token, { ...options, timeout: 15_000 }),
  };
}

/** The `error` of Slack's answer ("not_in_channel"), or null for anything else. */
export function slackErrorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("data" in error)) return null;
  const { data } = error;
  if (typeof data !== "object" || data === null || !("error" in data) || typeof data.error !== "string")
    return null;
  return data.error;
}

/** Whether this is Slack's refusal, or its silence. */
export function isSlackFailure(error: unknown): boolean {
  return error instanceof Error && "code" in error && SLACK_FAILURES.has(error.code);
}

const SLACK_FAILURES: ReadonlySet<unknown> = new Set(Object.values(ErrorCode));

/** Whether Slack asked to wait (429). */
export function isSlackRateLimit(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === ErrorCode.RateLimitedError;
}

/**
 * What Slack's trouble with a call is called, in the record and in the columns `trouble`: Slack's own code,
 * `ratelimited`, `http_503`, or `unreachable` where no answer came. null for an error that is not Slack's.
 */
export function slackTroubleOf(error: unknown): string | null {
  if (isSlackRateLimit(error)) return "ratelimited";
  const code = slackErrorCode(error);
  if (code !== null) return code;
  if (error instanceof WebAPIHTTPError) return `http_${error.statusCode}`;
  if (error instanceof WebAPIRequestError) return "unreachable";
  return null;
}
