import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Kysely, sql } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";

import { appendAudit } from "../support/audit.ts";
import { verifyChain } from "../../src/audit/verify.ts";
import type { Config } from "../../src/config.ts";
import { openStore, type Store } from "../../src/store/open.ts";
import type { Database } from "../../src/store/schema.ts";
import { postgresDialect } from "../../src/store/pg.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { ALICE, NOW } from "./fixture.ts";
import { migrateToFirst, openBareSqlite } from "./old-database.ts";

type Place = Config["database"];

/** More than a batch of the migration. */
const ROWS = 2345;

describe("rows written before there was a chain, in SQLite", () => {
  it("become one, as they were, and are followed by new ones", async () => {
    const directory = mkdtempSync(join(tmpdir(), "zt-migrate-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const file = join(directory, "zt.db");
    const db = openBareSqlite(file);
    const store = await migrateRows(db, "sqlite", { kind: "sqlite", file, directory });
    expect(await verifyChain(store.db)).toMatchObject({ ok: true, rows: ROWS, first: 1 });
    await expectGoesOn(store);
  });
});

describeWithPostgres("rows written before there was a chain, in PostgreSQL", () => {
  it("become one, as they were, and are followed by new ones", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const db = new Kysely<Database>({
      dialect: postgresDialect(url, 1),
    });
    const store = await migrateRows(db, "postgres", { kind: "postgres", url });
    expect(await verifyChain(store.db)).toMatchObject({ ok: true, rows: ROWS, first: 1 });
    await expectGoesOn(store);
  });
});

/** Rows as the first version wrote them, in a database that is then opened by this one. */
async function migrateRows(
  old: Kysely<Database>,
  dialect: "sqlite" | "postgres",
  place: Place,
): Promise<Store> {
  await migrateToFirst(old, dialect);
  await old.transaction().execute(async (trx) => {
    for (let index = 0; index < ROWS; index += 1) {
      // Every tenth number is missing, as where a transaction had failed.
      const seq = index + Math.floor(index / 10) + 1;
      const data = JSON.stringify({ z: index, a: "é🔥" });
      await sql`INSERT INTO audit (seq, at, team_id, request_id, actor, event, data) VALUES (${seq}, ${NOW + index}, ${index % 2 === 0 ? null : "T0"}, ${"ZT-1"}, ${ALICE}, ${`e.${index}`}, ${data})`.execute(
        trx,
      );
    }
  });
  await old.destroy();

  const store = await openStore(place);
  onTestFinished(() => store.close());
  return store;
}

async function expectGoesOn(store: Store): Promise<void> {
  const last = await store.db
    .selectFrom("audit")
    .selectAll()
    .where("seq", "=", ROWS)
    .executeTakeFirstOrThrow();
  expect(last).toMatchObject({
    at: NOW + ROWS - 1,
    event: `e.${ROWS - 1}`,
    data: JSON.stringify({ z: ROWS - 1, a: "é🔥" }),
  });
  await appendAudit(store.db, { at: NOW, actor: ALICE, event: "after" });
  expect(await verifyChain(store.db)).toMatchObject({ ok: true, rows: ROWS + 1 });
  const update = store.db.updateTable("audit").set({ actor: "nobody" }).where("seq", "=", 1).execute();
  await expect(update).rejects.toThrow(/append-only/);
}
