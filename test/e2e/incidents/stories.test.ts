/** @module-tag slow */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { CHANNELS, startBot, startWorld, type World } from "../../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { type Ran, runHere } from "../../audit/support.ts";
import { STORIES } from "../../support/stories.ts";
import { findDoubles, type Story, tell } from "../../support/tell-story.ts";

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
      const { thread, requests, markdown, json, files } = await tell(world, steps, { count });
      await expect(thread).toMatchFileSnapshot(join(FILES, `${name}.txt`));
      await expect(requests).toMatchFileSnapshot(join(FILES, `${name}-requests.txt`));
      await expect(markdown).toMatchFileSnapshot(join(FILES, `${name}-export.md`));
      await expect(json).toMatchFileSnapshot(join(FILES, `${name}-export.json.txt`));
      expect(await verifyExport(world, files)).toMatchObject({
        code: 0,
        stderr: "",
        stdout: expect.stringMatching(/(\d+) of \1 rows are as in the database's record\./),
      });
      expect(findDoubles(world)).toEqual([]);
      expect(world.slack.violations).toEqual([]);
      expect(world.slack.messages(CHANNELS.incident)).toHaveLength(1);
    },
  );
}

/** `npm run audit -- verify-export`, as who got the files checks them. */
function verifyExport({ folder, env }: World, { json, markdown }: Story["files"]): Promise<Ran> {
  const [jsonFile, markdownFile] = [join(folder, "x.json"), join(folder, "x.md")];
  writeFileSync(jsonFile, json);
  writeFileSync(markdownFile, markdown);
  return runHere({ DATABASE_URL: env["DATABASE_URL"] ?? "" }, "verify-export", jsonFile, markdownFile);
}
