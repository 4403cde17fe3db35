/** @module-tag slow */
import postgres from "postgres";
import { expect, it, onTestFinished, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { askToRevoke, callsTo, finishedThread, PEOPLE, press, startAll } from "../../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";

describeWithPostgres("a transaction of an execution that PostgreSQL ends for the sake of another one", () => {
  it.each([
    ["before the call", "users.get"],
    ["with the answer", "revoke-user"],
  ] as const)("(%s) is made again at once, and there is one call", async (_when, route) => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const { slack, cloudflare, logs } = await startAll({ databaseUrl: database.url });
    const server = postgres(database.url, { max: 2, onnotice: () => {} });
    onTestFinished(() => server.end());
    const card = await askToRevoke(slack);
    const held = route === "users.get" ? cloudflare.faults.hold(route) : cloudflare.faults.holdAnswer(route);
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await held.arrived;

    const other = server.begin(async (sql) => {
      // The end of the record, which everyone takes last; then the request, which everyone takes first.
      await sql`UPDATE audit_head SET seq = seq`;
      held.release();
      await vi.waitFor(
        async () => {
          const waiting = await server`
            SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'`;
          expect(waiting.length).toBeGreaterThan(0);
        },
        { timeout: 20_000, interval: 20 },
      );
      await sql`UPDATE requests SET id = id`;
    });
    // PostgreSQL ends whoever has waited for a second: the execution, and under load now and then this one.
    await other.catch((error: unknown) => expect(error).toMatchObject({ code: "40P01" }));

    expect((await finishedThread(slack, card)).at(-1)).toContain("verified at");
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
    expect(logs()).not.toContain("execution failed");
    expect(await server`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).toEqual([
      { deadlocks: expect.not.stringMatching(/^0$/) },
    ]);
  });
});
