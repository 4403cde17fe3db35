/** @module-tag slow */
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { CHANNELS, startBot, startWorld } from "../../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { STORIES } from "../../support/stories.ts";
import { tell } from "../../support/tell-story.ts";

const FILES = join(import.meta.dirname, "..", "..", "stories");

describe("an incident, on SQLite,", () => {
  tellAll(() => Promise.resolve({}));
});

describeWithPostgres("an incident, on PostgreSQL,", () => {
  tellAll(async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    return { databaseUrl: url };
  });
});

function tellAll(openDatabase: () => Promise<{ databaseUrl?: string }>): void {
  it.each(Object.entries(STORIES))(
    "reads as a story: %s",
    { timeout: 240_000 },
    async (name, { policy, steps, count }) => {
      const world = await startWorld({ policy, ...(await openDatabase()) });
      await startBot(world, { watchMs: 100, sweepMs: 50 });
      const { thread, markdown } = await tell(world, steps, { count });
      await expect(thread).toMatchFileSnapshot(join(FILES, `${name}.txt`));
      if (markdown !== null) await expect(markdown).toMatchFileSnapshot(join(FILES, `${name}-export.md`));
      expect(world.slack.violations).toEqual([]);
      expect(world.slack.messages(CHANNELS.incident)).toHaveLength(1);
    },
  );
}
