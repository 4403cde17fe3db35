import postgres from "postgres";
import { expect, it, onTestFinished, vi } from "vitest";

import { startBalancer } from "../../support/balancer.ts";
import { addCrowd } from "../../support/crowd.ts";
import { startWorld, type World } from "../../support/harness.ts";
import { keepLedger, type Entry } from "../../support/ledger.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { createRandom } from "../../support/random.ts";
import { createFleet, startChaos, type Replica } from "../../support/replicas.ts";
import { expectAllStories } from "./all-stories.ts";
import { addApprovers, createCrew, CREW_POLICY, inTurns } from "./crew.ts";

vi.setConfig({ testTimeout: 600_000 });

const REPLICAS = 3;
/** Bounded here; `ZT_TEST_REQUESTS=500` is the full number. */
const REQUESTS = Number(process.env["ZT_TEST_REQUESTS"] || 120);
/** How many requests people are busy with at the same time. */
const AT_ONCE = 16;
/** Things that happen in Slack and Cloudflare between one death and the next. */
const BETWEEN_DEATHS: [number, number] = [1500, 4500];

describeWithPostgres("several processes on one PostgreSQL", () => {
  it("of many requests, each approved by four people at once, every one is carried out and told exactly once, whichever process is killed when", async ({
    annotate,
  }) => {
    const random = createRandom();
    const { world, sql } = await startCrewWorld("http");
    const balancer = await startBalancer<Replica>();
    world.slack.setDelivery({ mode: "http", url: `${balancer.url}/slack/events` });
    const emails = addCrowd(world.cloudflare, REQUESTS);
    const fleet = createFleet(world, sql, balancer);
    await Promise.all(Array.from({ length: REPLICAS }, () => fleet.start()));
    const ledger = keepLedger(sql);
    const crew = createCrew(world, ledger, balancer);

    const startedAt = performance.now();
    const chaos = startChaos(world, fleet, random, BETWEEN_DEATHS);
    const trouble = [fleet.died, chaos.failed];
    const work = inTurns(emails, AT_ONCE, async (email, index) => {
      await crew.ask(email, index);
      await crew.approve(email);
    });
    await Promise.race([work, ...trouble]);
    const decidedAt = performance.now();
    await chaos.stop();
    const isOver = (one: Entry): boolean => one.status === "succeeded" && one.isTold;
    const told = ledger.until(
      () => ledger.all().filter(isOver).length === REQUESTS,
      () => JSON.stringify(ledger.all().filter((one) => !isOver(one))),
    );
    await Promise.race([told, ...trouble]);
    const toldAt = performance.now();
    expect(await fleet.stop()).toEqual(Array.from({ length: REPLICAS }, () => 0));

    const calls = await expectAllStories(world, ledger, emails);
    expect(chaos.kills).toBeGreaterThan(REQUESTS / 100);
    await annotate(
      JSON.stringify({
        seed: random.seed,
        kills: chaos.kills,
        again: crew.again,
        calls,
        decidedInS: Math.round((decidedAt - startedAt) / 1000),
        toldInS: Math.round((toldAt - startedAt) / 1000),
      }),
    );
  });
});

const SMALL = 20;

describeWithPostgres("two processes in Socket Mode on one PostgreSQL", () => {
  it("share the work between them, and do all of it once", async () => {
    const { world, sql } = await startCrewWorld("socket");
    const emails = addCrowd(world.cloudflare, SMALL);
    const fleet = createFleet(world, sql);
    await Promise.all([fleet.start(), fleet.start()]);
    expect(world.slack.connections).toBe(2);
    const ledger = keepLedger(sql);
    const crew = createCrew(world, ledger);

    const work = inTurns(emails, AT_ONCE, async (email, index) => {
      await crew.ask(email, index);
      await crew.approve(email);
    });
    await Promise.race([work, fleet.died]);
    await ledger.until(
      () => ledger.all().filter((one) => one.status === "succeeded" && one.isTold).length === SMALL,
      () => JSON.stringify(ledger.all()),
    );
    expect(await fleet.stop()).toEqual([0, 0]);

    const calls = await expectAllStories(world, ledger, emails);
    expect(calls).toEqual({ sent: SMALL, answered: SMALL, reconciled: 0 });
    // Clicks come to both in turn; each looks for work to carry out.
    for (const { bot } of fleet.all) expect(bot.logs("cloudflare call").length).toBeGreaterThan(SMALL);
  });
});

describeWithPostgres("three processes that start at once on an empty database", () => {
  it("all come up, and each migration is made once", async () => {
    const { world, sql } = await startCrewWorld("http");
    const fleet = createFleet(world, sql);
    await Promise.all([fleet.start(), fleet.start(), fleet.start()]);

    const made = await sql<{ name: string }[]>`SELECT name FROM kysely_migration ORDER BY name`;
    const names = made.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(3);
    expect(new Set(names).size).toBe(names.length);
    const heads = await sql`SELECT seq FROM audit_head`;
    expect(heads).toHaveLength(1);
    expect(fleet.all.flatMap(({ bot }) => bot.logs().filter(({ level }) => level === "error"))).toEqual([]);
    expect(await fleet.stop()).toEqual([0, 0, 0]);
  });
});

/** An empty database, both emulators, people who ask and people who approve. Cloudflare's limit is another test's. */
async function startCrewWorld(mode: "http" | "socket"): Promise<{ world: World; sql: postgres.Sql }> {
  const { url, drop } = await createDatabase();
  onTestFinished(drop);
  const sql = postgres(url, { max: 2, onnotice: () => {} });
  onTestFinished(() => sql.end());
  const world = await startWorld({
    mode,
    databaseUrl: url,
    policy: CREW_POLICY,
    rateLimit: { requests: 1_000_000, windowMs: 1000 },
  });
  world.env["CLOUDFLARE_RATE_BUDGET"] = "100000/1s";
  addApprovers(world);
  return { world, sql };
}
