import { expect, it, onTestFinished } from "vitest";

import { createLogger } from "../../src/log.ts";
import { addPosts, readUnposted } from "../../src/requests/posts.ts";
import { publishRequest } from "../../src/requests/publish.ts";
import { insertRequest, readRequest } from "../../src/requests/store.ts";
import { openPolicy } from "../../src/policy-file.ts";
import { createSlackClients } from "../../src/slack/clients.ts";
import { openStore } from "../../src/store/open.ts";
import { readConfig } from "../../src/config.ts";
import { CHANNELS, startWorld } from "../support/harness.ts";
import { newRequest, NOW } from "./fixture.ts";

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
