import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, it, onTestFinished, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { runHere } from "../../audit/support.ts";
import {
  answerTo,
  askToRevoke,
  finishedThread,
  PEOPLE,
  press,
  startBot,
  startWorld,
  wordsOf,
} from "../../support/harness.ts";
import { createOwnedDatabase, describeWithPostgres } from "../../support/postgres.ts";

const MIGRATE = join(import.meta.dirname, "..", "..", "..", "scripts", "migrate.ts");

describeWithPostgres("zt-bot with a role that may only add to the record", () => {
  it("does all its work; taking rows out needs the role that owns the tables", async () => {
    const { ownerUrl, botUrl, bot, drop } = await createOwnedDatabase();
    onTestFinished(drop);
    const world = await startWorld({ databaseUrl: botUrl, mode: "http" });
    const { slack } = world;
    const copy = join(world.folder, "copy.jsonl");
    world.env["AUDIT_FORWARD"] = `file:${copy}`;
    await expect(startBot(world)).rejects.toThrow("npm run migrate");
    const env = { PATH: process.env["PATH"], DATABASE_URL: botUrl, MIGRATION_DATABASE_URL: ownerUrl };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [MIGRATE], { env });
    expect({ stdout, stderr }).toEqual({
      stdout: `The database is up to date.\nThe role ${bot} has the rights that zt-bot needs.\n`,
      stderr: "",
    });

    const { bot: app, logs, policy, config } = await startBot(world);
    const card = await askToRevoke(slack);
    await answerTo(slack, PEOPLE.bob, "pause --reason a drill");
    await answerTo(slack, PEOPLE.bob, "resume");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    expect(wordsOf(slack, card)).toContain("verified at");
    await answerTo(slack, PEOPLE.alice, "revoke mallory@example.com trent@example.com --reason drill");
    writeFileSync(config.policyFile, `${readFileSync(config.policyFile, "utf8")}\n# changed\n`);
    await app.reloadPolicy();
    expect(policy.hash()).not.toBe("");
    await vi.waitFor(() => expect(existsSync(copy) && readFileSync(copy, "utf8")).toContain("bot.resumed"));
    await vi.waitFor(() => expect(slack.messages(slack.dm(PEOPLE.alice))).not.toEqual([]));
    await app.stop();
    expect(
      logs()
        .split("\n")
        .filter((line) => /"level":"(?:error|fatal)"|permission denied|too strong/.test(line)),
    ).toEqual([]);

    const file = join(world.folder, "archive.jsonl");
    const settings = { DATABASE_URL: botUrl };
    expect(await runHere(settings, "verify")).toMatchObject({ code: 0 });
    expect(await runHere(settings, "checkpoint")).toMatchObject({ code: 0 });
    const refused = await runHere(settings, "archive", "--file", file, "--remove");
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain("set MIGRATION_DATABASE_URL");
    const asOwner = { ...settings, MIGRATION_DATABASE_URL: ownerUrl };
    expect(await runHere(asOwner, "archive", "--file", file, "--remove")).toMatchObject({ code: 0 });
    expect(await runHere(settings, "verify", "--archive", file)).toMatchObject({ code: 0 });
    // Both hold personal data.
    for (const written of [copy, file]) expect((statSync(written).mode & 0o777).toString(8)).toBe("600");
  });
});
