import type { Kysely, Selectable, Transaction, Updateable } from "kysely";

import { appendAudit, type AuditEntry } from "../../audit/append.ts";
import type { Db } from "../../store/open.ts";
import type { Database, RequestTargetsTable } from "../../store/schema.ts";
import { readPause } from "../pause.ts";
import type { Target } from "../plan.ts";

/**
 * - waiting: not touched yet (again)
 * - sending: noted before the call goes out; found so after a restart, nobody knows whether it did
 * - sent: accepted by Cloudflare, not yet seen to be so
 * - done: seen to be so
 * - failed, stopped: over, with the reason in `note`
 */
export type TargetState = "waiting" | "sending" | "sent" | "done" | "failed" | "stopped";

/** One user of a request about several. */
export interface TargetRow {
  position: number;
  target: Target;
  state: TargetState;
  attempts: number;
  dueAt: number;
  sentAt: number | null;
  note: string | null;
}

type Writer = Kysely<Database> | Transaction<Database>;

/** Rows in one INSERT: databases take only so many parameters. */
const INSERT_SIZE = 200;

/** Writes the users of a new request, in the transaction that makes it. */
export async function addTargets(db: Writer, requestId: string, targets: readonly Target[]): Promise<void> {
  const rows = targets.map(({ id, email, name }, position) => ({
    request_id: requestId,
    position,
    target_id: id,
    email,
    name,
    state: "waiting",
    attempts: 0,
    due_at: 0,
  }));
  for (let from = 0; from < rows.length; from += INSERT_SIZE) {
    await db
      .insertInto("request_targets")
      .values(rows.slice(from, from + INSERT_SIZE))
      .execute();
  }
}

/** The users in these states, in order; all of them without `states`. */
export async function readTargets(
  db: Db,
  requestId: string,
  options: { states?: readonly TargetState[]; dueBy?: number; limit?: number } = {},
): Promise<TargetRow[]> {
  const { states, dueBy, limit } = options;
  const rows = await db
    .selectFrom("request_targets")
    .selectAll()
    .where("request_id", "=", requestId)
    .$if(states !== undefined, (query) => query.where("state", "in", states ?? []))
    .$if(dueBy !== undefined, (query) => query.where("due_at", "<=", dueBy ?? 0))
    .orderBy("position")
    .$if(limit !== undefined, (query) => query.limit(limit ?? 0))
    .execute();
  return rows.map(fromRow);
}

function fromRow(row: Selectable<RequestTargetsTable>): TargetRow {
  return {
    position: row.position,
    target: { id: row.target_id, email: row.email, name: row.name },
    state: row.state as TargetState,
    attempts: row.attempts,
    dueAt: row.due_at,
    sentAt: row.sent_at,
    note: row.note,
  };
}

/** How many users there are in each state. */
export async function countTargets(db: Writer, requestId: string): Promise<Record<TargetState, number>> {
  const counts = { waiting: 0, sending: 0, sent: 0, done: 0, failed: 0, stopped: 0 };
  const rows = await db
    .selectFrom("request_targets")
    .select((eb) => ["state", eb.fn.countAll().as("count")])
    .where("request_id", "=", requestId)
    .groupBy("state")
    .execute();
  for (const { state, count } of rows) counts[state as TargetState] = Number(count);
  return counts;
}

/** When the next user is due who is not finished; null when all are. */
export async function findNextDue(
  db: Db,
  requestId: string,
  states: readonly TargetState[] = ["waiting", "sending", "sent"],
): Promise<number | null> {
  const row = await db
    .selectFrom("request_targets")
    .select((eb) => eb.fn.min("due_at").as("at"))
    .where("request_id", "=", requestId)
    .where("state", "in", states)
    .executeTakeFirst();
  return row === undefined || row.at === null ? null : row.at;
}

export interface TargetMove {
  /** Only from one of these. */
  from: readonly TargetState[];
  to: TargetState;
  set?: Omit<Updateable<RequestTargetsTable>, "request_id" | "position" | "state">;
  audit?: AuditEntry;
  /** What nobody is moved to while zt-bot is paused. */
  unlessPaused?: boolean;
}

/** Takes back what was written before the pause was seen. */
class PausedError extends Error {
  override readonly name = "PausedError";
}

/**
 * Moves one user to another state, together with its audit row, if it still is where it is moved from.
 * @returns false when something else was first: a stop, for one, or a pause.
 */
export async function moveTarget(
  db: Db,
  requestId: string,
  position: number,
  { from, to, set, audit, unlessPaused = false }: TargetMove,
): Promise<boolean> {
  const moving = db.transaction().execute(async (trx) => {
    const moved = await trx
      .updateTable("request_targets")
      .set({ ...set, state: to })
      .where("request_id", "=", requestId)
      .where("position", "=", position)
      .where("state", "in", from)
      .returning("position")
      .executeTakeFirst();
    if (moved === undefined) return false;
    if (audit !== undefined) await appendAudit(trx, audit);
    // Last: a pause takes its turn at the chain's head as well, so in the record nothing is begun behind one.
    if (unlessPaused && (await readPause(trx)) !== null) throw new PausedError();
    return true;
  });
  return moving.catch((error: unknown) => {
    if (error instanceof PausedError) return false;
    throw error;
  });
}

export const STOPPED_NOTE = "stopped before it was reached";

/** Whoever was not touched yet is not going to be. @returns how many these are. */
export async function stopWaiting(db: Writer, requestId: string, note: string): Promise<number> {
  const stopped = await db
    .updateTable("request_targets")
    .set({ state: "stopped", note })
    .where("request_id", "=", requestId)
    .where("state", "=", "waiting")
    .returning("position")
    .execute();
  return stopped.length;
}
