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
  /** Without the data centre; none when no answer came, or none with a ray, and several for what took several calls. */
  rayIds: readonly string[];
  /** Cloudflare changed something by it; null when no answer was recorded. */
  accepted: boolean | null;
}

export interface Differences {
  /** Changes that both know. */
  matched: number;
  /** What Cloudflare recorded and we did not; `perhaps` is a call of ours that was never answered about then. */
  onlyTheirs: { change: TheirChange; perhaps: OurCall | null }[];
  /** What Cloudflare accepted by our record and its log does not have: of several rays those that are missing there. */
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

/** Every call that the record says was sent, with its answer. What was so already, and not sent, is none. */
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
  const unsent = new Set<OurCall>();
  for (const row of rows) {
    const data = JSON.parse(row.data) as Record<string, unknown>;
    const key = JSON.stringify([row.request_id, data["target_id"] ?? null]);
    const answer =
      row.event === "call.answered"
        ? { accepted: data["ok"] === true && data["was_so"] !== true, rayIds: readRays(data) }
        : null;
    const sent = unanswered.get(key);
    const isUnsent = data["was_so"] === true && answer?.rayIds.length === 0;
    if (answer !== null && sent !== undefined) {
      Object.assign(sent, answer);
      unanswered.delete(key);
      if (isUnsent) unsent.add(sent);
      continue;
    }
    const call: OurCall = {
      seq: row.seq,
      at: row.at,
      requestId: row.request_id,
      call: typeof data["call"] === "string" ? data["call"] : "a call",
      ...(answer ?? { accepted: null, rayIds: [] }),
    };
    if (!isUnsent) calls.push(call);
    if (answer === null) unanswered.set(key, call);
  }
  return calls.filter((call) => !unsent.has(call));
}

/** Rows of before there were several rays have the one only. */
function readRays(data: Record<string, unknown>): string[] {
  const several: unknown[] = Array.isArray(data["cf_rays"]) ? data["cf_rays"] : [];
  return [...new Set([...several, data["cf_ray"]].flatMap((ray) => bareRay(ray) ?? []))];
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
  const ourRays = new Set(ours.flatMap(({ rayIds }) => rayIds));
  const isWithin = (at: number | null): boolean => at === null || (at >= span.since && at < span.until);
  const silent = ours.filter(({ rayIds }) => rayIds.length === 0);
  const onlyTheirs = changes
    .filter(({ at, rayId }) => isWithin(at) && !ourRays.has(bareRay(rayId) ?? ""))
    .map((change) => ({ change, perhaps: nearest(silent, change.at) }));
  return {
    matched: changes.filter(({ at, rayId }) => isWithin(at) && ourRays.has(bareRay(rayId) ?? "")).length,
    onlyTheirs,
    onlyOurs: ours.flatMap((call) => {
      if (!isWithin(call.at) || call.accepted !== true) return [];
      const missing = call.rayIds.filter((ray) => !theirRays.has(ray));
      return call.rayIds.length > 0 && missing.length === 0 ? [] : [{ ...call, rayIds: missing }];
    }),
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
