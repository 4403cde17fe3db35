import { expect, it, vi } from "vitest";

import { readConfig } from "../../../src/config.ts";
import { openStore } from "../../../src/store/open.ts";
import { firstTimes, numbersTo, startCollector } from "../../audit/collector.ts";
import { appendRows, runAudit } from "../../audit/support.ts";
import { answerTo, PEOPLE, startWorld } from "../../support/harness.ts";
import { startBotProcess } from "../../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 90_000 });

const ROWS = 1700;
const WAIT = { timeout: 30_000, interval: 5 };

it("nothing is missing and the order is kept when the process is killed in the middle of forwarding, before and after the answer", async () => {
  const world = await startWorld({
    policy: `channels: { approvals: C0APPROV1 }\noperators: [${PEOPLE.bob}]\napprovers: [${PEOPLE.carol}]\n`,
  });
  const collector = await startCollector();
  const env = { AUDIT_FORWARD: collector.url, AUDIT_FORWARD_TOKEN: "collector-token" };
  const before = await openStore(readConfig(world.env).database);
  await before.db.transaction().execute((trx) => appendRows(trx, ROWS));
  await before.close();

  for (const isAnswered of [false, true]) {
    const held = collector.received.length + 1;
    collector.answer = (response) => {
      if (collector.received.length < held || isAnswered) response.writeHead(200).end();
    };
    const bot = await startBotProcess(world, env);
    await vi.waitFor(() => expect(collector.received.length).toBeGreaterThanOrEqual(held), WAIT);
    await bot.kill();
  }
  collector.answer = (response) => response.writeHead(200).end();
  const bot = await startBotProcess(world, env);
  // What is refused while the bot runs is forwarded as well.
  await answerTo(world.slack, PEOPLE.alice, "revoke mallory@example.com --reason stolen");
  const seqs = (): number[] => collector.received.flatMap((one) => (one.answered ? one.seqs : []));
  await vi.waitFor(() => {
    const got = firstTimes(seqs());
    // And the policy, what was refused, and signatures.
    expect(got.length).toBeGreaterThanOrEqual(ROWS + 2);
    expect(got).toEqual(numbersTo(got.length));
  }, WAIT);
  await bot.stop();
  for (const output of [bot.stdout(), bot.stderr()]) {
    expect(output).not.toContain("collector-token");
    expect(output).not.toContain("in-the-url");
  }
  expect(await runAudit(world.env, "verify")).toMatchObject({ code: 0 });
});
