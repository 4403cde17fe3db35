import { actionOf } from "../actions/index.ts";
import { checkTarget } from "../actions/check-target.ts";
import type { Look, TargetCheck } from "../actions/define.ts";
import type { Cloudflare } from "../api/cloudflare.ts";
import { isCloudflareFailure, type CloudflareFailure } from "../api/errors.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import type { UserSummary } from "../lookup/summary.ts";
import type { Plan } from "../requests/plan.ts";

/** What is read of Cloudflare around a call. None of these throws for what Cloudflare answers: a failed read is a result. */
export type Reading<T> = { ok: true; value: T } | { ok: false; why: string; next: string };

async function reading<T>(read: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { ok: true, value: await read() };
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    const { brief, next } = describeFailure(error);
    return { ok: false, why: brief, next };
  }
}

/** What stands before the call, for the look afterwards. */
function readBaseline(
  cloudflare: Cloudflare,
  plan: Plan,
  evidence: UserSummary | null,
): Promise<Reading<unknown>> {
  return reading(() => actionOf(plan).readBaseline(cloudflare, plan, evidence));
}

/** What has to be known of a user before a call. */
export interface Before {
  /** Is it still what was approved? */
  check: TargetCheck;
  baseline: Reading<unknown>;
  /** When the first of it was asked for, epoch milliseconds. */
  readAt: number;
}

/** Both in one round. `evidence`: what was read of this user when it was asked for. */
export async function readBefore(
  cloudflare: Cloudflare,
  plan: Plan,
  { evidence, now }: { evidence: UserSummary | null; now(): number },
): Promise<Before> {
  const readAt = now();
  const [check, baseline] = await Promise.all([
    checkTarget(cloudflare, plan),
    readBaseline(cloudflare, plan, evidence),
  ]);
  return { check, baseline, readAt };
}

/** Looks once whether the call shows. `sentAt`: of the first attempt, by Cloudflare's clock, epoch milliseconds. */
export function lookNow(
  cloudflare: Cloudflare,
  plan: Plan,
  { baseline, sentAt, now }: { baseline: unknown; sentAt: number; now: number },
): Promise<Reading<Look>> {
  return reading(() => actionOf(plan).verify(cloudflare, plan, baseline, sentAt, now));
}

/** What follows from a call that was not accepted. */
export type Failed =
  /**
   * Worth another attempt after `afterMs`; `isUnclear` when this one may have taken effect, `isUnsent` when its turn came
   * too late for its permit.
   */
  | { kind: "again"; isUnclear: boolean; why: string; afterMs: number; isUnsent?: true }
  /** `isPartly`: of several calls, those before the one that was refused were accepted. */
  | { kind: "refused"; why: string; next: string; isPartly: boolean };

/**
 * 429, 5xx and network trouble are worth another attempt; other refusals are final. An answer that cannot be read
 * is none: the call may have taken effect, which the next attempt looks at first.
 */
export function judgeFailure(error: CloudflareFailure, attempt: number, now: number): Failed {
  const { brief, why, next } = describeFailure(error);
  const isPassing =
    error.kind === "rate-limited" ||
    error.kind === "network" ||
    error.kind === "unexpected" ||
    error.kind === "timeout" ||
    error.kind === "aborted" ||
    error.applied === "maybe" ||
    (error.status ?? 0) >= 500;
  if (!isPassing) return { kind: "refused", why, next, isPartly: error.earlierRays.length > 0 };
  const afterMs =
    error.kind === "rate-limited" && error.retryAt !== null
      ? Math.min(Math.max(error.retryAt - now, 1000), 5 * 60_000)
      : backOffMs(attempt);
  const isUnsent = error.kind === "aborted" && error.applied === "no";
  return {
    kind: "again",
    // Of several calls, those before this one were accepted.
    isUnclear: error.applied === "maybe" || error.earlierRays.length > 0,
    why: brief,
    afterMs: isUnsent ? 1000 : afterMs,
    ...(isUnsent ? { isUnsent } : {}),
  };
}

/** How long to wait after so many attempts. */
export function backOffMs(attempt: number): number {
  return Math.min(1000 * 2 ** (attempt - 1), 30_000);
}
