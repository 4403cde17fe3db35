import { expect, it, onTestFinished, vi } from "vitest";

import { readRequestAudit } from "../../src/audit/append.ts";
import { readConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log/log.ts";
import type { Cloudflare } from "../../src/api/cloudflare.ts";
import { openPolicy } from "../../src/policy-file.ts";
import { createEngine } from "../../src/engine.ts";
import { nudge } from "../../src/reminders/remind.ts";
import { readUnposted } from "../../src/requests/posts.ts";
import { insertRequest, readRequest } from "../../src/requests/repository.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import { createChannels } from "../../src/slack/channels.ts";
import { createSlackClients } from "../../src/slack/clients.ts";
import { createDirectory } from "../../src/slack/directory.ts";
import { openStore, type Store } from "../../src/store/open.ts";
import { CHANNELS, startWorld, type World } from "../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { newRequest, transitionTo } from "./fixture.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What an engine or a nudge is given, on this store. */
function depsOf(world: World, store: Store, now: () => number) {
  const slack = createSlackClients(world.env["SLACK_BOT_TOKEN"] ?? "", world.slack.apiUrl);
  return {
    db: store.db,
    clock: { now, sync: () => Promise.resolve() },
    drawers: {},
    cloudflare: {} as Cloudflare,
    slack: slack.background,
    log: createLogger("silent"),
    now,
    policy: openPolicy(world.env["ZT_POLICY_FILE"] ?? ""),
    channels: createChannels(slack.interactive, now),
    directory: createDirectory(slack.interactive, now, createLogger("silent")),
    presence: () => Promise.resolve(true),
    approverRisk: () => Promise.resolve({ kind: "fine" } as const),
    homeTeamId: "T0SANDBOX",
  };
}

/** Asked ten minutes ago, and to be reminded of now. */
function dueRequest(now: number) {
  return newRequest({ at: now - 10 * MINUTE, expiresAt: now + HOUR, nudgeAt: now, posts: [] });
}

async function openSqlite(world: World): Promise<Store> {
  const store = await openStore(readConfig(world.env).database);
  onTestFinished(() => store.close());
  return store;
}

async function remindersOf(store: Store, id: string): Promise<number> {
  const rows = await readRequestAudit(store.db, id);
  return rows.filter(({ event }) => event === "request.reminded").length;
}

function postedReminders({ slack }: World): string[] {
  return slack
    .messages(CHANNELS.approvals)
    .flatMap((card) => slack.thread(card.channel, card.ts))
    .map((message) => slack.visibleText(message))
    .filter((words) => words.startsWith("⏰"));
}

it("a reminder whose timer was lost is written and posted by the sweep, once", async () => {
  const world = await startWorld();
  const store = await openSqlite(world);
  const at = Date.now();
  const { id } = await insertRequest(store.db, dueRequest(at));
  const engine = createEngine(depsOf(world, store, () => at));
  await engine.start();
  onTestFinished(() => engine.stop());
  await world.slack.waitFor(() => postedReminders(world).length > 0 || undefined, 30_000);
  await engine.sweep();
  expect(postedReminders(world)).toHaveLength(1);
  expect(await remindersOf(store, id)).toBe(1);
  expect(await readRequest(store.db, id)).toMatchObject({ reminders: 1, nudgeAt: at + 20 * MINUTE });
});

it("what the card says of nobody being active is looked at again after some time, and goes when somebody is", async () => {
  const world = await startWorld();
  const store = await openSqlite(world);
  let now = Date.now();
  let isActive = false;
  let looks = 0;
  const engine = createEngine({
    ...depsOf(world, store, () => now),
    presence() {
      looks += 1;
      return Promise.resolve(isActive);
    },
  });
  const { id } = await insertRequest(store.db, newRequest({ at: now, expiresAt: now + HOUR, posts: [] }));
  await engine.lookForApprovers(id);
  expect(await readRequest(store.db, id)).toMatchObject({ nobodyThereAt: now, version: 2 });

  const before = looks;
  now += MINUTE;
  await engine.sweep();
  expect(looks).toBe(before);
  // Still nobody: noted, and nothing new to show.
  now += MINUTE;
  await engine.sweep();
  await vi.waitFor(async () =>
    expect(await readRequest(store.db, id)).toMatchObject({ nobodyThereAt: now, version: 2 }),
  );
  isActive = true;
  now += 2 * MINUTE;
  await engine.sweep();
  await vi.waitFor(async () =>
    expect(await readRequest(store.db, id)).toMatchObject({ nobodyThereAt: null, version: 3 }),
  );
  const events = (await readRequestAudit(store.db, id)).map(({ event }) => event);
  expect(events).toEqual(["request.created", "approvers.away", "approvers.back"]);
});

it.each(["approved", "denied", "cancelled", "voided"] as const)(
  "nobody is reminded of what was %s while it was found out whom to remind",
  async (to) => {
    const world = await startWorld();
    const store = await openSqlite(world);
    const at = Date.now();
    const { id } = await insertRequest(store.db, dueRequest(at));
    const people = world.slack.faults.hold("usergroups.users.list");
    const nudging = nudge(
      depsOf(world, store, () => at),
      id,
    );
    await people.arrived;
    const moved = await moveRequest(store.db, id, transitionTo(to, { at }));
    people.release();
    expect(await nudging).toEqual(moved);
    expect(await remindersOf(store, id)).toBe(0);
    expect(await readUnposted(store.db, id)).toEqual([]);
  },
);

it("a policy that was changed to remind later is followed, and the request looked at again then", async () => {
  const world = await startWorld({
    policy: `channels: { approvals: ${CHANNELS.approvals} }
operators: [U0ALICE01]
approvers: [U0BOB0001]
actions: { revoke: { remind_after: 30m } }
`,
  });
  const store = await openSqlite(world);
  const at = Date.now();
  const { id } = await insertRequest(store.db, dueRequest(at));
  const after = await nudge(
    depsOf(world, store, () => at),
    id,
  );
  expect(after).toMatchObject({ reminders: 0, nudgeAt: at + 20 * MINUTE, version: 1 });
  expect(await remindersOf(store, id)).toBe(0);
});

describeWithPostgres("two replicas on one PostgreSQL", () => {
  it("write and post each reminder once between them", async () => {
    const world = await startWorld();
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const stores = await Promise.all([1, 2].map(() => openStore({ kind: "postgres", url })));
    onTestFinished(async () => {
      await Promise.all(stores.map((store) => store.close()));
    });
    const [first] = stores;
    if (first === undefined) throw new Error("no store");
    const at = Date.now();
    const ids: string[] = [];
    for (let made = 0; made < 5; made += 1) ids.push((await insertRequest(first.db, dueRequest(at))).id);

    const engines = stores.map((store) => createEngine(depsOf(world, store, () => at)));
    onTestFinished(async () => {
      await Promise.all(engines.map((engine) => engine.stop()));
    });
    // Both find out whom to remind before either writes.
    const people = world.slack.faults.hold("users.info");
    const direct = stores.flatMap((store) => {
      const deps = depsOf(world, store, () => at);
      return ids.map((id) => nudge(deps, id));
    });
    await people.arrived;
    const started = Promise.all(engines.map((engine) => engine.start()));
    people.release();
    await Promise.all([...direct, started]);

    await world.slack.waitFor(() => postedReminders(world).length >= ids.length || undefined, 60_000);
    for (const id of ids) {
      expect(await remindersOf(first, id)).toBe(1);
      expect(await readRequest(first.db, id)).toMatchObject({ reminders: 1 });
    }
    expect(postedReminders(world)).toHaveLength(ids.length);
  });
});
