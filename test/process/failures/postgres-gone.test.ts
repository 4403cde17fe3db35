/** @module-tag slow */
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
  type,
  wordsOf,
  type World,
} from "../../support/harness.ts";
import { startNetwork, type Network } from "../../support/network.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { probe, startBotProcess, type ReadyBot } from "../../support/process.ts";

// Each test starts a process, and what it held is taken up again when its lease has run out.
vi.setConfig({ testTimeout: 240_000 });

const WAIT = { timeout: 90_000, interval: 100 };

interface Scene extends World {
  bot: ReadyBot;
  network: Network;
}

async function startBehind(mode: World["mode"]): Promise<Scene> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const network = await startNetwork(database.url);
  const world = await startWorld({ mode, databaseUrl: network.url });
  return { ...world, network, bot: await startBotProcess(world) };
}

async function expectReady({ bot }: Scene, is: string): Promise<void> {
  await vi.waitFor(async () => expect((await probe(bot, "/readyz")).text.split("\n")[0]).toBe(is), WAIT);
  expect(await probe(bot, "/healthz")).toEqual({ status: 200, text: "ok" });
}

/** What only this person is told of what they do now. */
async function told({ slack }: World, user: string, act: () => Promise<unknown>): Promise<string> {
  const before = slack.ephemerals(user).length;
  await act();
  const answer = await vi.waitFor(() => {
    const newest = slack.ephemerals(user)[before];
    if (newest === undefined) throw new Error("nothing was said");
    return newest;
  }, WAIT);
  return slack.visibleText(answer);
}

const NOTHING_DONE =
  /^⚠️ Nothing was done: zt-bot can't write anything down now\.\nIts database can't be reached, and nothing is changed/;
const NOT_KNOWN =
  /^⚠️ zt-bot's database can't be reached\.\nWhether anything was done is not known[\s\S]*→ Look at the card before you try again/;

describeWithPostgres("while PostgreSQL is gone", () => {
  it.each([
    ["http", NOTHING_DONE],
    ["socket", NOT_KNOWN],
  ] as const)(
    "(%s) look-ups go on, everyone else is told in words, and what was asked for goes on afterwards",
    async (mode, words) => {
      const scene = await startBehind(mode);
      const { slack, cloudflare, network, bot } = scene;
      const card = await askToRevoke(slack);
      const waiting = await askToRevoke(slack, { text: "revoke rhea@example.com --reason a second one" });
      const before = bot.logs().length;
      await network.cut();

      await expectReady(scene, "the database takes no writes");
      const [lookUp, click, pause] = await Promise.all([
        answerTo(slack, PEOPLE.alice, "user mallory@example.com"),
        told(scene, PEOPLE.bob, () => press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve)),
        told(scene, PEOPLE.carol, () => type(slack, PEOPLE.carol, "pause --reason to see")),
      ]);
      expect(lookUp.words).toContain("3 active sessions");
      expect(click).toMatch(words);
      expect(pause).toMatch(words);
      const list = await told(scene, PEOPLE.carol, () => type(slack, PEOPLE.carol, "requests"));
      expect(list).toMatch(/^⚠️ zt-bot's database can't be reached/);
      await type(slack, PEOPLE.bob, "doctor");
      await slack.waitFor(
        () =>
          slack
            .ephemerals(PEOPLE.bob)
            .some((answer) => slack.visibleText(answer).includes("❌ Database: The database can't be r")),
        60_000,
      );
      const lines = bot.logs().slice(before);
      for (const once of [
        "the database takes no writes",
        "sweep failed",
        "no notices from other replicas for a moment",
      ])
        expect(lines.filter(({ msg }) => msg === once).length, once).toBeLessThanOrEqual(1);

      await network.restore();
      await expectReady(scene, "ready");
      expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
      for (const one of [card, waiting]) {
        await press(slack, PEOPLE.bob, one, CARD_ACTIONS.approve);
        await finishedThread(slack, one);
      }
      expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(2);
      expect(wordsOf(slack, card)).toContain("verified at");
      expect(bot.stderr()).toBe("");
    },
  );

  it.each(["before its call", "between its call and the answer", "while it is verified"] as const)(
    "an execution that it left %s comes to its end afterwards, with one call",
    async (when) => {
      const scene = await startBehind("socket");
      const { slack, cloudflare, network, bot } = scene;
      const card = await askToRevoke(slack);
      let held =
        when === "before its call"
          ? cloudflare.faults.hold("users.get")
          : cloudflare.faults.holdAnswer("revoke-user");
      await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
      await held.arrived;
      // What stands before the call is read while the click is still being judged.
      await bot.logged("click taken");
      if (when === "while it is verified") {
        const look = cloudflare.faults.hold("sessions.list");
        held.release();
        held = look;
        await held.arrived;
      }
      await network.cut();
      held.release();
      await expectReady(scene, "the database takes no writes");
      await network.restore();
      const thread = await finishedThread(slack, card, 120_000);
      expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
      expect(thread.filter((text) => text.includes("verified at"))).toHaveLength(1);
      expect(thread.filter((text) => text.includes("Approved by @bob"))).toHaveLength(1);
    },
  );
});

describeWithPostgres("while PostgreSQL is silent", () => {
  it.each([
    ["http", NOTHING_DONE],
    ["socket", NOT_KNOWN],
  ] as const)(
    "(%s) look-ups go on, a click is answered in words, and what was asked for goes on when it speaks again",
    async (mode, words) => {
      const scene = await startBehind(mode);
      const { slack, cloudflare, network, bot } = scene;
      const card = await askToRevoke(slack);
      network.swallow(true);

      const [lookUp, click] = await Promise.all([
        answerTo(slack, PEOPLE.alice, "user mallory@example.com"),
        told(scene, PEOPLE.bob, () => press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve)),
      ]);
      expect(lookUp.words).toContain("3 active sessions");
      expect(click).toMatch(words);
      await expectReady(scene, "the database takes no writes");

      network.swallow(false);
      await expectReady(scene, "ready");
      expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
      await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
      await finishedThread(slack, card, 120_000);
      expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
      expect(bot.stderr()).toBe("");
    },
  );

  it("an execution that it left between its call and the answer comes to its end afterwards, with one call", async () => {
    const scene = await startBehind("socket");
    const { slack, cloudflare, network, bot } = scene;
    const card = await askToRevoke(slack);
    const held = cloudflare.faults.holdAnswer("revoke-user");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await held.arrived;
    await bot.logged("click taken");
    network.swallow(true);
    held.release();
    await expectReady(scene, "the database takes no writes");
    network.swallow(false);
    const thread = await finishedThread(slack, card, 180_000);
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
    expect(thread.filter((text) => text.includes("verified at"))).toHaveLength(1);
  });
});
