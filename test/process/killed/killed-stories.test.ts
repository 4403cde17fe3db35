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

/** When the bot is killed in each step. */
const RECORDED = "as soon as it is in the record";
const POSTED = "when its first message is in Slack, and the bot was not told so";

describe("killed at every step of an incident, on SQLite,", () => {
  tellAgain([RECORDED, POSTED], () => Promise.resolve({}));
});

// The second moment alone: the first is in it, and each step takes a while here.
describeWithPostgres("killed at every step of an incident, on PostgreSQL,", () => {
  tellAgain([POSTED], async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    return { databaseUrl: url };
  });
});

function tellAgain(moments: string[], openDatabase: () => Promise<{ databaseUrl?: string }>): void {
  it.each(moments)("%s, the bot tells the same story: no message and no call twice", async (moment) => {
    const world = await startWorld({ mode: "http", policy, ...(await openDatabase()) });
    const { slack, cloudflare } = world;
    let bot = await startBotProcess(world);
    let post: ReturnType<typeof slack.faults.holdAnswer> | null = null;
    let read: ReturnType<typeof cloudflare.faults.hold> | null = null;
    const { thread, requests } = await tell(world, steps, {
      before({ name }) {
        const isHeld = moment === POSTED && !POST_NOTHING.has(name);
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
  });
}
