import { Kysely, sql } from "kysely";
import postgres from "postgres";
import { expect, it, onTestFinished, vi } from "vitest";

import { appendAudit } from "../support/audit.ts";
import { insertRequest } from "../../src/requests/repository.ts";
import { openStore, type Db } from "../../src/store/open.ts";
import { postgresDialect } from "../../src/store/pg.ts";
import type { Database } from "../../src/store/schema.ts";
import { startNetwork } from "../support/network.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { ALICE, newRequest, NOW } from "./fixture.ts";

/** More than there are connections, so that others wait for one. */
const AT_ONCE = 20;
const ROUNDS = 5;
/** What the test's own connections are called. */
const TEST = "the test";

/** How often connections are cut while short statements run. */
const CUTS = 100;

/** How long a connection may be silent, where that is tested. */
const SILENCE_MS = 500;

describeWithPostgres("when PostgreSQL cuts the connections", () => {
  it("no statement waits for ever, whatever it was at when its connection was cut", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const server = postgres(url, { max: 1, connection: { application_name: TEST }, onnotice: () => {} });
    onTestFinished(() => server.end());
    const { db, close } = await openStore({ kind: "postgres", url });
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
    const { db, close } = await openStore({ kind: "postgres", url });
    onTestFinished(close);

    for (let round = 0; round < ROUNDS; round += 1) {
      await cutAll(server, [
        ...times(() => sql`SELECT pg_sleep(30)`.execute(db)),
        ...times(() => sleepInTransaction(db)),
      ]);

      // A connection that lay idle may not know yet that it was cut: what meets that is done again.
      await Promise.all([
        again(() => insertRequest(db, newRequest())),
        ...times(() => again(() => appendAudit(db, { at: NOW, actor: ALICE, event: "alone" }))),
      ]);
    }

    // Of what was cut nothing stayed.
    const { rows } = await db
      .selectFrom("audit")
      .select((eb) => eb.fn.countAll<number>().as("rows"))
      .executeTakeFirstOrThrow();
    expect(rows, "a request and the rows that stand alone, in each round").toBe(ROUNDS * (1 + AT_ONCE));
  });
});

describeWithPostgres("a transaction whose connection is cut", () => {
  it("fails with PostgreSQL's reason, not with that of the rollback for which there is nothing left", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const db = new Kysely<Database>({ dialect: postgresDialect(url, 2) });
    onTestFinished(() => db.destroy());
    const cut = db
      .transaction()
      .execute((trx) => sql`SELECT pg_terminate_backend(pg_backend_pid())`.execute(trx));
    await expect(cut).rejects.toThrow(/administrator command/);
  });
});

describeWithPostgres("when PostgreSQL goes silent", () => {
  it("what waits for it fails after a while, and what comes afterwards works", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const network = await startNetwork(url);
    const db = new Kysely<Database>({ dialect: postgresDialect(network.url, 2, SILENCE_MS) });
    onTestFinished(() => db.destroy());
    await sql`SELECT 1`.execute(db);

    network.swallow(true);
    await Promise.all(
      times(() => expect(sql`SELECT 1`.execute(db)).rejects.toThrow(/does not answer|terminated|timeout/)),
    );
    network.swallow(false);
    await sql`SELECT 1`.execute(db);
  });

  it("a statement that is told to take its time is waited for", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const db = new Kysely<Database>({ dialect: postgresDialect(url, 2, 0) });
    onTestFinished(() => db.destroy());
    const { rows } = await sql`SELECT pg_sleep(${(2 * SILENCE_MS) / 1000})`.execute(db);
    expect(rows).toHaveLength(1);
  });
});

describeWithPostgres("closing", () => {
  it("lets what runs come to its end, and refuses at once what still waits for a connection", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const db = new Kysely<Database>({ dialect: postgresDialect(url, 2) });
    const asked = times(() => sql`SELECT pg_sleep(0.01)`.execute(db));
    await asked[0];
    const [answers] = await Promise.all([Promise.allSettled(asked), db.destroy()]);
    const refused = answers.filter((answer) => answer.status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(String(reason)).toMatch(/destroyed/);
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
    await expect(undone).rejects.toThrow(/connection/i);
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
    await expect(query).rejects.toThrow(/terminat|connection error|ECONNRESET|EPIPE/i);
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

async function sleepInTransaction(db: Db): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await appendAudit(trx, { at: NOW, actor: ALICE, event: "lost" });
    await sql`SELECT pg_sleep(30)`.execute(trx);
  });
}
