import postgres from "postgres";
import { expect, it, onTestFinished, vi } from "vitest";

import { ACCOUNT_ID, POLICY } from "../../sandbox/workspace.ts";
import { readConfig } from "../../src/config.ts";
import type { Plan, Target } from "../../src/requests/plan.ts";
import { insertRequest } from "../../src/requests/repository.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import { openStore } from "../../src/store/open.ts";
import { newRequest } from "../store/fixture.ts";
import { addCrowd, revokedEmails, stillIn } from "../support/crowd.ts";
import { PEOPLE, startWorld, type World } from "../support/harness.ts";
import { keepLedger } from "../support/ledger.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { createFleet } from "../support/replicas.ts";

vi.setConfig({ testTimeout: 300_000 });

const HOUR_MS = 3_600_000;
const REQUESTS = 40;
const SEVERAL = 20;

describeWithPostgres("two processes that start at once after 25 hours of downtime", () => {
  it("carry out each of 40 overdue requests once, and each person of one about several", async () => {
    const { world, sql } = await startOverdue();
    const { cloudflare } = world;
    const emails = addCrowd(cloudflare, REQUESTS + SEVERAL);
    const targets = emails.map((email) => targetOf(world, email));
    const [first, ...others] = targets.slice(REQUESTS) as [Target, ...Target[]];
    await approveLongAgo(world, [
      ...targets.slice(0, REQUESTS).map((target) => planOf(target)),
      planOf(first, others),
    ]);

    const ledger = keepLedger(sql);
    const fleet = createFleet(world, sql);
    await Promise.all([fleet.start(), fleet.start()]);
    await Promise.race([
      fleet.died,
      ledger.until(
        () =>
          ledger.all().length === REQUESTS + 1 &&
          ledger.all().every((one) => one.status === "succeeded" && one.isTold),
        () => JSON.stringify(ledger.all()),
      ),
    ]);
    expect(await fleet.stop()).toEqual([0, 0]);

    expect(revokedEmails(cloudflare).toSorted()).toEqual(emails);
    expect(stillIn(cloudflare, emails)).toEqual([]);
    // On a busy machine a call's turn may come too late for its permit: it is not sent then, and permitted again.
    const permitted = await sql`SELECT data FROM audit WHERE event = 'call.sent'`;
    const unsent =
      await sql`SELECT data FROM audit WHERE event = 'call.answered' AND data LIKE '%"error":"aborted"%' AND data LIKE '%"applied":"no"%'`;
    expect(permitted.length - unsent.length).toBe(REQUESTS + SEVERAL);
    // Both had their part in it.
    for (const { bot } of fleet.all) expect(bot.logs("cloudflare call").length).toBeGreaterThan(REQUESTS / 4);
  });
});

async function startOverdue(): Promise<{ world: World; sql: postgres.Sql }> {
  const { url, drop } = await createDatabase();
  onTestFinished(drop);
  const sql = postgres(url, { max: 2, onnotice: () => {} });
  onTestFinished(() => sql.end());
  const world = await startWorld({
    databaseUrl: url,
    policy: `${POLICY}approval_max_age: 48h\n`,
    rateLimit: { requests: 1_000_000, windowMs: 1000 },
  });
  world.env["CLOUDFLARE_RATE_BUDGET"] = "100000/1s";
  return { world, sql };
}

function targetOf({ cloudflare }: World, email: string): Target {
  const user = cloudflare.state.users.find((one) => one.email === email);
  return { id: user?.id ?? "", email, name: user?.name ?? "" };
}

function planOf(target: Target, others: Target[] = []): Plan {
  const options = { devices: false, warpReauth: false, ...(others.length === 0 ? {} : { others }) };
  return { action: "revoke", accountId: ACCOUNT_ID, target, options };
}

/** As they stood when the last process ended: approved, and not begun. */
async function approveLongAgo(world: World, plans: readonly Plan[]): Promise<void> {
  const store = await openStore(readConfig(world.env).database);
  const at = Date.now() - 25 * HOUR_MS;
  for (const plan of plans) {
    const { id } = await insertRequest(
      store.db,
      newRequest({ plan, requesterId: PEOPLE.alice, at, expiresAt: at + HOUR_MS, posts: [] }),
    );
    const votes = { all: [{ by: PEOPLE.bob, at: at + 1000, via: PEOPLE.bob }], seen: 0 };
    const data = { via: PEOPLE.bob };
    await moveRequest(store.db, id, { to: "approved", actor: PEOPLE.bob, at: at + 1000, data, votes });
  }
  await store.close();
}
