import type { Kysely } from "kysely";

import type { Database } from "../store/schema.ts";

/** A change as Cloudflare's audit log tells it. Times are epoch milliseconds. */
export interface TheirChange {
  at: number | null;
  rayId: string | null;
  action: string | null;
  description: string | null;
  method: string | null;
  status: number | null;
}

/** A call as our record tells it. */
export interface OurCall {
  /** The row that says it was sent. */
  seq: number;
  at: number;
  requestId: string | null;
  /** In words, such as "revoke_user for mallory@example.com". */
  call: string;
  /** Without the data centre; null when no answer came, or none with a ray. */
  rayId: string | null;
  /** Cloudflare accepted it; null when no answer was recorded. */
  accepted: boolean | null;
}

export interface Differences {
  /** Changes that both know. */
  matched: number;
  /** What Cloudflare recorded and we did not; `perhaps` is a call of ours that was never answered about then. */
  onlyTheirs: { change: TheirChange; perhaps: OurCall | null }[];
  /** What Cloudflare accepted by our record and its log does not have. */
  onlyOurs: OurCall[];
}

export interface Span {
  /** Epoch milliseconds, included. */
  since: number;
  /** Epoch milliseconds, left out. */
  until: number;
}

/** Two clocks and a slow call lie between what we note and what Cloudflare notes: both sides are read so much wider. */
export const MARGIN_MS = 10 * 60_000;

/** Every call that the record says was sent, with its answer. */
export async function readCalls(db: Kysely<Database>, { since, until }: Span): Promise<OurCall[]> {
  const rows = await db
    .selectFrom("audit")
    .select(["seq", "at", "request_id", "event", "data"])
    .where("at", ">=", since)
    .where("at", "<", until)
    .where("event", "in", ["call.sent", "call.answered"])
    .orderBy("seq")
    .execute();
  const calls: OurCall[] = [];
  /** By whom it is about: the answer to one call is recorded before the next is sent. */
  const unanswered = new Map<string, OurCall>();
  for (const row of rows) {
    const data = JSON.parse(row.data) as Record<string, unknown>;
    const key = JSON.stringify([row.request_id, data["target_id"] ?? null]);
    const answer =
      row.event === "call.answered"
        ? { accepted: data["ok"] === true, rayId: bareRay(data["cf_ray"]) }
        : null;
    const sent = unanswered.get(key);
    if (answer !== null && sent !== undefined) {
      Object.assign(sent, answer);
      unanswered.delete(key);
      continue;
    }
    const call: OurCall = {
      seq: row.seq,
      at: row.at,
      requestId: row.request_id,
      call: typeof data["call"] === "string" ? data["call"] : "a call",
      ...(answer ?? { accepted: null, rayId: null }),
    };
    calls.push(call);
    if (answer === null) unanswered.set(key, call);
  }
  return calls;
}

/**
 * Holds Cloudflare's audit log against our record, by ray. Both lists are to be `MARGIN_MS` wider than the span on
 * either side; only what lies in the span is told. Reads are in neither; a call that Cloudflare refused need not be
 * in its log.
 */
export function findDifferences(
  theirs: readonly TheirChange[],
  ours: readonly OurCall[],
  span: Span,
): Differences {
  const changes = theirs.filter(({ method, action }) => method !== "GET" && action !== "view");
  const theirRays = new Set(changes.flatMap(({ rayId }) => bareRay(rayId) ?? []));
  const ourRays = new Set(ours.flatMap(({ rayId }) => rayId ?? []));
  const isWithin = (at: number | null): boolean => at === null || (at >= span.since && at < span.until);
  const silent = ours.filter(({ rayId }) => rayId === null);
  const onlyTheirs = changes
    .filter(({ at, rayId }) => isWithin(at) && !ourRays.has(bareRay(rayId) ?? ""))
    .map((change) => ({ change, perhaps: nearest(silent, change.at) }));
  return {
    matched: changes.filter(({ at, rayId }) => isWithin(at) && ourRays.has(bareRay(rayId) ?? "")).length,
    onlyTheirs,
    onlyOurs: ours.filter(
      ({ at, accepted, rayId }) => isWithin(at) && accepted === true && !theirRays.has(rayId ?? ""),
    ),
  };
}

/** The call without an answer that was sent nearest to a moment, within the margin. */
function nearest(calls: readonly OurCall[], at: number | null): OurCall | null {
  if (at === null) return null;
  const near = calls.filter((call) => Math.abs(call.at - at) <= MARGIN_MS);
  return near.toSorted((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0] ?? null;
}

/** The header ends with the data centre (`8d3f…-FRA`), the log does not. */
function bareRay(ray: unknown): string | null {
  return typeof ray === "string" && ray !== "" ? (ray.split("-")[0] ?? null) : null;
}
