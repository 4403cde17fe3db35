import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * Who carries out a request (a lease with a fencing token), when it is due, and a row for the user of each request, also
 * where it is about one: this took the place of the workflow engine (docs/adr/0011). What was under way goes on from
 * the record: a call without a recorded answer is looked into before anything is sent again.
 */
export function createExecutionMigration(dialect: "sqlite" | "postgres"): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      if (dialect === "postgres") return addExecution(db);
      // As in 0007: for SQLite the migrator opens no transaction, and may come by again.
      const known =
        await sql`SELECT 1 FROM pragma_table_info('requests') WHERE name = 'execution_due'`.execute(db);
      if (known.rows.length > 0) return;
      await db.transaction().execute(addExecution);
    },
  };
}

async function addExecution(db: Kysely<unknown>): Promise<void> {
  for (const name of ["execution_fence", "publishing_fence", "execution_failures"])
    await db.schema
      .alterTable("requests")
      .addColumn(name, "integer", (column) => column.notNull().defaultTo(0))
      .execute();
  for (const name of ["execution_until", "execution_due", "publishing_due"])
    await db.schema.alterTable("requests").addColumn(name, "bigint").execute();
  const targets = db.schema.alterTable("request_targets");
  await targets.addColumn("answered_at", "bigint").execute();
  await targets.addColumn("baseline", "text").execute();
  await targets.addColumn("outcome", "text").execute();
  await targets.addColumn("looks", "integer", (column) => column.notNull().defaultTo(0)).execute();
  await sql`UPDATE requests SET execution_due = 0 WHERE status IN ('approved', 'executing', 'unknown')`.execute(
    db,
  );
  await correctFirstOfSeveral(db);
  await addRowsOfSingles(db);
}

interface Single {
  id: string;
  plan: string;
  status: string;
  result: string | null;
  started_at: number | null;
}

/** The first of several was noted as being sent when its turn came: what came of its call stands in the record alone. */
async function correctFirstOfSeveral(db: Kysely<unknown>): Promise<void> {
  const several = await sql<Single>`SELECT id, plan, status, result, started_at FROM requests
    WHERE status IN ('approved', 'executing', 'unknown') AND EXISTS (SELECT 1 FROM request_targets
      WHERE request_id = requests.id AND position = 0 AND state = 'sending')`.execute(db);
  for (const one of several.rows) {
    const { state, sentAt, answeredAt, attempts, baseline, outcome } = await readState(db, one);
    await sql`UPDATE request_targets SET state = ${state}, attempts = ${attempts}, sent_at = ${sentAt},
      answered_at = ${answeredAt}, baseline = ${baseline}, outcome = ${outcome}
      WHERE request_id = ${one.id} AND position = 0`.execute(db);
  }
}

/** Of what is open, and of what was sent within the last day or so, which approvers' risk is judged by. */
async function addRowsOfSingles(db: Kysely<unknown>): Promise<void> {
  const since = Date.now() - 25 * 3_600_000;
  const singles = await sql<Single>`SELECT id, plan, status, result, started_at FROM requests
    WHERE (status IN ('pending', 'approved', 'executing', 'unknown') OR started_at > ${since})
    AND NOT EXISTS (SELECT 1 FROM request_targets WHERE request_id = requests.id)`.execute(db);
  for (const single of singles.rows) {
    const target = targetOf(single);
    const { state, sentAt, answeredAt, attempts, baseline, outcome } = await readState(db, single);
    await sql`INSERT INTO request_targets
      (request_id, position, target_id, email, name, state, attempts, due_at, sent_at, answered_at, baseline, outcome)
      VALUES (${single.id}, 0, ${target.id}, ${target.email}, ${target.name}, ${state}, ${attempts}, 0, ${sentAt},
        ${answeredAt}, ${baseline}, ${outcome})`.execute(db);
  }
}

function targetOf({ plan }: Single): { id: string; email: string; name: string } {
  return (JSON.parse(plan) as { target: { id: string; email: string; name: string } }).target;
}

interface State {
  state: string;
  sentAt: number | null;
  answeredAt: number | null;
  attempts: number;
  baseline: string | null;
  outcome: string | null;
}

async function readState(db: Kysely<unknown>, single: Single): Promise<State> {
  const { id, status } = single;
  const { rows } = await sql<{ event: string; data: string; at: number }>`SELECT event, data, at FROM audit
    WHERE request_id = ${id} AND event IN ('call.sent', 'call.answered', 'call.reconciled') ORDER BY seq`.execute(
    db,
  );
  const target = targetOf(single);
  const calls = rows
    .map((row) => ({ ...row, data: JSON.parse(row.data) as Record<string, unknown> }))
    .filter(({ data }) => (data["target_id"] ?? target.id) === target.id);
  const { before } = JSON.parse(single.result ?? "{}") as { before?: { baseline: unknown } };
  const baseline = before === undefined ? null : JSON.stringify(before.baseline);
  const sent = calls.filter(({ event }) => event === "call.sent");
  const first = sent[0];
  const nothing = { sentAt: null, answeredAt: null, attempts: 0, baseline, outcome: null };
  if (first === undefined) return { ...nothing, state: isOver(status) ? "stopped" : "waiting" };
  const known = { sentAt: first.at, attempts: sent.length, baseline };
  const accepted = calls.find(({ event, data }) => event === "call.reconciled" || data["ok"] === true);
  if (accepted !== undefined) {
    const receipt = { cfRay: accepted.data["cf_ray"] ?? null, at: accepted.at };
    const outcome = JSON.stringify({ receipt });
    return { ...known, answeredAt: accepted.at, outcome, state: isOver(status) ? "done" : "sent" };
  }
  const last = calls.at(-1);
  const hadNoEffect = last?.event === "call.answered" && last.data["applied"] === "no";
  const answers = calls.filter(({ event }) => event === "call.answered");
  const mayHaveHadOne =
    answers.length < sent.length || answers.some(({ data }) => data["applied"] === "maybe");
  const isUntouched = hadNoEffect && !mayHaveHadOne;
  if (isUntouched) return { ...nothing, attempts: sent.length, state: isOver(status) ? "failed" : "waiting" };
  if (isOver(status)) return { ...known, answeredAt: null, outcome: null, state: "failed" };
  const answeredAt = last?.event === "call.answered" ? last.at : null;
  return { ...known, answeredAt, outcome: null, state: "sending" };
}

function isOver(status: string): boolean {
  return !["pending", "approved", "executing", "unknown"].includes(status);
}
