import { expect, it, onTestFinished } from "vitest";

import { createLogger } from "../../src/log/log.ts";
import { changeRequest } from "../../src/requests/change.ts";
import { LeaseLostError } from "../../src/requests/lease.ts";
import { findSweepWork } from "../../src/requests/sweep-queries.ts";
import { addPosts, readUnposted } from "../../src/requests/posts.ts";
import { publishRequest } from "../../src/outbox/publish.ts";
import { insertRequest, readRequest } from "../../src/requests/repository.ts";
import { openPolicy } from "../../src/policy-file.ts";
import { createChannels } from "../../src/slack/channels.ts";
import { createSlackClients } from "../../src/slack/clients.ts";
import { openStore } from "../../src/store/open.ts";
import { readConfig } from "../../src/config.ts";
import { CHANNELS, startWorld } from "../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { letLeaseRunOut, newRequest, NOW, takeLeaseFor } from "./fixture.ts";

it(
  "one publisher that needs minutes for a thread keeps its lease: another posts nothing beside it",
  { tags: ["slow"] },
  async () => {
    const world = await startWorld();
    const store = await openStore(readConfig(world.env).database);
    onTestFinished(() => store.close());
    let now = NOW;
    const slack = createSlackClients(world.env["SLACK_BOT_TOKEN"] ?? "", world.slack.apiUrl).background;
    const deps = {
      db: store.db,
      slack,
      log: createLogger("silent"),
      now: () => now,
      policy: openPolicy(world.env["ZT_POLICY_FILE"] ?? ""),
      channels: createChannels(slack, Date.now),
    };
    const { id } = await insertRequest(store.db, newRequest({ posts: [] }));
    const keys = ["a", "b", "c", "d"];
    await addPosts(
      store.db,
      id,
      NOW,
      keys.map((key) => ({ key, surface: "thread", data: { kind: "summary" } })),
    );

    // Each message, the card among them, takes the better part of a lease's half minute; meanwhile a second one tries.
    let post = world.slack.faults.hold("chat.postMessage");
    const first = publishRequest(deps, id);
    for (let message = 0; message <= keys.length; message += 1) {
      await post.arrived;
      now += 25_000;
      const before = world.slack.calls.length;
      await publishRequest(deps, id);
      expect(world.slack.calls).toHaveLength(before);
      const next = world.slack.faults.hold("chat.postMessage");
      post.release();
      post = next;
    }
    await first;

    const [card] = world.slack.messages(CHANNELS.approvals);
    expect(world.slack.thread(CHANNELS.approvals, card?.ts ?? "")).toHaveLength(keys.length);
    expect(await readUnposted(store.db, id)).toEqual([]);
    expect(await readRequest(store.db, id)).toMatchObject({ version: 1, cardVersion: 1 });
  },
);

it("a publisher that was frozen before it posted the card posts none beside the other's when it wakes", async () => {
  const world = await startWorld();
  const store = await openStore(readConfig(world.env).database);
  onTestFinished(() => store.close());
  const slack = createSlackClients(world.env["SLACK_BOT_TOKEN"] ?? "", world.slack.apiUrl).background;
  const policy = openPolicy(world.env["ZT_POLICY_FILE"] ?? "");
  const channels = createChannels(slack, Date.now);
  const deps = { db: store.db, slack, policy, channels, log: createLogger("silent"), now: Date.now };
  const { id } = await insertRequest(store.db, newRequest());
  // Somebody may have posted it before: it is looked for first, and there it stands still.
  await changeRequest(store.db, { id, at: NOW, isShown: false, set: { card_attempted_at: Date.now() } });
  const look = world.slack.faults.holdAnswer("conversations.history");
  const frozen = publishRequest(deps, id).catch((error: unknown) => error);
  await look.arrived;
  await letLeaseRunOut(store.db, id);
  await changeRequest(store.db, { id, at: NOW, isShown: false, set: { card_attempted_at: null } });
  expect(await publishRequest(deps, id)).toBe(true);
  const before = await readRequest(store.db, id);
  look.release();
  expect(await frozen).toBeInstanceOf(LeaseLostError);
  expect(world.slack.messages(CHANNELS.approvals)).toHaveLength(1);
  expect(await readRequest(store.db, id)).toEqual(before);
});

describeWithPostgres("replicas whose clocks are 35 s apart", () => {
  it("post each message once: what one of them is posting, the other neither takes over nor looks for", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const world = await startWorld({ databaseUrl: url });
    const { database } = readConfig(world.env);
    const [one, other] = await Promise.all([openStore(database), openStore(database)]);
    onTestFinished(async () => {
      await Promise.all([one.close(), other.close()]);
    });
    const slack = createSlackClients(world.env["SLACK_BOT_TOKEN"] ?? "", world.slack.apiUrl).background;
    const policy = openPolicy(world.env["ZT_POLICY_FILE"] ?? "");
    const channels = createChannels(slack, Date.now);
    const deps = { slack, policy, channels, log: createLogger("silent") };
    const behind = { ...deps, db: one.db, now: () => Date.now() };
    const ahead = { ...deps, db: other.db, now: () => Date.now() + 35_000 };
    const { id } = await insertRequest(one.db, newRequest());

    // One after the other has it, and whoever else comes finds nothing to do.
    for (const [busy, idle] of [
      [behind, ahead],
      [ahead, behind],
    ] as const) {
      await addPosts(one.db, id, NOW, [
        { key: String(busy.now()), surface: "thread", data: { kind: "summary" } },
      ]);
      const post = world.slack.faults.hold("chat.postMessage");
      const publishing = publishRequest(busy, id);
      await post.arrived;
      const before = world.slack.calls.length;
      expect(await publishRequest(idle, id)).toBe(false);
      expect((await findSweepWork(idle.db, idle.now())).unpublished).toEqual([]);
      expect(world.slack.calls).toHaveLength(before);
      post.release();
      expect(await publishing).toBe(true);
    }
    expect(world.slack.messages(CHANNELS.approvals)).toHaveLength(1);

    // A dead one's lease runs out for both.
    expect(await takeLeaseFor(one.db, "publishing", id)).not.toBeNull();
    await letLeaseRunOut(one.db, id);
    expect(await publishRequest(behind, id)).toBe(true);
  });
});
