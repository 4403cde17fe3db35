import { sql, type Kysely } from "kysely";

import type { Database } from "../store/schema.ts";
import { findContradictions, PROVING, toProof, type ProofRow } from "./proof.ts";
import { NewerRequestError } from "./newer-request.ts";
import { fromRow, isFinal, type Status } from "./request.ts";

export interface CrossCheck {
  /** Requests that were held against the record. */
  requests: number;
  /** Requests that are over and have no creation in a record whose first rows are in an archive. */
  archived: number;
  /** What differs, in words, each with the request's id. */
  findings: string[];
}

const BATCH = 200;

/**
 * Holds every request against the record, and the record against the requests (pass a snapshot): what execution asks of
 * one request before a call, of all. That the chain itself is whole is asked elsewhere (audit/verify.ts).
 */
export async function crossCheck(db: Kysely<Database>): Promise<CrossCheck> {
  const first = await db.selectFrom("audit").select(["seq", "at"]).orderBy("seq").limit(1).executeTakeFirst();
  const hasArchive = first !== undefined && first.seq > 1;
  const found: CrossCheck = { requests: 0, archived: 0, findings: [] };
  for (let after = ""; ;) {
    const rows = await db
      .selectFrom("requests")
      .selectAll()
      .where("id", ">", after)
      .orderBy("id")
      .limit(BATCH)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.id;
    const proofs = await readProofs(
      db,
      rows.map(({ id }) => id),
    );
    for (const row of rows) {
      const proof = proofs.get(row.id) ?? [];
      const isCreated = proof.some(({ event }) => event === "request.created");
      // Nothing is archived of what is not over.
      if (!isCreated && hasArchive && isFinal(row.status as Status)) found.archived += 1;
      else {
        found.requests += 1;
        found.findings.push(...contradictionsOf(row, proof).map((what) => `${row.id}: ${what}`));
      }
    }
  }
  found.findings.push(
    ...(await findMissing(db)),
    ...(await findLiftedPause(db)),
    ...(await findForgedAuthenticators(db, hasArchive ? first.at : 0)),
  );
  return found;
}

function contradictionsOf(row: Parameters<typeof fromRow>[0], proof: readonly ProofRow[]): string[] {
  try {
    return findContradictions(fromRow(row), proof);
  } catch (error) {
    return [
      error instanceof NewerRequestError
        ? "its plan is of a newer version of zt-bot, or was changed: verify with that version"
        : "its row cannot be read",
    ];
  }
}

async function readProofs(db: Kysely<Database>, ids: readonly string[]): Promise<Map<string, ProofRow[]>> {
  const rows = await db
    .selectFrom("audit")
    .selectAll()
    .where("request_id", "in", ids)
    .where("event", "in", PROVING)
    .execute();
  const sorted = rows.toSorted((a, b) => a.seq - b.seq);
  return new Map(
    [...Map.groupBy(sorted, (row) => row.request_id ?? "")].map(([id, own]) => [id, own.map(toProof)]),
  );
}

/** Requests that the record tells of and that are not there: zt-bot deletes none. */
async function findMissing(db: Kysely<Database>): Promise<string[]> {
  const rows = await db
    .selectFrom("audit")
    .leftJoin("requests", "requests.id", "audit.request_id")
    .select((eb) => ["audit.request_id as id", eb.fn.min("audit.seq").as("seq")])
    .where("audit.request_id", "is not", null)
    .where("audit.event", "in", PROVING)
    .where("requests.id", "is", null)
    .groupBy("audit.request_id")
    .orderBy("seq")
    .execute();
  return rows.map(
    ({ id, seq }) => `${id}: the record tells of it (row ${seq}), and it is not among the requests`,
  );
}

/** The kill switch is on by the record, and off in the table, or the other way round. */
async function findLiftedPause(db: Kysely<Database>): Promise<string[]> {
  const last = await db
    .selectFrom("audit")
    .select(["seq", "event"])
    .where("event", "in", ["bot.paused", "bot.resumed"])
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  const paused = await db
    .selectFrom("switches")
    .select(sql<number>`1`.as("one"))
    .where("name", "=", "pause")
    .executeTakeFirst();
  // What was recorded of it may be in an archive.
  if (last === undefined || (last.event === "bot.paused") === (paused !== undefined)) return [];
  return [
    `zt-bot is ${paused === undefined ? "not " : ""}paused, and row ${last.seq} of the record says otherwise`,
  ];
}

/**
 * Whose codes count is who has an authenticator: those that the record does not say were confirmed, and those that it
 * does and that are put aside. `since`: what was before, epoch milliseconds, may be in an archive.
 */
async function findForgedAuthenticators(db: Kysely<Database>, since: number): Promise<string[]> {
  const held = await db
    .selectFrom("authenticators")
    .select(["id", "user_id", "effective_at"])
    .where("state", "=", "effective")
    .execute();
  const rows = await db
    .selectFrom("audit")
    .selectAll()
    .where("event", "=", "authenticator.effective")
    .orderBy("seq")
    .execute();
  const recorded = new Map<unknown, { user: unknown; at: number }>();
  for (const { at, data } of rows.map(toProof)) {
    const { authenticator, user, replaces } = data;
    recorded.delete(replaces);
    recorded.set(authenticator, { user, at });
  }
  const forged = held.filter(({ id, user_id, effective_at }) => {
    const row = recorded.get(id);
    if (row === undefined) return since === 0 || (effective_at ?? since) >= since;
    return row.user !== user_id || row.at !== effective_at;
  });
  const ids = new Set<unknown>(held.map(({ id }) => id));
  const aside = [...recorded].filter(([id]) => !ids.has(id));
  return [
    ...forged.map(
      ({ id, user_id }) => `authenticator ${id} of ${user_id} counts, and the record does not say so`,
    ),
    ...aside.map(
      ([id, { user }]) =>
        `authenticator ${String(id)} of ${String(user)} counts by the record, and not in the table`,
    ),
  ];
}
