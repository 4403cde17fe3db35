import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect, it, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { startCollector } from "../../audit/collector.ts";
import { runHere } from "../../audit/support.ts";
import {
  askToRevoke,
  callsTo,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  startBot,
  startWorld,
  wordsOf,
} from "../../support/harness.ts";

const WAIT = { timeout: 15_000, interval: 20 };

it(
  "AUDIT_FORWARD_REQUIRED keeps every call back while the copy is behind or does not fit, and the card, /readyz and the channel say so",
  { tags: ["slow"] },
  async () => {
    const world = await startWorld();
    const { slack, cloudflare, folder } = world;
    const collector = await startCollector();
    collector.answer = (response) => response.writeHead(500).end();
    Object.assign(world.env, {
      AUDIT_FORWARD: collector.url,
      AUDIT_FORWARD_REQUIRED: "true",
      AUDIT_FORWARD_MAX_LAG: "1/5s",
    });
    const { bot, logs } = await startBot(world, { sweepMs: 100 });
    const revocations = (): number => callsTo(cloudflare, "POST", "revoke_user").length;
    const readyz = async (): Promise<string> => (await fetch(`${bot.url}/readyz`)).text();

    const card = await askToRevoke(slack);
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    const behind = "On hold: the copy of the record is more than 1 row or 5 s behind";
    await slack.waitFor(() => wordsOf(slack, card).includes(behind) || undefined);
    expect(await readyz()).toMatch(/^ready\ncopy of the record: \d rows, \d+ s behind\n$/);
    expect(revocations()).toBe(0);

    collector.answer = (response) => response.writeHead(200).end();
    await finishedThread(slack, card);
    expect(revocations()).toBe(1);
    await vi.waitFor(async () => expect(await readyz()).toContain("copy of the record: up to date"), WAIT);
    expect(await runHere(world.env, "verify")).toMatchObject({ code: 0, stderr: "" });
    expect(await readyz()).toMatch(/\nrecord verified 20[^:]+:[^:]+:[^:]+: whole, up to row \d+\n$/);

    // Somebody with the database rewrites what was forwarded last; the bot has nothing new to send.
    const database = new DatabaseSync(join(folder, "data", "zt.db"));
    database.exec("DROP TRIGGER audit_no_update");
    database.exec("UPDATE audit SET actor = 'nobody' WHERE seq = (SELECT max(seq) FROM audit)");
    database.close();
    await slack.waitFor(
      () =>
        slack
          .messages(CHANNELS.approvals)
          .some((message) =>
            slack.visibleText(message).includes("The record contradicts its forwarded copy"),
          ) || undefined,
    );
    expect(await readyz()).toMatch(
      /^ready\ncopy of the record: stopped, row \d+ is not the one that was forwarded\n/,
    );
    expect(logs()).toContain("the record does not fit its copy: nothing is forwarded");
    const next = await askToRevoke(slack, { text: "revoke dana@example.com --reason stolen" });
    await press(slack, PEOPLE.bob, next, CARD_ACTIONS.approve);
    await slack.waitFor(
      () => wordsOf(slack, next).includes("On hold: the record contradicts its forwarded copy") || undefined,
    );
    expect(revocations()).toBe(1);
    expect(await runHere(world.env, "verify")).toMatchObject({ code: 1 });
    expect(await readyz()).toMatch(/: broken\n$/);
    expect(slack.violations).toEqual([]);
  },
);
