import { sql } from "kysely";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { type Db, openTables } from "../../../src/store/open.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { askToRevoke, callsTo, finishedThread, PEOPLE, press, wordsOf } from "../../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { startScene } from "../support.ts";

const RAY = expect.stringMatching(/\w+/);

describe("on SQLite", () => {
  answerIsLost(() => Promise.resolve(undefined), {
    fill: sql`CREATE TRIGGER full_disk BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`,
    free: sql`DROP TRIGGER full_disk`,
  });
});

describeWithPostgres("on PostgreSQL", () => {
  answerIsLost(
    async () => {
      const { url, drop } = await createDatabase();
      onTestFinished(drop);
      return url;
    },
    {
      fill: sql`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION full_disk()`,
      free: sql`DROP TRIGGER full_disk ON audit`,
    },
  );
});

function answerIsLost(
  findPlace: () => Promise<string | undefined>,
  { fill, free }: Record<"fill" | "free", ReturnType<typeof sql>>,
): void {
  it("an answer that the full disk did not take is told as that, recorded later, and looked into", async () => {
    const databaseUrl = await findPlace();
    const scene = await startScene(databaseUrl === undefined ? {} : { databaseUrl });
    const { slack, cloudflare, config, logs } = scene;
    const { db, close } = await openTables(config.database);
    onTestFinished(close);
    const card = await askToRevoke(slack);
    const call = cloudflare.faults.holdAnswer("revoke-user");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await call.arrived;
    await fill.execute(db);
    call.release();
    await vi.waitFor(() => expect(logs()).toContain("execution failed, it is tried again"));
    await free.execute(db);

    const thread = (await finishedThread(slack, card)).join("\n");
    expect(thread).toMatch(/the reply to revoke_user .* wasn't recorded/);
    expect(thread).not.toContain("was stopped");
    expect(thread).toContain("Already done by the earlier call; nothing was sent again");
    expect(wordsOf(slack, card)).toContain("verified at");
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
    const rows = await eventsFrom(db, "call.sent");
    expect(rows.map(({ event }) => event)).toEqual([
      "call.sent",
      "request.unknown",
      "call.answered",
      "call.reconciled",
      "request.succeeded",
    ]);
    expect(rows[2]?.data).toMatchObject({ ok: true, late: true, cf_ray: RAY });
  });
}

async function eventsFrom(db: Db, first: string): Promise<{ event: string; data: unknown }[]> {
  const rows = await db.selectFrom("audit").select(["event", "data"]).orderBy("seq").execute();
  return rows
    .slice(rows.findIndex(({ event }) => event === first))
    .map(({ event, data }) => ({ event, data: JSON.parse(data) as unknown }));
}
