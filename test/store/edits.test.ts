import { expect, it, onTestFinished } from "vitest";

import { readConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log/log.ts";
import { publishRequest } from "../../src/outbox/publish.ts";
import { openPolicy } from "../../src/policy-file.ts";
import { insertRequest, readRequest } from "../../src/requests/repository.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import { changeRequest } from "../../src/requests/change.ts";
import { createChannels } from "../../src/slack/channels.ts";
import { createSlackClients } from "../../src/slack/clients.ts";
import { openStore } from "../../src/store/open.ts";
import { CHANNELS, startWorld } from "../support/harness.ts";
import { newRequest, NOW, transitionTo } from "./fixture.ts";

it("of all that changes while an edit waits for its turn, the card shows the last, in one edit", async () => {
  const world = await startWorld();
  const store = await openStore(readConfig(world.env).database);
  onTestFinished(() => store.close());
  const { background: slack } = createSlackClients(world.env["SLACK_BOT_TOKEN"] ?? "", world.slack.apiUrl, {
    postsPerSecond: 2,
  });
  const deps = {
    db: store.db,
    slack,
    log: createLogger("silent"),
    now: () => NOW,
    policy: openPolicy(world.env["ZT_POLICY_FILE"] ?? ""),
    channels: createChannels(slack, Date.now),
  };
  const { id } = await insertRequest(store.db, newRequest({ posts: [] }));
  await publishRequest(deps, id);
  const [card] = world.slack.messages(CHANNELS.approvals);
  const place = { channel: CHANNELS.approvals, ts: card?.ts ?? "", text: "another edit" };
  await Promise.all(Array.from({ length: 10 }, () => slack.chat.update(place)));

  await changeRequest(store.db, { id, at: NOW, set: { nudge_at: null } });
  const publishing = publishRequest(deps, id);
  await changeRequest(store.db, { id, at: NOW, set: { nudge_at: null } });
  await moveRequest(store.db, id, transitionTo("cancelled"));
  await publishing;

  const edits = world.slack.calls.filter(({ method }) => method === "chat.update").slice(10);
  expect(edits).toHaveLength(1);
  expect(JSON.stringify(edits[0]?.args)).toMatch(/cancelled/i);
  const shown = await readRequest(store.db, id);
  expect(shown?.cardVersion).toBe(shown?.version);
});
