import { sql } from "kysely";
import postgres from "postgres";
import { expect, it, onTestFinished, vi } from "vitest";

import { appendAudit } from "../../src/audit/append.ts";
import { insertRequest } from "../../src/requests/store.ts";
import { openStore, type Db } from "../../src/store/open.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { ALICE, newRequest, NOW } from "./fixture.ts";

/** More than there are connections, so that others wait for one. */
const AT_ONCE = 20;

describeWithPostgres("when PostgreSQL cuts the connections", () => {
  it("what runs on them fails with a reason, what comes afterwards works, and the process lives", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const server = postgres(url, { max: 1, onnotice: () => {} });
    onTestFinished(() => server.end());
    const { db, workflows, close } = await openStore({ kind: "postgres", url });
    onTestFinished(close);

    for (let round = 0; round < 5; round += 1) {
      let ended = 0;
      const cut = [
        ...Array.from({ length: AT_ONCE }, () => sql`SELECT pg_sleep(30)`.execute(db)),
        ...Array.from({ length: AT_ONCE }, () => sleepInTransaction(db)),
      ].map(async (query) => {
        await expect(query).rejects.toThrow(/terminat|cut|closed|ECONNRESET|EPIPE/i);
        ended += 1;
      });
      await vi.waitFor(async () => {
        await server`
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()`;
        expect(ended).toBe(cut.length);
      }, 20_000);
      await Promise.all(cut);

      // PostgreSQL may still be at ending the last of them: what meets that is done again.
      await vi.waitFor(() => insertRequest(db, newRequest()), 5000);
      const entry = { at: NOW, actor: ALICE, event: "alone" };
      await Promise.all(
        Array.from({ length: AT_ONCE }, () => vi.waitFor(() => appendAudit(db, entry), 5000)),
      );
      await vi.waitFor(() => workflows.listWorkflowRuns({ limit: 1 }), 5000);
    }
    // Of what was cut nothing stayed: a request and the rows that stand alone, in each round.
    const { rows } = await db
      .selectFrom("audit")
      .select((eb) => eb.fn.countAll<number>().as("rows"))
      .executeTakeFirstOrThrow();
    expect(rows).toBe(5 * (1 + AT_ONCE));
  });
});

async function sleepInTransaction(db: Db): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await appendAudit(trx, { at: NOW, actor: ALICE, event: "lost" });
    await sql`SELECT pg_sleep(30)`.execute(trx);
  });
}
