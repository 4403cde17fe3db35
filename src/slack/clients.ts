import {
  ErrorCode,
  LogLevel,
  WebAPIHTTPError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  type WebClient,
  type WebClientOptions,
} from "@slack/web-api";

import { PacedClient } from "./paced-client.ts";
import { createRespond, type Respond } from "./respond.ts";
import { type OnSlackCall, WatchedClient } from "./watched-client.ts";

/**
 * Two clients: what a person waits for never stands behind messages that wait for their turn, as a `views.open` would
 * lose its trigger. Neither retries on its own: after a socket reset the SDK would post a message again, so retries
 * belong to the workflows, which look for the first one before they post.
 */
export interface SlackClients {
  /** Answers by response_url. */
  respond: Respond;
  /** For calls a person waits on. */
  interactive: WebClient;
  /** For cards, threads and direct messages, posted from workflows at the rate that Slack allows. */
  background: PacedClient;
}

interface ClientOptions {
  /** Messages into one channel; about 1 is Slack's limit. */
  postsPerSecond?: number;
  /** Told of each call that Slack refused or left unanswered, with its code: see slackTroubleOf. */
  onFailure?: ((method: string, code: string) => void) | undefined;
  /** Told of each call that ended, answers by response_url too: with its code where it failed, and the milliseconds that it took. */
  onCall?: ((method: string, code: string | null, ms: number) => void) | undefined;
}

/** An answer by response_url, which is no method of the API. */
const RESPONSE_URL = "response_url";

export function createSlackClients(
  token: string,
  slackApiUrl: string,
  { postsPerSecond = 1, onFailure, onCall }: ClientOptions = {},
): SlackClients {
  const tell: OnSlackCall = (method, error, ms) => {
    const code = error === null ? null : (slackTroubleOf(error) ?? "unknown");
    if (code !== null) onFailure?.(method, code);
    onCall?.(method, code, ms);
  };
  const options: WebClientOptions = {
    slackApiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    // It would write plain lines to stderr; what fails is thrown, and logged where it is caught.
    logLevel: LogLevel.ERROR,
  };
  const respond = createRespond(slackApiUrl);
  return {
    async respond(...answer) {
      const startedAt = performance.now();
      try {
        await respond(...answer);
      } catch (error) {
        onCall?.(RESPONSE_URL, "unknown", performance.now() - startedAt);
        throw error;
      }
      onCall?.(RESPONSE_URL, null, performance.now() - startedAt);
    },
    interactive: new WatchedClient(token, { ...options, timeout: 5000 }, tell),
    background: new PacedClient(token, { ...options, timeout: 15_000 }, postsPerSecond, tell),
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

/** How long Slack asked to wait, in milliseconds; null where it did not. */
export function slackRetryAfterMs(error: unknown): number | null {
  return error instanceof WebAPIRateLimitedError ? error.retryAfter * 1000 : null;
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
