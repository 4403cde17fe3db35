import { join } from "node:path";

import { expect, it, vi } from "vitest";

import { callsTo, startWorld } from "../../support/harness.ts";
import { startBotProcess } from "../../support/process.ts";
import { STORIES } from "../../support/stories.ts";
import { tell } from "../../support/tell-story.ts";

// Each step starts a process: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 400_000 });

const STORY = join(import.meta.dirname, "..", "..", "stories", "phished-user.txt");

it("killed at every step of an incident, the bot tells the same story: no message and no call twice", async () => {
  const { policy, steps } = STORIES["phished-user"];
  const world = await startWorld({ mode: "http", policy });
  let bot = await startBotProcess(world);
  const { thread } = await tell(world, steps, {
    between: async () => {
      await bot.kill();
      bot = await startBotProcess(world);
    },
  });
  await expect(thread).toMatchFileSnapshot(STORY);
  expect(callsTo(world.cloudflare, "POST", "revoke_user")).toHaveLength(2);
  expect(callsTo(world.cloudflare, "PATCH", "/gateway/lists/")).toHaveLength(1);
  expect(world.slack.violations).toEqual([]);
  expect(await bot.stop()).toHaveProperty("code", 0);
});
