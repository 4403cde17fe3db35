import { setTimeout as sleep } from "node:timers/promises";

import { isCloudflareFailure } from "../../api/errors.ts";
import { isSlackFailure, slackTroubleOf } from "../../slack/clients.ts";
import { DatabaseError } from "./database-error.ts";
import type { Failure, Reading } from "./readings.ts";

/** What was read within so many milliseconds. Never rejects: what kept it from being read is the reading. */
export async function readWithin<Value>(ms: number, read: () => Promise<Value>): Promise<Reading<Value>> {
  const done = new AbortController();
  const late = sleep(ms, undefined, { signal: done.signal, ref: false }).then((): Reading<Value> => ({
    ok: false,
    failure: { of: "time" },
  }));
  // A deadline that is no longer needed is aborted, and nobody listens by then.
  late.catch(() => {});
  try {
    return await Promise.race([attempt(read), late]);
  } finally {
    done.abort();
  }
}

/** The same without a deadline of its own. */
export async function attempt<Value>(read: () => Promise<Value>): Promise<Reading<Value>> {
  try {
    return { ok: true, value: await read() };
  } catch (error) {
    return { ok: false, failure: toFailure(error) };
  }
}

function toFailure(error: unknown): Failure {
  if (isCloudflareFailure(error)) return { of: "cloudflare", error };
  if (isSlackFailure(error)) return { of: "slack", code: slackTroubleOf(error) ?? "unreachable" };
  if (error instanceof DatabaseError) return { of: "database", why: error.message };
  return { of: "bug", why: error instanceof Error ? error.name : "no error" };
}
