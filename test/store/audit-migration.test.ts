import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Kysely, sql } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";

import { appendAudit } from "../support/audit.ts";
import { verifyChain } from "../../src/audit/verify.ts";
import { findFits, type Position, readPosition } from "../../src/audit/forward/position.ts";
import type { Config } from "../../src/config.ts";
import { openStore, type Store } from "../../src/store/open.ts";
import type { Database } from "../../src/store/schema.ts";
import { postgresDialect } from "../../src/store/pg.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { ALICE, NOW } from "./fixture.ts";
import { migrateToEighth, migrateToFirst, openBareSqlite } from "./old-database.ts";

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

describe("a place that the record was forwarded to before its hash was kept", () => {
  it("is known by the hash of the row it took last, in SQLite", async () => {
    const directory = mkdtempSync(join(tmpdir(), "zt-migrate-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const file = join(directory, "zt.db");
    const { position, fits, hash } = await migrateSinks(openBareSqlite(file), "sqlite", {
      kind: "sqlite",
      file,
      directory,
    });
    expect(position).toEqual({ seq: 1, hash });
    expect(fits).toEqual(["fits", "fits"]);
  });
});

describeWithPostgres(
  "a place that the record was forwarded to before its hash was kept, on PostgreSQL",
  () => {
    it("is known by the hash of the row it took last", async () => {
      const { url, drop } = await createDatabase();
      onTestFinished(drop);
      const db = new Kysely<Database>({ dialect: postgresDialect(url, 1) });
      const { position, fits, hash } = await migrateSinks(db, "postgres", { kind: "postgres", url });
      expect(position).toEqual({ seq: 1, hash });
      expect(fits).toEqual(["fits", "fits"]);
    });
  },
);

async function migrateSinks(
  old: Kysely<Database>,
  dialect: "sqlite" | "postgres",
  place: Place,
): Promise<{ position: Position; fits: string[]; hash: string }> {
  await migrateToEighth(old, dialect);
  const { hash } = await appendAudit(old, { at: NOW, actor: ALICE, event: "e" });
  await appendAudit(old, { at: NOW, actor: ALICE, event: "e" });
  for (const [sink, seq] of [
    ["file:/a", 1],
    ["file:/b", 0],
  ] as const)
    await sql`INSERT INTO audit_sinks (sink, seq, claimed_until) VALUES (${sink}, ${seq}, 0)`.execute(old);
  await old.destroy();
  const { db, close } = await openStore(place);
  onTestFinished(close);
  const fits = (await findFits(db)).map(({ fit }) => fit.kind);
  return { position: await readPosition(db, { kind: "file", file: "/a" }), fits, hash };
}

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
