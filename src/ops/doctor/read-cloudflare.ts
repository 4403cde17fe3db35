import type { CallOptions, Cloudflare } from "../../api/cloudflare.ts";
import {
  ACCESS_AUDIT_LOGS_READ,
  ACCOUNT_SETTINGS_READ,
  ZERO_TRUST_PII_READ,
  ZERO_TRUST_READ,
} from "../../api/call.ts";
import { attempt } from "./deadline.ts";
import type { CloudflareReading, Probe, Skew } from "./readings.ts";
import { skewOf } from "./read-slack.ts";

const MINUTE_MS = 60_000;

/** A read for each permission that a read can show, as cheap as there is one. @returns whether the answer was empty. */
const PROBES: Readonly<
  Record<string, (cloudflare: Cloudflare, call: CallOptions, now: number) => Promise<boolean>>
> = {
  [ACCESS_AUDIT_LOGS_READ]: async ({ accessUsers }, call) =>
    (await accessUsers.list({ perPage: 1 }, call)).items.length === 0,
  [ZERO_TRUST_READ]: async ({ devices }, call) => {
    await devices.registrations({ perPage: 1 }, call);
    return false;
  },
  [ZERO_TRUST_PII_READ]: async ({ riskScoring }, call) => {
    await riskScoring.summary(call);
    return false;
  },
  [ACCOUNT_SETTINGS_READ]: async ({ auditLogs }, call, now) => {
    await auditLogs.list({ since: now - MINUTE_MS, before: now, limit: 1 }, call);
    return false;
  },
};

/** Asks for everything at once. `permissions`: those that some subcommand needs. Never rejects. */
export async function readCloudflare(
  cloudflare: Cloudflare,
  permissions: readonly string[],
  { signal, timeoutMs, now }: { signal: AbortSignal; timeoutMs: number; now(): number },
): Promise<CloudflareReading> {
  const call = { signal, timeoutMs };
  let latencyMs: number | null = null;
  const timed = async <T>(ask: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const answer = await ask();
    latencyMs = Math.min(latencyMs ?? Number.POSITIVE_INFINITY, performance.now() - startedAt);
    return answer;
  };
  const probe = async (permission: string): Promise<[string, Probe][]> => {
    const ask = PROBES[permission];
    if (ask === undefined) return [];
    const read = await attempt(() => timed(() => ask(cloudflare, call, now())));
    return [[permission, read.ok ? { ok: true, isEmpty: read.value } : read]];
  };
  const [token, probes] = await Promise.all([
    cloudflare.authKind === "key" ? null : attempt(() => timed(() => cloudflare.tokens.verify(call))),
    Promise.all(permissions.map(probe)),
  ]);
  return { token, probes: new Map(probes.flat()), latencyMs };
}

/** Once the others are done: their answers carry Cloudflare's time. */
export function readSkew(cloudflare: Cloudflare, { token, probes }: CloudflareReading, now: number): Skew {
  const outcomes = [...(token === null ? [] : [token]), ...probes.values()];
  // A refusal carries it as well; silence does not.
  const isTimed = outcomes.some(
    (one) => one.ok || (one.failure.of === "cloudflare" && one.failure.error.status !== null),
  );
  return isTimed ? skewOf((at) => cloudflare.serverTime(at), now) : null;
}
