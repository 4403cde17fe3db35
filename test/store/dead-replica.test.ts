import { expect, it, onTestFinished, vi } from "vitest";

import type { Cloudflare } from "../../src/api/cloudflare.ts";
import { readConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { createEngine } from "../../src/requests/engine.ts";
import { CLAIM_MS } from "../../src/requests/claim.ts";
import { insertRequest } from "../../src/requests/store.ts";
import { claimPublishing } from "../../src/requests/publishing.ts";
import { openPolicy } from "../../src/policy-file.ts";
import { createSlackClients } from "../../src/slack/clients.ts";
import { createDirectory } from "../../src/slack/directory.ts";
import { openStore } from "../../src/store/open.ts";
import { CHANNELS, startWorld } from "../support/harness.ts";
import { newRequest } from "./fixture.ts";

// The publisher that finds a dead replica's claim takes it for a live one and is done. The sweep must neither take
// its turn for such a one, nor wait for long when the claim has run out.
it("what a dead replica was posting is posted by another when the dead one's claim has run out", async () => {
  const world = await startWorld();
  const store = await openStore(readConfig(world.env).database);
  onTestFinished(() => store.close());
  const slack = createSlackClients(world.env["SLACK_BOT_TOKEN"] ?? "", world.slack.apiUrl);
  // The start of one of the sweep's rounds.
  const at = Date.UTC(2027, 0, 15, 12);
  const { id } = await insertRequest(store.db, newRequest({ at }));
  await claimPublishing(store.db, id, at, CLAIM_MS);

  for (const now of [at + 1000, at + CLAIM_MS + 1000]) {
    const engine = createEngine({
      db: store.db,
      workflows: store.workflows,
      publications: store.publications,
      cloudflare: {} as Cloudflare,
      slack: slack.background,
      log: createLogger("silent"),
      now: () => now,
      policy: openPolicy(world.env["ZT_POLICY_FILE"] ?? ""),
      directory: createDirectory(slack.interactive, () => now, createLogger("silent")),
      presence: () => Promise.resolve(true),
      hygiene: () => Promise.resolve({ kind: "fine" }),
      homeTeamId: "T0SANDBOX",
    });
    // Starting sweeps at once, as the timer does every half minute.
    await engine.start();
    await vi.waitFor(
      async () => {
        const { data } = await store.publications.listWorkflowRuns({ limit: 10 });
        expect(data.filter((run) => run.status === "running" || run.status === "pending")).toEqual([]);
      },
      { timeout: 20_000 },
    );
    await engine.stop();
  }
  expect(world.slack.messages(CHANNELS.approvals)).toHaveLength(1);
});
