/** @module-tag slow */

import postgres from "postgres";
import { expect, it, onTestFinished, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  finishedThread,
  newEphemeral,
  PEOPLE,
  press,
  startWorld,
} from "../../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { probe, startBotProcess, type ReadyBot } from "../../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const WAIT = { timeout: 60_000, interval: 50 };

async function expectReady(bot: ReadyBot, is: string): Promise<void> {
  await vi.waitFor(async () => expect((await probe(bot, "/readyz")).text.split("\n")[0]).toBe(is), WAIT);
}

describeWithPostgres("a PostgreSQL that is read-only, as a copy after a fail-over", () => {
  it.each(["before its call", "between its call and the answer"] as const)(
    "refuses changes in words, and an execution that it met %s comes to its end once it takes writes",
    async (when) => {
      const database = await createDatabase();
      onTestFinished(() => database.drop());
      const world = await startWorld({ mode: "http", databaseUrl: database.url });
      const { slack, cloudflare } = world;
      const bot = await startBotProcess(world);
      const first = await askToRevoke(slack);
      const second = await askToRevoke(slack, { text: "revoke rhea@example.com --reason a second one" });
      const held =
        when === "before its call"
          ? cloudflare.faults.hold("users.get")
          : cloudflare.faults.holdAnswer("revoke-user");
      await press(slack, PEOPLE.bob, first, CARD_ACTIONS.approve);
      await held.arrived;

      const server = postgres(database.url, { max: 1, onnotice: () => {} });
      onTestFinished(() => server.end());
      const name = new URL(database.url).pathname.slice(1);
      const setReadOnly = async (is: "on" | "off"): Promise<void> => {
        // This session may still write: it was there before.
        await server.unsafe(`ALTER DATABASE ${name} SET default_transaction_read_only = ${is}`);
        await server`
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = ${name} AND pid <> pg_backend_pid()`;
      };
      await setReadOnly("on");
      held.release();
      await expectReady(bot, "the database takes no writes");
      await vi.waitFor(async () => {
        await probe(bot, "/readyz");
        expect(bot.logs("the database takes no writes").at(-1)).toMatchObject({
          next: expect.stringContaining("promote it"),
        });
      }, WAIT);
      const before = slack.ephemerals(PEOPLE.bob).length;
      await press(slack, PEOPLE.bob, second, CARD_ACTIONS.approve);
      expect(slack.visibleText(await newEphemeral(slack, PEOPLE.bob, before))).toMatch(
        /^⚠️ Nothing was done[^\n]*\nIts database takes no writes: it is read-only/,
      );
      const { words } = await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
      expect(words).toContain("active session");

      await setReadOnly("off");
      await expectReady(bot, "ready");
      await press(slack, PEOPLE.bob, second, CARD_ACTIONS.approve);
      for (const card of [first, second])
        expect((await finishedThread(slack, card, 120_000)).at(-1)).toContain("verified at");
      expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(2);
      expect(bot.stderr()).toBe("");
    },
  );
});
