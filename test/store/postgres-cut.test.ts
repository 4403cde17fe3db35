import { sql } from "kysely";
import type { Backend } from "openworkflow/internal";
import postgres from "postgres";
import { expect, it, onTestFinished, vi } from "vitest";

import { appendAudit } from "../../src/audit/append.ts";
import { insertRequest } from "../../src/requests/store.ts";
import { openStore, type Db } from "../../src/store/open.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { ALICE, newRequest, NOW } from "./fixture.ts";

/** More than there are connections, so that others wait for one. */
const AT_ONCE = 20;
const ROUNDS = 5;
/** What the test's own connections are called. */
const TEST = "the test";

/** How often connections are cut while short statements run. */
const CUTS = 100;

describeWithPostgres("when PostgreSQL cuts the connections", () => {
  it("no statement waits for ever, whatever it was at when its connection was cut", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const server = postgres(url, { max: 1, connection: { application_name: TEST }, onnotice: () => {} });
    onTestFinished(() => server.end());
    const { db, workflows, close } = await openStore({ kind: "postgres", url });
    onTestFinished(close);
    const done = { well: 0, badly: 0 };
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const goOn = async (work: () => Promise<unknown>): Promise<void> => {
      while (!stop.signal.aborted) {
        await work().then(
          () => (done.well += 1),
          () => (done.badly += 1),
        );
      }
    };

    const loops = [
      ...times(() => goOn(() => sql`SELECT 1`.execute(db))),
      ...times(() => goOn(() => appendAudit(db, { at: NOW, actor: ALICE, event: "alone" }))),
      ...times(() => goOn(() => workflows.listWorkflowRuns({ limit: 1 }))),
      ...times((n) => goOn(() => createRun(workflows, `key ${n}`))),
    ];
    for (let cut = 0; cut < CUTS; cut += 1) {
      await server`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name <> ${TEST} AND random() < 0.5`;
      const { well } = done;
      await vi.waitFor(() => expect(done.well).toBeGreaterThan(well + AT_ONCE), {
        timeout: 20_000,
        interval: 5,
      });
    }

    stop.abort();
    await Promise.all(loops);
    expect(done.badly).toBeGreaterThan(0);
  });

  it("what runs on them fails with a reason, what comes afterwards works, and the process lives", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const server = postgres(url, { max: 2, connection: { application_name: TEST }, onnotice: () => {} });
    onTestFinished(() => server.end());
    const { db, workflows, close } = await openStore({ kind: "postgres", url });
    onTestFinished(close);

    for (let round = 0; round < ROUNDS; round += 1) {
      await server.begin(async (locked) => {
        // The engine's statements wait for this lock until they are cut.
        await locked`LOCK TABLE openworkflow.workflow_runs IN ACCESS EXCLUSIVE MODE`;
        await cutAll(server, [
          ...times(() => sql`SELECT pg_sleep(30)`.execute(db)),
          ...times(() => sleepInTransaction(db)),
          ...times(() => createRun(workflows, null)),
          ...times((n) => createRun(workflows, `lost ${round} ${n}`)),
        ]);
      });

      // A connection that lay idle may not know yet that it was cut: what meets that is done again.
      await Promise.all([
        again(() => insertRequest(db, newRequest())),
        ...times(() => again(() => appendAudit(db, { at: NOW, actor: ALICE, event: "alone" }))),
        ...times(() => again(() => createRun(workflows, null))),
        ...times((n) => again(() => createRun(workflows, `kept ${round} ${n}`))),
      ]);
    }

    // Of what was cut nothing stayed.
    const { rows } = await db
      .selectFrom("audit")
      .select((eb) => eb.fn.countAll<number>().as("rows"))
      .executeTakeFirstOrThrow();
    expect(rows, "a request and the rows that stand alone, in each round").toBe(ROUNDS * (1 + AT_ONCE));
    const runs = await server`SELECT idempotency_key AS key FROM openworkflow.workflow_runs`;
    expect(runs).toHaveLength(ROUNDS * 2 * AT_ONCE);
    expect(runs.filter(({ key }) => key !== null && !String(key).startsWith("kept"))).toEqual([]);
  });
});

describeWithPostgres("a process that stands still in the middle of a transaction", () => {
  it("holds up the others for a while only, and finds its own work undone when it goes on", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const still = await openStore({ kind: "postgres", url });
    onTestFinished(still.close);
    const other = await openStore({ kind: "postgres", url });
    onTestFinished(other.close);
    const goOn = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const undone = still.db.transaction().execute(async (trx) => {
      await appendAudit(trx, { at: NOW, actor: ALICE, event: "lost" });
      begun.resolve();
      await goOn.promise;
      await appendAudit(trx, { at: NOW, actor: ALICE, event: "lost as well" });
    });
    await begun.promise;

    await appendAudit(other.db, { at: NOW, actor: ALICE, event: "kept" });
    goOn.resolve();
    await expect(undone).rejects.toThrow(/cut/);
    await appendAudit(still.db, { at: NOW, actor: ALICE, event: "kept too" });
    const rows = await other.db.selectFrom("audit").select("event").orderBy("seq").execute();
    expect(rows.map(({ event }) => event)).toEqual(["kept", "kept too"]);
  });
});

/** Cuts every connection but the test's own, until each of these has failed and PostgreSQL is done with them. */
async function cutAll(server: postgres.Sql, work: Promise<unknown>[]): Promise<void> {
  let ended = 0;
  const pids = new Set<number>();
  const failed = work.map(async (query) => {
    await expect(query).rejects.toThrow(/terminat|cut|closed|destroyed|ECONNRESET|EPIPE/i);
    ended += 1;
  });
  await vi.waitFor(async () => {
    // Not as a condition: PostgreSQL would ask it of the connections to every database first.
    const cut = await server<{ pid: number }[]>`
      SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name <> ${TEST}`;
    for (const { pid } of cut) pids.add(pid);
    expect(ended).toBe(work.length);
  }, 20_000);
  await Promise.all(failed);
  await vi.waitFor(async () => {
    const left = await server`SELECT pid FROM pg_stat_activity WHERE pid IN ${server([...pids])}`;
    expect(left).toHaveLength(0);
  }, 20_000);
}

function times<T>(start: (n: number) => Promise<T>): Promise<T>[] {
  return Array.from({ length: AT_ONCE }, (_, n) => start(n));
}

function again<T>(work: () => Promise<T>): Promise<T> {
  return vi.waitFor(work, 5000);
}

/** One statement of the engine without a key, a transaction with one. */
function createRun(workflows: Backend, idempotencyKey: string | null): Promise<unknown> {
  return workflows.createWorkflowRun({
    workflowName: "test",
    version: null,
    idempotencyKey,
    config: {},
    context: null,
    input: null,
    parentStepAttemptNamespaceId: null,
    parentStepAttemptId: null,
    availableAt: null,
    deadlineAt: null,
  });
}

async function sleepInTransaction(db: Db): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await appendAudit(trx, { at: NOW, actor: ALICE, event: "lost" });
    await sql`SELECT pg_sleep(30)`.execute(trx);
  });
}
