import { expect, it, onTestFinished } from "vitest";

import { createLogger } from "../../src/log.ts";
import { CLAIM_MS } from "../../src/requests/claim.ts";
import { findLoose } from "../../src/requests/loose.ts";
import { addPosts, readUnposted } from "../../src/requests/posts.ts";
import { publishRequest } from "../../src/requests/publish.ts";
import { claimPublishing } from "../../src/requests/publishing.ts";
import { insertRequest, readRequest } from "../../src/requests/store.ts";
import { openPolicy } from "../../src/policy-file.ts";
import { createSlackClients } from "../../src/slack/clients.ts";
import { openStore } from "../../src/store/open.ts";
import { readConfig } from "../../src/config.ts";
import { CHANNELS, startWorld } from "../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { letRightRunOut, newRequest, NOW } from "./fixture.ts";

it("one publisher that needs minutes for a thread keeps the right to it: another posts nothing beside it", async () => {
  const world = await startWorld();
  const store = await openStore(readConfig(world.env).database);
  onTestFinished(() => store.close());
  let now = NOW;
  const deps = {
    db: store.db,
    slack: createSlackClients(world.env["SLACK_BOT_TOKEN"] ?? "", world.slack.apiUrl).background,
    log: createLogger("silent"),
    now: () => now,
    policy: openPolicy(world.env["ZT_POLICY_FILE"] ?? ""),
  };
  const { id } = await insertRequest(store.db, newRequest({ posts: [] }));
  const keys = ["a", "b", "c", "d"];
  await addPosts(
    store.db,
    id,
    NOW,
    keys.map((key) => ({ key, surface: "thread", data: { kind: "summary" } })),
  );

  // Each message, the card among them, takes the better part of a claim's half minute; meanwhile a second one tries.
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
    const deps = { slack, policy, log: createLogger("silent") };
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
      expect((await findLoose(idle.db, idle.now())).unpublished).toEqual([]);
      expect(world.slack.calls).toHaveLength(before);
      post.release();
      expect(await publishing).toBe(true);
    }
    expect(world.slack.messages(CHANNELS.approvals)).toHaveLength(1);

    // A dead one's right runs out for both.
    await claimPublishing(one.db, id, Date.now(), CLAIM_MS);
    await letRightRunOut(one.db, id);
    expect(await publishRequest(behind, id)).toBe(true);
  });
});
