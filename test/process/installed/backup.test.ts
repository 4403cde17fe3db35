import { execFile } from "node:child_process";
import { existsSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";

import { expect, it, onTestFinished, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  finishedThread,
  PEOPLE,
  press,
  startWorld,
  type World,
} from "../../support/harness.ts";
import { createOwnedDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { startBotProcess } from "../../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const BACKUP = join(import.meta.dirname, "..", "..", "..", "scripts", "backup.ts");

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** `npm run backup` (make) or `npm run restore`, with these settings of a world. */
async function run(world: World, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const { PATH = "" } = process.env;
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [BACKUP, ...args], {
      env: { ...world.env, PATH, ...env },
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as Ran;
  }
}

/** One request to its end, and one that waits. */
async function work({ slack }: World): Promise<void> {
  const card = await askToRevoke(slack);
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  await finishedThread(slack, card);
  await askToRevoke(slack, { text: "revoke alice@example.com --reason waits" });
}

/** The bot goes on from what was restored: nothing is done again, and what waited still does. */
async function goesOn(world: World): Promise<void> {
  const before = callsTo(world.cloudflare, "POST", "revoke_user").length;
  const bot = await startBotProcess(world);
  const { words } = await answerTo(world.slack, PEOPLE.bob, "requests all");
  expect(words).toMatch(/mallory@example\.com\n.*done and verified/);
  expect(words).toMatch(/alice@example\.com\n.*waiting for approval/);
  expect(callsTo(world.cloudflare, "POST", "revoke_user")).toHaveLength(before);
  await bot.stop();
}

it("SQLite: a backup made beside the running bot is restored elsewhere, with the record verified both times", async () => {
  const world = await startWorld();
  const bot = await startBotProcess(world);
  await work(world);
  const file = join(world.folder, "backup.db");
  const made = await run(world, ["make", file]);
  expect(made).toMatchObject({ code: 0, stderr: "" });
  expect(made.stdout).toMatch(/Backed up into .*\n[\s\S]*whole/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(existsSync(`${file}-wal`)).toBe(false);
  expect(await run(world, ["make", file])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("name a new file") as string,
  });
  expect((await run(world, ["restore", file])).stderr).toContain("stop zt-bot and move it away first");
  await bot.kill();

  renameSync(join(world.folder, "data"), join(world.folder, "lost"));
  const restored = await run(world, ["restore", file]);
  expect(restored).toMatchObject({ code: 0, stderr: "" });
  expect(restored.stdout).toMatch(/Restored from .*\n[\s\S]*whole/);
  await goesOn(world);
});

it("a record that was changed shows when it is backed up, and what is no backup is not restored", async () => {
  const world = await startWorld();
  const bot = await startBotProcess(world);
  await work(world);
  await bot.stop();
  const database = new DatabaseSync(join(world.folder, "data", "zt.db"));
  const triggers = database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER "${String(name)}"`);
  database.exec("UPDATE audit SET actor = 'U0NOBODY' WHERE event = 'request.approved'");
  database.close();
  expect(await run(world, ["make", join(world.folder, "backup.db")])).toMatchObject({ code: 1 });

  const file = join(world.folder, "other.db");
  writeFileSync(file, "no database");
  renameSync(join(world.folder, "data"), join(world.folder, "lost"));
  const refused = await run(world, ["restore", file]);
  expect(refused).toMatchObject({ code: 2, stderr: `${file} is no backup of zt-bot's SQLite database.\n` });
  expect(existsSync(join(world.folder, "data"))).toBe(false);
});

describeWithPostgres("PostgreSQL", () => {
  it("a backup made beside the running bot is restored into another database, with the rights and the record verified", async () => {
    const [from, to] = [await createOwnedDatabase(), await createOwnedDatabase()];
    onTestFinished(() => from.drop());
    onTestFinished(() => to.drop());
    const world = await startWorld({ databaseUrl: from.botUrl });
    const migrate = join(BACKUP, "..", "migrate.ts");
    const owner = { MIGRATION_DATABASE_URL: from.ownerUrl };
    await promisify(execFile)(process.execPath, [migrate], { env: { ...world.env, ...owner } });
    const bot = await startBotProcess(world);
    await work(world);
    const file = join(world.folder, "backup.pgdump");
    expect(await run(world, ["make", file], owner)).toMatchObject({ code: 0, stderr: "" });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await run(world, ["restore", file], owner)).stderr).toContain("create an empty one");
    await bot.kill();

    world.env["DATABASE_URL"] = to.botUrl;
    const restored = await run(world, ["restore", file], { MIGRATION_DATABASE_URL: to.ownerUrl });
    expect(restored).toMatchObject({ code: 0, stderr: "" });
    expect(restored.stdout).toMatch(/Restored from .*\n[\s\S]*whole/);
    await goesOn(world);
  });
});
