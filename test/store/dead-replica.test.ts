import { expect, it, onTestFinished } from "vitest";

import type { Cloudflare } from "../../src/api/cloudflare.ts";
import { readConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log/log.ts";
import { createEngine } from "../../src/engine.ts";
import { LEASE_MS } from "../../src/requests/lease.ts";
import { insertRequest } from "../../src/requests/repository.ts";
import { openPolicy } from "../../src/policy-file.ts";
import { createChannels } from "../../src/slack/channels.ts";
import { createSlackClients } from "../../src/slack/clients.ts";
import { createDirectory } from "../../src/slack/directory.ts";
import { openStore } from "../../src/store/open.ts";
import { CHANNELS, startWorld } from "../support/harness.ts";
import { newRequest, takeLeaseFor } from "./fixture.ts";

it("what a dead replica was posting is posted by another when the dead one's lease has run out, and not before", async () => {
  const world = await startWorld();
  const store = await openStore(readConfig(world.env).database);
  onTestFinished(() => store.close());
  const slack = createSlackClients(world.env["SLACK_BOT_TOKEN"] ?? "", world.slack.apiUrl);
  const at = Date.UTC(2027, 0, 15, 12);
  const { id } = await insertRequest(store.db, newRequest({ at }));
  expect(await takeLeaseFor(store.db, "publishing", id, () => at)).not.toBeNull();

  for (const [now, cards] of [
    [at + LEASE_MS - 1000, 0],
    [at + LEASE_MS + 1000, 1],
  ] as const) {
    const engine = createEngine({
      drawers: {},
      db: store.db,
      clock: { now: () => now, sync: () => Promise.resolve() },
      cloudflare: {} as Cloudflare,
      slack: slack.background,
      log: createLogger("silent"),
      now: () => now,
      policy: openPolicy(world.env["ZT_POLICY_FILE"] ?? ""),
      channels: createChannels(slack.interactive, () => now),
      directory: createDirectory(slack.interactive, () => now, createLogger("silent")),
      presence: () => Promise.resolve(true),
      approverRisk: () => Promise.resolve({ kind: "fine" }),
      homeTeamId: "T0SANDBOX",
    });
    // Starting sweeps at once, and stopping waits for what that began.
    await engine.start();
    await engine.stop();
    expect(world.slack.messages(CHANNELS.approvals)).toHaveLength(cards);
  }
});
