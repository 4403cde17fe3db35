import { describe, expect, it, onTestFinished, vi } from "vitest";

import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { revokedEmails } from "../support/crowd.ts";
import {
  askToRevoke,
  callsTo,
  finishedThread,
  PEOPLE,
  press,
  startWorld,
  wordsOf,
  type World,
} from "../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { startBotProcess } from "../support/process.ts";
import { approveUpToOthers, askForCrowd, errorsOf, expectAllDone } from "./killed/several.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

/** Of the eight seconds that work is given to end. */
const WELL_WITHIN_MS = 5000;
const COUNT = 40;

const NAME =
  "finishes the users it is on, ends in time with nothing to complain of, and does the others after the start";

describe("a process that is asked to stop in the middle of many users", () => {
  it(`with SQLite ${NAME}`, async () => {
    const { revoked, emails } = await stopTwice(await startWorld());
    expect(revoked).toEqual(emails);
  });
});

describeWithPostgres("a process that is asked to stop in the middle of many users", () => {
  it(`with PostgreSQL ${NAME}, without waiting for a lease`, async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const { revoked, emails } = await stopTwice(await startWorld({ databaseUrl: url }));
    expect(revoked).toEqual(emails);
  });
});

/** @returns whom Cloudflare was asked to revoke, and who should be. */
async function stopTwice(world: World): Promise<{ revoked: string[]; emails: string[] }> {
  const { cloudflare } = world;
  let bot = await startBotProcess(world);
  const { card, emails } = await askForCrowd(world, COUNT);
  let looks = await approveUpToOthers(world, card);
  for (const done of [5, 9]) {
    const calls = cloudflare.faults.holdAnswer("revoke-user");
    looks.release();
    await vi.waitFor(() => expect(calls.waiting).toBe(4), { timeout: 20_000 });
    const stopped = bot.stop();
    await bot.logged("stopping");
    calls.release();

    const { code, tookMs } = await stopped;
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(WELL_WITHIN_MS);
    expect(errorsOf(bot)).toEqual([]);
    expect(bot.stderr()).toBe("");
    expect(revokedEmails(cloudflare)).toHaveLength(done);

    looks = cloudflare.faults.hold("users.get");
    bot = await startBotProcess(world);
    await looks.arrived;
  }
  looks.release();
  await expectAllDone(world, card, emails);
  expect(errorsOf(bot)).toEqual([]);
  return { revoked: revokedEmails(cloudflare).toSorted(), emails };
}

describe("a process that is asked to stop while an execution waits for its next attempt", () => {
  it("does not take it up again while another call ends, and does so after the start", async () => {
    const world = await startWorld();
    const { slack, cloudflare } = world;
    const bot = await startBotProcess(world);
    const waiting = await askToRevoke(slack);
    const held = await askToRevoke(slack, { text: "revoke dana@example.com --reason laptop stolen" });
    cloudflare.faults.set("revoke-user", { kind: "status", status: 503, times: 1 });
    await press(slack, PEOPLE.bob, waiting, CARD_ACTIONS.approve);
    await slack.waitFor(() =>
      slack.thread(waiting.channel, waiting.ts).find((one) => slack.visibleText(one).includes("again at")),
    );
    const answer = cloudflare.faults.holdAnswer("revoke-user");
    await press(slack, PEOPLE.bob, held, CARD_ACTIONS.approve);
    await answer.arrived;
    const stopped = bot.stop();
    const askedAt = Date.now();
    await bot.logged("stopping");
    const before = callsTo(cloudflare, "POST", "revoke_user").length;
    // By then the wait is over, and the engine would hand the run out with the messages of the other.
    await vi.waitFor(() => expect(Date.now() - askedAt).toBeGreaterThan(2000), { timeout: 5000 });
    answer.release();
    expect(await stopped).toMatchObject({ code: 0 });
    expect(errorsOf(bot)).toEqual([]);
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(before);

    await startBotProcess(world);
    for (const card of [waiting, held]) {
      await finishedThread(slack, card);
      expect(wordsOf(slack, card)).toContain("verified at");
    }
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(3);
  });
});
