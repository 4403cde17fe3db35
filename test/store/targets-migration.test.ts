import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { countTargets } from "../../src/requests/targets.ts";
import { readDraft, saveDraft } from "../../src/requests/drafts.ts";
import type { Plan } from "../../src/requests/plan.ts";
import { insertRequest } from "../../src/requests/repository.ts";
import { stopRequest } from "../../src/requests/transition.ts";
import { openStore } from "../../src/store/open.ts";
import { ALICE, newRequest, NOW, PLAN } from "./fixture.ts";
import { migrateToFirst, openBareSqlite } from "./old-database.ts";

/** What a process that dies in the middle of the second migration had run of it, statement by statement. */
const STATEMENTS = [
  "CREATE TABLE request_targets (request_id text NOT NULL REFERENCES requests (id), position integer NOT NULL, target_id text NOT NULL, email text NOT NULL, name text NOT NULL, state text NOT NULL, attempts integer NOT NULL, due_at bigint NOT NULL, sent_at bigint, cf_ray text, note text, checked text, CONSTRAINT request_targets_pk PRIMARY KEY (request_id, position))",
  "ALTER TABLE requests ADD COLUMN stopped_at bigint",
  "ALTER TABLE requests ADD COLUMN stopped_by text",
  "CREATE TABLE drafts (id text PRIMARY KEY, asker text NOT NULL, data text NOT NULL, created_at bigint NOT NULL)",
];

/** A database of the first version with so many statements of the second one. */
async function leaveHalfDone(statements: number) {
  const directory = mkdtempSync(join(tmpdir(), "zt-migrate-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const place = { kind: "sqlite", file: join(directory, "zt.db"), directory } as const;
  const db = openBareSqlite(place.file);
  await migrateToFirst(db, "sqlite");
  await db.destroy();
  const raw = new DatabaseSync(place.file);
  onTestFinished(() => raw.close());
  for (const statement of STATEMENTS.slice(0, statements)) raw.exec(statement);
  return { place, raw };
}

describe("a database in SQLite whose second migration was cut short", () => {
  it.each([0, 1, 2, 3, 4])("after %i statements is made whole at the next start", async (statements) => {
    const { place } = await leaveHalfDone(statements);
    const store = await openStore(place);
    onTestFinished(() => store.close());
    const others = [{ ...PLAN.target, id: "second" }];
    const options = { devices: false, warpReauth: false, others };
    const { id } = await insertRequest(store.db, newRequest({ plan: { ...PLAN, options } as Plan }));
    expect(await countTargets(store.db, id)).toMatchObject({ waiting: 2 });
    expect(await stopRequest(store.db, id, { actor: ALICE, at: NOW })).toBeNull();
    const draft = { users: [], devices: false, warpReauth: false, reason: "" };
    const draftId = await saveDraft(store.db, ALICE, NOW, draft);
    expect(await readDraft(store.db, draftId, ALICE)).toEqual(draft);
  });
});

describe("the second migration in SQLite", () => {
  it("leaves nothing behind when it fails in the middle", async () => {
    const { place, raw } = await leaveHalfDone(0);
    // What stands in the way of its last statement: a table cannot have the name of an index.
    raw.exec("CREATE INDEX drafts ON posts (surface)");
    await expect(openStore(place)).rejects.toThrow("could not be brought up to date");
    const tables = raw.prepare("SELECT name FROM sqlite_master WHERE name = 'request_targets'").all();
    const columns = raw
      .prepare("SELECT name FROM pragma_table_info('requests') WHERE name LIKE 'stopped%'")
      .all();
    expect([...tables, ...columns]).toEqual([]);
  });
});
