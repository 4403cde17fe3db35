import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Kysely } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";

import type { Config } from "../../src/config.ts";
import { readRequest } from "../../src/requests/repository.ts";
import { lockTarget } from "../../src/requests/locks.ts";
import { openStore } from "../../src/store/open.ts";
import { postgresDialect } from "../../src/store/pg.ts";
import type { Database } from "../../src/store/schema.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { ALICE, BOB, EVIDENCE, NOW, PLAN } from "./fixture.ts";
import { migrateToFirst, openBareSqlite } from "./old-database.ts";

describe("requests that are open at the upgrade, in SQLite", () => {
  it("keep who approved them, and the user they are at work on", async () => {
    const directory = mkdtempSync(join(tmpdir(), "zt-migrate-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const file = join(directory, "zt.db");
    const place = { kind: "sqlite", file, directory } as const;
    expect(await upgradeWithOpen(openBareSqlite(file), "sqlite", place)).toBe("ZT-0000004");
  });
});

describeWithPostgres("requests that are open at the upgrade, in PostgreSQL", () => {
  it("keep who approved them, and the user they are at work on", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const old = new Kysely<Database>({ dialect: postgresDialect(url, 1) });
    expect(await upgradeWithOpen(old, "postgres", { kind: "postgres", url })).toBe("ZT-0000004");
  });
});

/** @returns who has the user afterwards. */
async function upgradeWithOpen(
  old: Kysely<Database>,
  dialect: "sqlite" | "postgres",
  place: Config["database"],
): Promise<string> {
  await migrateToFirst(old, dialect);
  // Two wait for the same plan, which there was no rule against; one is approved, one under way.
  const states = {
    "ZT-0000001": "pending",
    "ZT-0000002": "pending",
    "ZT-0000003": "approved",
    "ZT-0000004": "executing",
  };
  for (const [id, status] of Object.entries(states)) {
    const isDecided = status !== "pending";
    const row = {
      id,
      team_id: "T0SANDBOX",
      action: PLAN.action,
      plan: JSON.stringify(PLAN),
      plan_hash: "the same",
      evidence: JSON.stringify(EVIDENCE),
      target_id: PLAN.target.id,
      target_email: PLAN.target.email,
      requester_id: ALICE,
      origin_channel: "C0SECURE1",
      reason: "stolen",
      status,
      created_at: NOW,
      expires_at: NOW + 1000,
      decided_at: isDecided ? NOW + 1 : null,
      decided_by: isDecided ? BOB : null,
      started_at: status === "executing" ? NOW + 2 : null,
      version: 1,
      card_version: 0,
      card_channel: "C0APPROV1",
    };
    await old.insertInto("requests").values(row).execute();
  }
  await old.destroy();

  const { db, close } = await openStore(place);
  onTestFinished(() => close());
  const vote = { by: BOB, at: NOW + 1 };
  expect(await readRequest(db, "ZT-0000001")).toMatchObject({ status: "pending", votes: [], held: null });
  expect(await readRequest(db, "ZT-0000003")).toMatchObject({ status: "approved", votes: [vote] });
  expect(await readRequest(db, "ZT-0000004")).toMatchObject({ status: "executing", votes: [vote] });
  return lockTarget(db, PLAN.target, "ZT-0000003", NOW);
}
