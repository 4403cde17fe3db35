import { execFileSync } from "node:child_process";

import { expect, it, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  newEphemeral,
  PEOPLE,
  press,
  startWorld,
  wordsOf,
} from "../../support/harness.ts";
import { probe, type ReadyBot, startBotProcess } from "../../support/process.ts";

// It starts a process: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

/** To the process it looks like a full disk: no file may be written to past its first byte. */
function fillDisk({ pid }: ReadyBot): { empty(): void } {
  const limit = (bytes: string) => execFileSync("prlimit", [`--pid=${pid}`, `--fsize=${bytes}:unlimited`]);
  limit("0");
  return { empty: () => void limit("unlimited") };
}

it("a full disk leaves look-ups as they are, refuses what would change something, and ends by itself", async () => {
  const world = await startWorld({ mode: "http" });
  const { slack, cloudflare } = world;
  const bot = await startBotProcess(world);
  const card = await askToRevoke(slack);
  const readiness = async () => (await probe(bot, "/readyz")).text.split("\n")[0];
  expect(await readiness()).toBe("ready");
  const disk = fillDisk(bot);

  await vi.waitFor(async () => expect(await readiness()).toBe("the database takes no writes"), WAIT);
  const { words } = await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
  expect(words).toContain("3 active sessions");
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  const refusal = slack.visibleText(await newEphemeral(slack, PEOPLE.bob));
  expect(refusal).toContain("Nothing was done: zt-bot can't write anything down now.");
  expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
  expect(bot.logs("the database takes no writes")).toHaveLength(1);

  disk.empty();
  await vi.waitFor(async () => expect(await readiness()).toBe("ready"), WAIT);
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  await slack.waitFor(() => wordsOf(slack, card).includes("approved by @bob"));
  await slack.waitFor(() => callsTo(cloudflare, "POST", "revoke_user").length === 1);
  expect(bot.stderr()).toBe("");
});

const WAIT = { timeout: 15_000, interval: 50 };
