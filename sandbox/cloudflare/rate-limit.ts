/** Cloudflare's limit on API calls: so many in a window, and past it every call is refused for a whole window. */
import { fail } from "./envelope.ts";
import type { Answer, Layer } from "./exchange.ts";
import { withHeaders } from "./exchange.ts";
import type { RateLimit } from "./settings.ts";

interface Bucket {
  startedAt: number;
  used: number;
  blockedUntil: number;
}

/** One bucket per token or key; null for no limit (and no headers). */
export function createRateLimit(limit: RateLimit | null, now: () => number): Layer {
  if (!limit) return (_call, next) => next();
  const buckets = new Map<string, Bucket>();
  const windowSeconds = Math.ceil(limit.windowMs / 1000);
  const policy = `"default";q=${limit.requests};w=${windowSeconds}`;
  return async (call, next) => {
    const at = now();
    const owner = call.caller?.tokenId ?? call.caller?.email ?? "";
    const known = buckets.get(owner);
    const isStale = !known || (at >= known.startedAt + limit.windowMs && at >= known.blockedUntil);
    const bucket = isStale ? { startedAt: at, used: 0, blockedUntil: 0 } : known;
    buckets.set(owner, bucket);
    bucket.used += 1;
    if (bucket.used > limit.requests && bucket.blockedUntil === 0) bucket.blockedUntil = at + limit.windowMs;
    if (bucket.blockedUntil > at) {
      const seconds = Math.ceil((bucket.blockedUntil - at) / 1000);
      return withHeaders(tooManyRequests(seconds, limit), { "ratelimit-policy": policy });
    }
    const answer = await next();
    if (limit.isSilent === true) return answer;
    const seconds = Math.max(0, Math.ceil((bucket.startedAt + limit.windowMs - now()) / 1000));
    return withHeaders(answer, {
      ratelimit: `"default";r=${Math.max(0, limit.requests - bucket.used)};t=${seconds}`,
      "ratelimit-policy": policy,
    });
  };
}

/** 429 with `retry-after` in seconds. */
export function tooManyRequests(seconds: number, limit?: RateLimit): Answer {
  const past = limit
    ? `More than ${limit.requests} requests per ${Math.ceil(limit.windowMs / 1000)} seconds reached. `
    : "";
  const answer = fail(429, {
    code: 971,
    message: `${past}Please wait and consider throttling your request speed`,
  });
  return withHeaders(answer, { "retry-after": String(seconds), ratelimit: `"default";r=0;t=${seconds}` });
}
