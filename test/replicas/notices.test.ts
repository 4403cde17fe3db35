import postgres from "postgres";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";

import { createLogger } from "../../src/log/log.ts";
import { createNotices } from "../../src/replicas/notices.ts";
import { openStore, type Store } from "../../src/store/open.ts";
import { createDatabase, describeWithPostgres, type TestDatabase } from "../support/postgres.ts";

const log = createLogger("silent");

describeWithPostgres("what replicas tell one another", () => {
  let database: TestDatabase;
  let store: Store;
  beforeAll(async () => {
    database = await createDatabase();
    store = await openStore({ kind: "postgres", url: database.url });
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  function join(processId: string) {
    const notices = createNotices(database.url, { db: store.db, log, processId });
    onTestFinished(() => notices.close());
    const heard: unknown[] = [];
    notices.on("greeting", (data) => heard.push(data));
    return { notices, heard };
  }

  it("reaches the others, and not who tells it", async () => {
    const [one, two, three] = [join("one"), join("two"), join("three")];
    await vi.waitFor(() => {
      one.notices.tell("greeting", { text: 'it\'s <me> & "you"' });
      one.notices.tell("something else", {});
      expect(two.heard.length).toBeGreaterThan(0);
      expect(three.heard.length).toBeGreaterThan(0);
    });
    expect(two.heard[0]).toEqual({ text: 'it\'s <me> & "you"' });
    expect(one.heard).toEqual([]);
  });

  it("goes on after the connection was cut, and who was cut off is told that it may have missed something", async () => {
    const [one, two] = [join("one"), join("two")];
    await vi.waitFor(() => {
      one.notices.tell("greeting", { n: 1 });
      expect(two.heard.length).toBeGreaterThan(0);
    });
    const sql = postgres(database.url, { max: 1 });
    onTestFinished(() => sql.end());
    await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'zt-bot notices'`;
    await vi.waitFor(() => expect(two.heard).toContain(null), 20_000);
    await vi.waitFor(() => {
      one.notices.tell("greeting", { n: 2 });
      expect(two.heard).toContainEqual({ n: 2 });
    }, 20_000);
  });

  it("is nothing that anyone else sends over the same channel", async () => {
    const [one, two] = [join("one"), join("two")];
    const sql = postgres(database.url, { max: 1 });
    onTestFinished(() => sql.end());
    await vi.waitFor(async () => {
      for (const payload of ["x", "null", "{}", '{"from":"three","name":"greeting","data":7}'])
        await sql`SELECT pg_notify('zt_bot', ${payload})`;
      one.notices.tell("greeting", { n: 3 });
      expect(two.heard).toContainEqual({ n: 3 });
    });
    expect(two.heard.every((data) => JSON.stringify(data) === '{"n":3}')).toBe(true);
  });
});
