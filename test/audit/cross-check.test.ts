import { sql } from "kysely";
import { describe, expect, it, vi } from "vitest";

import { pause } from "../../src/requests/pause.ts";
import type { Db } from "../../src/store/open.ts";
import { ALICE, BOB, CAROL, NOW, requestIn, transitionTo } from "../store/fixture.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import { describeWithPostgres } from "../support/postgres.ts";
import { type Dialect, makePlace, openPlace, runHere } from "./support.ts";

vi.setConfig({ testTimeout: 60_000 });

function contract(dialect: Dialect): void {
  /** What `verify` says of a database with requests in every state, once somebody has written into it. */
  async function verifyAfter(
    write: (db: Db, ids: Record<"pending" | "denied" | "succeeded", string>) => Promise<unknown>,
  ) {
    const place = await makePlace(dialect);
    const { db, close } = await openPlace(place);
    const { id: pending } = await requestIn(db, "pending");
    const { id: denied } = await requestIn(db, "denied");
    const { id: succeeded } = await requestIn(db, "succeeded");
    for (const state of ["cancelled", "expired", "voided", "unknown", "failed"] as const)
      await requestIn(db, state);
    const ids = { pending, denied, succeeded };
    await write(db, ids);
    await close();
    return { ...(await runHere({ DATABASE_URL: place.url }, "verify")), ids };
  }

  it("finds nothing where nobody wrote past zt-bot", async () => {
    const { code, stdout, stderr } = await verifyAfter((db, { pending }) =>
      moveRequest(db, pending, transitionTo("approved", { votes: { all: [{ by: BOB, at: NOW }], seen: 0 } })),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("The record proves what the database says of 8 requests.");
  });

  it("names every request that says something else than the record, though the chain is whole", async () => {
    const { code, stdout, stderr, ids } = await verifyAfter(async (db, { pending, denied, succeeded }) => {
      const votes = JSON.stringify([{ by: CAROL, at: NOW }]);
      await db.updateTable("requests").set({ status: "approved", votes }).where("id", "=", pending).execute();
      await db.updateTable("requests").set({ status: "succeeded" }).where("id", "=", denied).execute();
      await db
        .updateTable("requests")
        .set({ plan: sql`replace(plan, 'example.com', 'example.org')` })
        .where("id", "=", succeeded)
        .execute();
    });
    expect(code).toBe(1);
    expect(stdout).toContain("In itself the record is whole");
    expect(stderr.match(/The database and the record differ/g)).toHaveLength(4);
    expect(stderr).toContain(`${ids.pending}: it stands as approved, and the record says pending`);
    expect(stderr).toContain(`${ids.pending}: the record has no approval by ${CAROL}`);
    expect(stderr).toContain(`${ids.denied}: it stands as succeeded, and the record says denied`);
    expect(stderr).toContain(`${ids.succeeded}: its plan is not the one that was asked for`);
  });

  it("names a request that the record does not have, one that is gone, and a pause that was lifted", async () => {
    const { code, stderr, ids } = await verifyAfter(async (db, { pending, denied }) => {
      const row = await db
        .selectFrom("requests")
        .selectAll()
        .where("id", "=", pending)
        .executeTakeFirstOrThrow();
      await db
        .insertInto("requests")
        .values({ ...row, id: "ZT-F0RGED1", once: null })
        .execute();
      for (const table of ["posts", "request_targets"] as const)
        await db.deleteFrom(table).where("request_id", "=", denied).execute();
      await db.deleteFrom("requests").where("id", "=", denied).execute();
      await pause(db, { by: ALICE, teamId: "T0SANDBOX", reason: "r", at: NOW, auditContext: {} });
      await db.deleteFrom("switches").where("name", "=", "pause").execute();
    });
    expect(code).toBe(1);
    expect(stderr).toContain("ZT-F0RGED1: the record has no row that says it was asked for");
    expect(stderr).toMatch(
      new RegExp(`${ids.denied}: the record tells of it .row \\d+., and it is not among the requests`),
    );
    expect(stderr).toMatch(/zt-bot is not paused, and row \d+ of the record says otherwise/);
  });
}

describe("audit verify holds the requests against the record, in SQLite", () => {
  contract("sqlite");
});
describeWithPostgres("audit verify holds the requests against the record, in PostgreSQL", () => {
  contract("postgres");
});
