/** @module-tag slow */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { expect, it, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  CHANNELS,
  finishedThread,
  newEphemeral,
  PEOPLE,
  press,
  startWorld,
  type,
  type World,
} from "../../support/harness.ts";
import {
  probe,
  query,
  spawnBot,
  startBotProcess,
  type LogLine,
  type ReadyBot,
} from "../../support/process.ts";
import { describeWithMounts, mountSmallDisk } from "../../support/small-disk.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const WAIT = { timeout: 60_000, interval: 50 };
const MAIN = pathToFileURL(join(import.meta.dirname, "..", "..", "..", "src", "main.ts")).href;

async function expectReady(bot: ReadyBot, is: string): Promise<void> {
  await vi.waitFor(async () => expect((await probe(bot, "/readyz")).text.split("\n")[0]).toBe(is), WAIT);
}

/** What only this person is told of what they do. */
async function told({ slack }: World, user: string, act: () => Promise<unknown>): Promise<string> {
  const before = slack.ephemerals(user).length;
  await act();
  return slack.visibleText(await newEphemeral(slack, user, before));
}

/** Starts the bot as `npm start > FILE` does. */
async function startWritingTo(world: World, file: string): Promise<ReadyBot & { lines(): LogLine[] }> {
  const main = join(world.folder, "redirected.mjs");
  // The lowest number that is free is standard output's.
  writeFileSync(
    main,
    `import { closeSync, openSync } from "node:fs"; closeSync(1); openSync(${JSON.stringify(file)}, "a"); await import(${JSON.stringify(MAIN)});`,
  );
  const bot = spawnBot(world.env, undefined, main);
  const lines = (): LogLine[] =>
    readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as LogLine);
  const url = await vi.waitFor(() => {
    const ready = lines().find(({ msg }) => msg === "ready");
    if (ready === undefined) throw new Error(`not ready: ${bot.stderr()}`);
    return String(ready["url"]);
  }, WAIT);
  world.slack.setDelivery({ mode: "http", url: `${url}/slack/events` });
  return { ...bot, url, readyMs: 0, lines };
}

const NOTHING_DONE =
  /^⚠️ Nothing was done: zt-bot can't write anything down now\.\nIts database has no room: its disk is full/;

describeWithMounts("a disk that is full, with the database and the log on it", () => {
  it("ends nothing: every change is refused with the reason, and with room again all goes on, the log as well", async () => {
    const world = await startWorld({ mode: "http" });
    const { slack, cloudflare } = world;
    const folder = join(world.folder, "data");
    const disk = mountSmallDisk(folder);
    const bot = await startWritingTo(world, join(folder, "zt-bot.log"));
    const card = await askToRevoke(slack);
    disk.fill();

    await expectReady(bot, "the database takes no writes");
    expect(await told(world, PEOPLE.bob, () => press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve))).toMatch(
      NOTHING_DONE,
    );
    expect(await told(world, PEOPLE.bob, () => type(slack, PEOPLE.bob, "pause --reason to see"))).toMatch(
      NOTHING_DONE,
    );
    const request = "revoke rhea@example.com --reason a second one";
    expect(await told(world, PEOPLE.alice, () => type(slack, PEOPLE.alice, request))).toMatch(NOTHING_DONE);
    expect((await answerTo(slack, PEOPLE.alice, "user mallory@example.com")).words).toContain(
      "3 active sessions",
    );
    await type(slack, PEOPLE.alice, "doctor");
    await slack.waitFor(() =>
      slack
        .ephemerals(PEOPLE.alice)
        .some((answer) =>
          /❌ Database: The database takes no writes[\s\S]*→ Free the disk/.test(slack.visibleText(answer)),
        ),
    );

    disk.free();
    await expectReady(bot, "ready");
    expect(slack.messages(CHANNELS.approvals)).toHaveLength(1);
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    expect((await finishedThread(slack, card)).at(-1)).toContain("verified at");
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
    await vi.waitFor(
      () =>
        expect(bot.lines().map(({ msg }) => msg)).toEqual(
          expect.arrayContaining(["the database takes no writes", "the database takes writes again"]),
        ),
      WAIT,
    );
    expect(await bot.stop()).toHaveProperty("code", 0);
    expect(bot.stderr()).toBe("");
  });

  it("neither keeps the process from being stopped, nor from saying on its error output why it does not start", async () => {
    const world = await startWorld({ mode: "http" });
    const folder = join(world.folder, "data");
    const disk = mountSmallDisk(folder);
    const bot = await startWritingTo(world, join(folder, "zt-bot.log"));
    disk.fill();
    await expectReady(bot, "the database takes no writes");
    expect((await bot.stop()).tookMs).toBeLessThan(20_000);
  });
});

describeWithMounts("an execution on whose way the disk becomes full", () => {
  it.each(["before its call", "between its call and the answer", "while it is verified"] as const)(
    "(%s) comes to its end by itself once there is room, with one call and nothing told twice",
    async (when) => {
      const world = await startWorld();
      const { slack, cloudflare } = world;
      const disk = mountSmallDisk(join(world.folder, "data"));
      const bot = await startBotProcess(world);
      const card = await askToRevoke(slack);
      let held =
        when === "before its call"
          ? cloudflare.faults.hold("users.get")
          : cloudflare.faults.holdAnswer("revoke-user");
      await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
      await held.arrived;
      // What stands before the call is read while the click is still being judged.
      await vi.waitFor(() =>
        expect(query(world, "SELECT status FROM requests")).not.toEqual([{ status: "pending" }]),
      );
      if (when === "while it is verified") {
        const look = cloudflare.faults.hold("sessions.list");
        held.release();
        held = look;
        await held.arrived;
      }
      disk.fill();
      held.release();
      await expectReady(bot, "the database takes no writes");
      await vi.waitFor(() => expect(bot.logs("execution failed, it is tried again")).not.toEqual([]), WAIT);
      expect(callsTo(cloudflare, "POST", "revoke_user").length).toBe(when === "before its call" ? 0 : 1);

      disk.free();
      const thread = await finishedThread(slack, card, 120_000);
      expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
      for (const once of ["Approved by @bob", "Calling Cloudflare", "verified at"])
        expect(
          thread.filter((text) => text.includes(once)),
          once,
        ).toHaveLength(1);
      expect(query(world, "SELECT status FROM requests")).toEqual([{ status: "succeeded" }]);
      expect(bot.stderr()).toBe("");
    },
  );
});
