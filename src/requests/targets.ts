import type { Selectable, Updateable } from "kysely";

import type { RequestTargetsTable } from "../store/schema.ts";
import type { Writer } from "./change.ts";
import type { Target } from "./plan.ts";
import type { Result } from "./request.ts";

/**
 * - waiting: not touched yet (again)
 * - sending: noted before the call goes out; found so after a restart, nobody knows whether it did
 * - sent: accepted by Cloudflare, not yet seen to be so
 * - done: seen to be so
 * - failed, stopped: over, with the reason in `note`
 */
export type TargetState = "waiting" | "sending" | "sent" | "done" | "failed" | "stopped";

/** What came of it for one user. */
export type Outcome = Pick<Result, "receipt" | "verification" | "failure">;

/** One user of a request. */
export interface TargetRow {
  position: number;
  target: Target;
  state: TargetState;
  attempts: number;
  dueAt: number;
  /** Of the first call, by Cloudflare's clock. */
  sentAt: number | null;
  answeredAt: number | null;
  /** What stood before the first call; null: not read. */
  baseline: unknown;
  outcome: Outcome;
  looks: number;
  note: string | null;
}

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
  db: Writer,
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
    answeredAt: row.answered_at,
    baseline: row.baseline === null ? null : (JSON.parse(row.baseline) as unknown),
    outcome: row.outcome === null ? {} : (JSON.parse(row.outcome) as Outcome),
    looks: row.looks,
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

/** Whether nothing that was sent for any user may have taken effect. */
export function isUntouched({ sending, sent, done, failed }: Record<TargetState, number>): boolean {
  return sending + sent + done + failed === 0;
}

/** When the next user is due who is not finished; null when all are. */
export async function findNextDue(
  db: Writer,
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

/** When the last user in these states is due; null when there is none. */
export async function findLastDue(
  db: Writer,
  requestId: string,
  states: readonly TargetState[],
): Promise<number | null> {
  const row = await db
    .selectFrom("request_targets")
    .select((eb) => eb.fn.max("due_at").as("at"))
    .where("request_id", "=", requestId)
    .where("state", "in", states)
    .executeTakeFirst();
  return row?.at ?? null;
}

/** What is changed of one user of a request: the state always, the rest where it is given. */
export type TargetChange = Omit<Updateable<RequestTargetsTable>, "request_id" | "position" | "outcome"> & {
  state: TargetState;
  outcome?: Outcome;
};

/** @returns false when the user is in none of the states `from` (any longer), and nothing was written. */
export async function changeTarget(
  db: Writer,
  requestId: string,
  {
    position,
    from,
    set: { outcome, ...set },
  }: { position: number; from: readonly TargetState[]; set: TargetChange },
): Promise<boolean> {
  const changed = await db
    .updateTable("request_targets")
    .set({ ...set, ...(outcome === undefined ? {} : { outcome: JSON.stringify(outcome) }) })
    .where("request_id", "=", requestId)
    .where("position", "=", position)
    .where("state", "in", from)
    .returning("position")
    .executeTakeFirst();
  return changed !== undefined;
}

export const STOPPED_NOTE = "stopped before it was reached";

/** Users not touched yet never will be. @returns how many they are. */
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
