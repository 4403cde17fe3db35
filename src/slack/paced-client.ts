import { setTimeout as delay } from "node:timers/promises";

import { WebAPIRateLimitedError, type WebClient, type WebClientOptions } from "@slack/web-api";
import { TokenBucket } from "limiter";
import PQueue from "p-queue";

import { WatchedClient, type OnSlackCall } from "./watched-client.ts";

/** Of one method, for a channel or for the whole workspace. */
interface Line {
  /** Who waits for a token: the urgent first, otherwise in order. */
  queue: PQueue;
  /** null where Slack's limit is far above what the bot needs. */
  bucket: TokenBucket | null;
  /** Epoch milliseconds until which Slack asked to wait; 0 when it did not. */
  pausedUntil: number;
  /** Sends those that wait away when Slack asks to wait. */
  pausing: AbortController;
}

/**
 * A client that keeps Slack's rates (https://docs.slack.dev/apis/web-api/rate-limits), each limit on its own: messages
 * for each channel, about one a second; any other method for the whole workspace. A call waits for its turn. Where
 * Slack asks to wait all the same, as other replicas and apps count too, that line is paused and its calls are refused
 * here until then: their messages stand in the database, and what goes elsewhere does not wait behind them.
 */
export class PacedClient extends WatchedClient {
  readonly #lines = new Map<string, Line>();
  readonly #postsPerSecond: number;

  /** `postsPerSecond`: into one channel. */
  constructor(
    token: string,
    options: WebClientOptions,
    postsPerSecond: number,
    onCall: OnSlackCall = () => {},
  ) {
    super(token, { ...options, rejectRateLimitedCalls: true }, onCall);
    this.#postsPerSecond = postsPerSecond;
  }

  /** @throws WebAPIRateLimitedError with the seconds to wait, also without asking Slack while it is known to refuse. */
  override async apiCall(
    ...[method, args]: Parameters<WebClient["apiCall"]>
  ): ReturnType<WebClient["apiCall"]> {
    const line = this.#lineOf(method, args ?? {});
    refusePaused(line);
    const { queue, bucket, pausing } = line;
    if (bucket !== null)
      await queue.add(() => bucket.removeTokens(1), {
        priority: isUrgent(args ?? {}) ? 1 : 0,
        signal: pausing.signal,
      });
    try {
      return await super.apiCall(method, args);
    } catch (error) {
      if (error instanceof WebAPIRateLimitedError) pause(line, error);
      throw error;
    }
  }

  /** Whether an edit would go at once, or be refused at once as Slack asked to wait. */
  canEdit(): boolean {
    const { queue, bucket, pausing } = this.#lineOf("chat.update", {});
    return pausing.signal.aborted || (queue.pending + queue.size === 0 && bucket?.getWaitTime(1) === 0);
  }

  /** Resolves when that may be so: what an edit shows is read then, as late as possible. */
  async untilEditable(): Promise<void> {
    const { queue, bucket, pausing } = this.#lineOf("chat.update", {});
    await queue.onIdle();
    // Aborted when there is nothing left to wait for.
    await delay(bucket?.getWaitTime(1) ?? 0, undefined, { signal: pausing.signal }).catch(() => {});
  }

  #lineOf(method: string, { channel }: Record<string, unknown>): Line {
    const key = method === "chat.postMessage" ? `${method} ${String(channel)}` : method;
    const known = this.#lines.get(key);
    if (known !== undefined) {
      resume(known);
      return known;
    }
    const line: Line = {
      queue: new PQueue({ concurrency: 1 }),
      bucket: bucketOf(method, this.#postsPerSecond),
      pausedUntil: 0,
      pausing: new AbortController(),
    };
    this.#lines.set(key, line);
    return line;
  }
}

/** Slack allows "short bursts" of messages and names no number. */
const POST_BURST = 2;
const EDIT_BURST = 10;
/** chat.update is of Tier 3, 50 a minute: somewhat slower than messages into one channel. */
const EDITS_PER_POST = 50 / 60;

/**
 * What counts as a second: a little more than that. A call that arrives a moment before its turn costs a whole one, as
 * Slack asks to wait for no less.
 */
const PACE_MS = 1050;

/** Full at the beginning. null for a method that has no pace. */
function bucketOf(method: string, postsPerSecond: number): TokenBucket | null {
  const rate =
    method === "chat.postMessage"
      ? { bucketSize: POST_BURST, tokensPerInterval: postsPerSecond }
      : method === "chat.update"
        ? { bucketSize: EDIT_BURST, tokensPerInterval: postsPerSecond * EDITS_PER_POST }
        : null;
  if (rate === null) return null;
  const bucket = new TokenBucket({ ...rate, interval: PACE_MS });
  bucket.content = rate.bucketSize;
  return bucket;
}

/** A message that stands alone (a card, an alarm) goes before replies in threads, which tell of progress. */
function isUrgent(args: Record<string, unknown>): boolean {
  return args["thread_ts"] === undefined;
}

function pause(line: Line, error: WebAPIRateLimitedError): void {
  line.pausedUntil = Math.max(line.pausedUntil, Date.now() + error.retryAfter * 1000);
  line.pausing.abort(error);
}

/** After a pause Slack takes one call; more than that is earned again. */
function resume(line: Line): void {
  if (line.pausedUntil === 0 || line.pausedUntil > Date.now()) return;
  line.pausedUntil = 0;
  line.pausing = new AbortController();
  line.bucket?.drip();
  if (line.bucket !== null) line.bucket.content = 1;
}

function refusePaused({ pausedUntil }: Line): void {
  const restMs = pausedUntil - Date.now();
  if (restMs > 0) throw new WebAPIRateLimitedError(restMs / 1000);
}
