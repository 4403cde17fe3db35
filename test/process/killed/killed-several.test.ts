import { describe, expect, it, vi } from "vitest";

import type { Hold } from "../../../sandbox/cloudflare/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { revokedEmails } from "../../support/crowd.ts";
import { PEOPLE, press, startWorld, type World } from "../../support/harness.ts";
import { query, startBotProcess } from "../../support/process.ts";
import { approveUpToOthers, askForCrowd, expectAllDone } from "./several.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const COUNT = 24;

interface Moment {
  /** What stands still when the process dies. */
  hold: (world: World) => Hold;
  /** Users called for twice: their first call was lost with the process, and had no effect. */
  twice: number;
  /** Users whose call had taken effect unseen: found so, and not called for again. */
  reconciled: number;
}

/** Four are under way at the same time. */
const moments: [when: string, Moment][] = [
  [
    "while it looks who they are",
    { hold: ({ cloudflare }) => cloudflare.faults.hold("users.get"), twice: 0, reconciled: 0 },
  ],
  [
    "while their calls are on the way and lost with the connection",
    { hold: ({ cloudflare }) => cloudflare.faults.hold("revoke-user"), twice: 4, reconciled: 0 },
  ],
  [
    "between their calls, which took effect, and the answers",
    { hold: ({ cloudflare }) => cloudflare.faults.holdAnswer("revoke-user"), twice: 0, reconciled: 4 },
  ],
  [
    "after the answers, while it looks whether the sessions are gone",
    { hold: ({ cloudflare }) => cloudflare.faults.hold("sessions.list"), twice: 0, reconciled: 0 },
  ],
];

describe("killed in the middle of many users and started again, the bot calls for each once or finds it done", () => {
  it.each(moments)("%s", async (_when, { hold, twice, reconciled }) => {
    const world = await startWorld();
    const first = await startBotProcess(world);
    const { card, emails } = await askForCrowd(world, COUNT);
    const before = await approveUpToOthers(world, card);
    const held = hold(world);
    before.release();
    await vi.waitFor(() => expect(held.waiting).toBe(4), { timeout: 20_000 });
    await first.kill();
    held.release();

    const second = await startBotProcess(world);
    await expectAllDone(world, card, emails);
    expect(await second.stop()).toHaveProperty("code", 0);
    expectEachOnce(world, emails, { twice, reconciled });
  });

  it("while the first one's answer is on the way", async () => {
    const world = await startWorld();
    const { slack, cloudflare } = world;
    const first = await startBotProcess(world);
    const { card, emails } = await askForCrowd(world, COUNT);
    const answer = cloudflare.faults.holdAnswer("revoke-user");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await answer.arrived;
    await first.kill();
    answer.release();

    const second = await startBotProcess(world);
    await slack.waitFor(() => revokedEmails(cloudflare).length === COUNT);
    expect(await second.stop()).toHaveProperty("code", 0);
    expectEachOnce(world, emails, { twice: 0, reconciled: 1 });
  });
});

/** What Cloudflare was sent, and what the record says of it. */
function expectEachOnce(
  world: World,
  emails: readonly string[],
  { twice, reconciled }: Pick<Moment, "twice" | "reconciled">,
): void {
  const calls = Map.groupBy(revokedEmails(world.cloudflare), (email) => email);
  expect([...calls.keys()].toSorted()).toEqual(emails);
  expect([...calls.values()].filter(({ length }) => length === 2)).toHaveLength(twice);
  expect([...calls.values()].filter(({ length }) => length > 2)).toEqual([]);
  const rows = query(world, "SELECT event, data FROM audit WHERE event LIKE 'call.%' ORDER BY seq");
  const targets = (event: string): string[] =>
    rows
      .filter((row) => row["event"] === event)
      .map((row) => String((JSON.parse(String(row["data"])) as { target: unknown }).target));
  expect(targets("call.sent").toSorted()).toEqual(revokedEmails(world.cloudflare).toSorted());
  expect(targets("call.reconciled")).toHaveLength(reconciled);
  expect([...targets("call.answered"), ...targets("call.reconciled")].toSorted()).toEqual(emails);
}
