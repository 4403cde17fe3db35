import { sql } from "kysely";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";

import { migrateStore, openStore, type Store, StoreNotReadyError } from "../../src/store/open.ts";
import { createOwnedDatabase, describeWithPostgres, type OwnedDatabase } from "../support/postgres.ts";
import { appendAudit } from "../support/audit.ts";
import { ALICE, NOW } from "./fixture.ts";

const at = (url: string) => ({ kind: "postgres", url }) as const;

describeWithPostgres("a role with the least rights", () => {
  let database: OwnedDatabase;
  let store: Store;
  beforeAll(async () => {
    database = await createOwnedDatabase();
    await migrateStore(at(database.ownerUrl), database.bot);
    store = await openStore(at(database.botUrl));
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  it("is not warned about", () => {
    expect(store.warnings).toEqual([]);
  });

  it.each([
    "UPDATE audit SET actor = 'nobody'",
    "DELETE FROM audit",
    "TRUNCATE audit",
    "ALTER TABLE audit DISABLE TRIGGER audit_no_change",
    "DROP TABLE audit",
    "CREATE TRIGGER mine BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "DELETE FROM audit_head",
    "INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '')",
    "DELETE FROM requests",
    "DELETE FROM request_targets",
    "UPDATE kysely_migration SET name = 'none'",
    "CREATE TABLE mine (id int)",
  ])("may not %s", async (statement) => {
    await appendAudit(store.db, { at: NOW, actor: ALICE, event: "kept" });
    await expect(sql.raw(statement).execute(store.db)).rejects.toMatchObject({ code: "42501" });
  });
});

describeWithPostgres("the database of a role that does not own it", () => {
  it("is not migrated by it, at first or later: it says what to run", async () => {
    const { ownerUrl, botUrl, bot, run } = await useDatabase();
    await expect(openStore(at(botUrl))).rejects.toThrow(
      new StoreNotReadyError(
        `the database is not up to date, and the role ${bot} does not own the tables: run npm run migrate with MIGRATION_DATABASE_URL set to the role that owns the tables, and start zt-bot again`,
      ),
    );
    await migrateStore(at(ownerUrl), bot);
    await run("DELETE FROM kysely_migration WHERE name = '0009-execution'");
    await expect(openStore(at(botUrl))).rejects.toThrow("is not up to date");
    await expect(migrateStore(at(botUrl), null)).rejects.toThrow(
      /may not migrate: .* Set MIGRATION_DATABASE_URL to the role that does$/,
    );
  });

  it("is not used without the rights, and each run of the migration grants those of new tables", async () => {
    const { ownerUrl, botUrl, bot, run } = await useDatabase();
    await migrateStore(at(ownerUrl), null);
    await expect(openStore(at(botUrl))).rejects.toThrow(`the role ${bot} has no rights in the database`);
    await migrateStore(at(ownerUrl), bot);
    // As a table that a new version brings, and a right that somebody gave by hand.
    await run(`REVOKE ALL ON drafts FROM ${bot}; GRANT DELETE ON requests TO ${bot}`);
    await expect(openStore(at(botUrl))).rejects.toThrow(
      "lacks rights in the database (SELECT on drafts, INSERT on drafts and DELETE on drafts): npm run migrate grants them",
    );
    await migrateStore(at(ownerUrl), bot);
    const { db, close } = await openStore(at(botUrl));
    await expect(sql`DELETE FROM requests`.execute(db)).rejects.toThrow("permission denied");
    await close();
  });

  it("is used by an older version while a newer one has only added to it", async () => {
    const { ownerUrl, botUrl, bot, run } = await useDatabase();
    await migrateStore(at(ownerUrl), bot);
    await run("INSERT INTO kysely_migration (name, timestamp) VALUES ('9998-more', 'x')");
    expect(await migrateStore(at(ownerUrl), bot)).toEqual({ grantedTo: bot, warnings: [] });
    const { db, warnings, close } = await openStore(at(botUrl));
    await appendAudit(db, { at: NOW, actor: ALICE, event: "kept" });
    await close();
    expect(warnings).toEqual([expect.stringContaining("the database is of a newer version of zt-bot")]);
  });

  it("is not used by an older version once a newer one has taken away from it", async () => {
    const { ownerUrl, botUrl, bot, run } = await useDatabase();
    await migrateStore(at(ownerUrl), bot);
    await run("INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-less.needs-9998', 'x')");
    for (const url of [botUrl, ownerUrl])
      await expect(openStore(at(url))).rejects.toThrow("the database is of a newer version of zt-bot");
  });
});

describeWithPostgres("a database whose one role owned it", () => {
  it("is handed over to a role of its own, as the runbook says, and the old one keeps what it needs", async () => {
    const { url, ownerUrl, botUrl, bot, run } = await useDatabase();
    await run(`ALTER DATABASE ${new URL(url).pathname.slice(1)} OWNER TO ${bot}`);
    const before = await openStore(at(botUrl));
    await appendAudit(before.db, { at: NOW, actor: ALICE, event: "kept" });
    await before.close();
    expect(before.warnings).toEqual([expect.stringContaining("it owns the tables")]);

    await run(`REASSIGN OWNED BY ${bot} TO ${ownerOf(bot)}`);
    expect(await migrateStore(at(ownerUrl), bot)).toEqual({ grantedTo: bot, warnings: [] });
    const after = await openStore(at(botUrl));
    expect(after.warnings).toEqual([]);
    await appendAudit(after.db, { at: NOW, actor: ALICE, event: "kept" });
    expect(await after.db.selectFrom("audit").select("seq").execute()).toHaveLength(2);
    await after.close();
  });
});

describeWithPostgres("a role that is too strong", () => {
  it("is warned about at start, with all that it could do to the record", async () => {
    const { ownerUrl, botUrl, bot, run } = await useDatabase();
    await migrateStore(at(ownerUrl), bot);
    const all =
      "may UPDATE the record, may DELETE from the record, may TRUNCATE the record and may put triggers on the record";
    const cases: [grant: string, why: string, revoke: string][] = [
      [`GRANT UPDATE ON audit TO ${bot}`, "may UPDATE the record", `REVOKE UPDATE ON audit FROM ${bot}`],
      [
        `GRANT UPDATE (actor) ON audit TO ${bot}`,
        "may UPDATE the record",
        `REVOKE UPDATE (actor) ON audit FROM ${bot}`,
      ],
      [`GRANT DELETE ON audit TO ${bot}`, "may DELETE from the record", `REVOKE DELETE ON audit FROM ${bot}`],
      ["GRANT ALL ON audit TO PUBLIC", all, "REVOKE ALL ON audit FROM PUBLIC"],
      [
        `GRANT pg_write_all_data TO ${bot}`,
        "may UPDATE the record and may DELETE from the record",
        `REVOKE pg_write_all_data FROM ${bot}`,
      ],
      [`GRANT ${ownerOf(bot)} TO ${bot}`, "owns the tables", `REVOKE ${ownerOf(bot)} FROM ${bot}`],
      [`ALTER ROLE ${bot} CREATEROLE`, "may create roles", `ALTER ROLE ${bot} NOCREATEROLE`],
      [
        `ALTER SCHEMA public OWNER TO ${bot}`,
        "owns their schema or database",
        "ALTER SCHEMA public OWNER TO pg_database_owner",
      ],
      [`ALTER ROLE ${bot} SUPERUSER`, "is a superuser", `ALTER ROLE ${bot} NOSUPERUSER`],
    ];
    for (const [grant, why, revoke] of cases) {
      await run(grant);
      const { warnings, close } = await openStore(at(botUrl));
      await close();
      expect(warnings, grant).toEqual([
        `zt-bot's database role ${bot} is too strong: it ${why}, and could change the record. docs/runbook.md says how to give it the least rights`,
      ]);
      await run(revoke);
    }
    const { warnings, close } = await openStore(at(botUrl));
    await close();
    expect(warnings).toEqual([]);
  });

  it("migrates at start all the same when it owns the tables, as small installations do", async () => {
    const { ownerUrl } = await useDatabase();
    const { warnings, close } = await openStore(at(ownerUrl));
    await close();
    expect(warnings).toEqual([expect.stringContaining("is too strong: it owns the tables")]);
  });
});

function ownerOf(bot: string): string {
  return bot.replace(/_bot$/, "_owner");
}

async function useDatabase(): Promise<OwnedDatabase> {
  const database = await createOwnedDatabase();
  onTestFinished(() => database.drop());
  return database;
}
