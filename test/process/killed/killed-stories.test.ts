import { join } from "node:path";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { askedOf, startWorld } from "../../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { startBotProcess } from "../../support/process.ts";
import { STORIES } from "../../support/stories.ts";
import { findDoubles, tell } from "../../support/tell-story.ts";

// Each step starts a process, and what a dead one held on PostgreSQL is free after half a minute only.
vi.setConfig({ testTimeout: 900_000 });

const FILES = join(import.meta.dirname, "..", "..", "stories");
const { policy, steps } = STORIES["phished-user"];
/** What these steps show is no message of the outbox: the one who asked waits for it. */
const POST_NOTHING: ReadonlySet<string> = new Set(["look up", "export"]);

type Moment = "recorded" | "posted";

describe("killed at every step of an incident, on SQLite,", () => {
  it("as soon as it is in the record, the bot tells the same story: no message and no call twice", () =>
    tellAgain("recorded"));

  it("when its first message is in Slack, and the bot was not told so, it tells the same story", () =>
    tellAgain("posted"));
});

describeWithPostgres("killed at every step of an incident, on PostgreSQL,", () => {
  it("when its first message is in Slack, and the bot was not told so, it tells the same story", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    await tellAgain("posted", { databaseUrl: url });
  });
});

async function tellAgain(moment: Moment, options: { databaseUrl?: string } = {}): Promise<void> {
  const world = await startWorld({ mode: "http", policy, ...options });
  const { slack, cloudflare } = world;
  let bot = await startBotProcess(world);
  let post: ReturnType<typeof slack.faults.holdAnswer> | null = null;
  let read: ReturnType<typeof cloudflare.faults.hold> | null = null;
  const { thread, requests } = await tell(world, steps, {
    before({ name }) {
      const isHeld = moment === "posted" && !POST_NOTHING.has(name);
      post = isHeld ? slack.faults.holdAnswer("chat.postMessage") : null;
      // Before the call, that is: a call that is cut is another story, which says so. See killed-executing.test.ts.
      read = name.startsWith("approve") ? cloudflare.faults.hold("users.get") : null;
    },
    async between() {
      await post?.arrived;
      await bot.kill();
      post?.release();
      read?.release();
      bot = await startBotProcess(world);
    },
  });
  await expect(thread).toMatchFileSnapshot(join(FILES, "phished-user.txt"));
  await expect(requests).toMatchFileSnapshot(join(FILES, "phished-user-requests.txt"));
  expect(findDoubles(world)).toEqual([]);
  const writes = askedOf(cloudflare).filter(({ method }) => method !== "GET");
  expect(writes.map(({ route }) => route)).toEqual(["revoke-user", "lists.change", "revoke-user"]);
  expect(slack.violations).toEqual([]);
  expect(await bot.stop()).toHaveProperty("code", 0);
}
