import { sql } from "kysely";

import { clockOf } from "../store/clock.ts";
import type { Db } from "../store/open.ts";
import { always, changeRequest, type Change, type Condition } from "./change.ts";
import type { Request } from "./request.ts";

/** How long a dead replica's lease outlives it. A living one renews it all the while. */
export const LEASE_MS = 30_000;

/** Two renewals may fail before the lease runs out. */
const RENEW_MS = LEASE_MS / 3;

/** The right to carry out one request, or to post its messages, of one replica at a time. */
export interface Lease {
  /** The request as it was when the lease was taken. */
  request: Request;
  /**
   * A condition of every write made under the lease. Its token grows whenever the lease is taken, so that a replica
   * that was frozen and wakes after another has taken over changes nothing.
   */
  isHeld: Condition;
  /** Renews it. @throws LeaseLostError when somebody else may be at it. */
  keep(): Promise<void>;
  /** Gives it back, with what else is to be written then. @returns null, and nothing is written, when it is lost. */
  release(change?: Omit<Change, "id" | "at" | "isShown">): Promise<Request | null>;
  /**
   * Renews it no longer, whatever happened: where it could not be given back (the database was gone by then), it runs out
   * instead of being kept for as long as this process lives.
   */
  letGo(): void;
}

/** The lease ran out under its holder: a frozen process, or a database that did not answer. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
  constructor(requestId: string) {
    super(`the lease on ${requestId} ran out`);
  }
}

/**
 * Takes a lease, or null when somebody else has it. `now` is the process's clock; see clockOf for whose counts.
 * `also`: what has to hold of the request besides.
 */
export async function takeLease(
  db: Db,
  kind: "execution" | "publishing",
  id: string,
  now: () => number,
  also: Condition = always,
): Promise<Lease | null> {
  const until = `${kind}_until` as const;
  const fence = `${kind}_fence` as const;
  const change = (where: Condition, set: Change["set"]) =>
    changeRequest(db, { id, at: now(), isShown: false, where, set: { ...set } });
  const request = await change(
    (eb) => eb.and([eb.or([eb(until, "is", null), eb(until, "<", clockOf(db, now()))]), also(eb)]),
    { [until]: clockOf(db, now(), LEASE_MS), [fence]: sql<number>`${sql.ref(fence)} + 1` },
  );
  if (request === null) return null;
  const token = request.fences[kind];
  // Given back, it is not held either: a renewal that was under way must not keep it from the next holder.
  const isHeld: Condition = (eb) => eb.and([eb(fence, "=", token), eb(until, "is not", null)]);
  async function keep(): Promise<void> {
    if ((await change(isHeld, { [until]: clockOf(db, now(), LEASE_MS) })) !== null) return;
    clearInterval(renewing);
    throw new LeaseLostError(id);
  }
  // Its holder hears of a failure when the lease is needed next.
  const renewing = setInterval(() => void keep().catch(() => {}), RENEW_MS);
  return {
    request,
    isHeld,
    keep,
    release({ where = always, set = {}, ...more } = {}) {
      clearInterval(renewing);
      return changeRequest(db, {
        ...more,
        id,
        at: now(),
        isShown: false,
        where: (eb) => eb.and([isHeld(eb), where(eb)]),
        set: { ...set, [until]: null },
      });
    },
    letGo: () => clearInterval(renewing),
  };
}

/**
 * A process that is alone on its database (SQLite) takes over at once what a dead one held. Only of what is open or to be
 * posted: nobody wants the rest, and to find it all requests there ever were would be read.
 */
export async function releaseDeadLeases(db: Db, at: number): Promise<void> {
  const held = db
    .selectFrom("requests")
    .select("requests.id")
    .where((eb) => eb.or([eb("execution_until", "is not", null), eb("publishing_until", "is not", null)]));
  const found = await Promise.all([
    held.where("status", "in", ["pending", "approved", "executing", "unknown"]).execute(),
    held.whereRef("card_version", "<", "version").execute(),
    held.innerJoin("posts", "posts.request_id", "requests.id").where("posts.posted_at", "is", null).execute(),
  ]);
  const set = { execution_until: null, publishing_until: null };
  for (const id of new Set(found.flat().map((row) => row.id)))
    await changeRequest(db, { id, at, isShown: false, set });
}
