/** @module-tag slow */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import postgres from "postgres";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  type Bot,
  callsTo,
  CHANNELS,
  MODES,
  newEphemeral,
  PEOPLE,
  press,
  startAll,
  startBot,
  startWorld,
  type,
  type World,
  wordsOf,
} from "../../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { offered, openModal } from "../support.ts";

/** Another program that writes to the bot's database, and takes its time. */
function lockDatabase({ folder }: World): { release(): void } {
  const other = new DatabaseSync(join(folder, "data", "zt.db"));
  other.exec("BEGIN IMMEDIATE");
  let isHeld = true;
  const release = (): void => {
    if (isHeld) other.close();
    isHeld = false;
  };
  onTestFinished(release);
  return { release };
}

async function readiness({ bot }: Bot): Promise<string> {
  const answer = await fetch(`${bot.url}/readyz`);
  return `${answer.status} ${(await answer.text()).split("\n")[0]}`;
}

/** The longest time for which nothing else could run, in milliseconds, until it is asked for. */
function watchLoop(): () => number {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  return () => {
    clearInterval(timer);
    return longest;
  };
}

const READY = { timeout: 15_000, interval: 20 };

describe.each(MODES)("while nothing can be written, over %s,", (mode) => {
  it("look-ups go on, a change is refused in words, and the process is not ready", async () => {
    const world = await startAll({ mode });
    const { slack, cloudflare } = world;
    const card = await askToRevoke(slack);
    expect(await readiness(world)).toBe("200 ready");
    const lock = lockDatabase(world);

    const startedAt = performance.now();
    const { words } = await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
    expect(words).toContain("3 active sessions");
    expect(performance.now() - startedAt).toBeLessThan(3000);
    await slack.globalShortcut({ user: PEOPLE.alice, callbackId: "launcher" });
    const form = await openModal(slack, PEOPLE.alice);
    expect(await offered(slack, PEOPLE.alice, form, "mallory")).toHaveLength(1);
    const pressed = await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    expect(pressed).toMatchObject({ ok: true });
    const refusal = slack.visibleText(await newEphemeral(slack, PEOPLE.bob));
    expect(refusal).toContain(mode === "http" ? "Nothing was done" : "locked by another program");
    await vi.waitFor(
      async () => expect(await readiness(world)).toBe("503 the database takes no writes"),
      READY,
    );

    lock.release();
    await vi.waitFor(async () => expect(await readiness(world)).toBe("200 ready"), READY);
    expect(wordsOf(slack, card)).toContain("Approve");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => callsTo(cloudflare, "POST", "revoke_user").length === 1);
  });
});

describeWithPostgres("while nothing can be written to PostgreSQL", () => {
  it("look-ups go on, more of them than there are connections, and a change is refused in words", async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const world = await startAll({ mode: "http", databaseUrl: database.url });
    const { slack } = world;
    const card = await askToRevoke(slack);
    expect(await readiness(world)).toBe("200 ready");
    const other = postgres(database.url, { max: 1, onnotice: () => {} });
    onTestFinished(() => other.end());

    await other.begin(async (sql) => {
      await sql`LOCK TABLE deliveries IN EXCLUSIVE MODE`;
      const startedAt = performance.now();
      const before = slack.ephemerals(PEOPLE.alice).length;
      const sent = Array.from({ length: 10 }, () => type(slack, PEOPLE.alice, "user mallory@example.com"));
      for (const delivery of await Promise.all(sent)) expect(delivery).toMatchObject({ ok: true });
      await slack.waitFor(() => slack.ephemerals(PEOPLE.alice).length === before + 10);
      expect(performance.now() - startedAt).toBeLessThan(8000);
      await vi.waitFor(
        async () => expect(await readiness(world)).toBe("503 the database takes no writes"),
        READY,
      );
    });
    await vi.waitFor(async () => expect(await readiness(world)).toBe("200 ready"), READY);

    // As after a fail-over to a server that is still a copy.
    const name = new URL(database.url).pathname.slice(1);
    await other.unsafe(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await other`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = ${name} AND pid <> pg_backend_pid()`;
    await vi.waitFor(
      async () => expect(await readiness(world)).toBe("503 the database takes no writes"),
      READY,
    );
    const { words } = await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
    expect(words).toContain("3 active sessions");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    expect(slack.visibleText(await newEphemeral(slack, PEOPLE.bob))).toContain("Nothing was done");
  });
});

describe("a change that meets another writer", () => {
  it("waits for it without keeping anybody else from their turn, and is made", async () => {
    const world = await startAll();
    const { slack } = world;
    const card = await askToRevoke(slack);
    const lock = lockDatabase(world);
    const longest = watchLoop();
    const pressed = await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    expect(pressed).toMatchObject({ ok: true });
    const { words } = await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
    expect(words).toContain("3 active sessions");
    // SQLite's own wait is one of seconds.
    expect(longest()).toBeLessThan(1000);

    lock.release();
    await slack.waitFor(() => wordsOf(slack, card).includes("approved by @bob"));
    expect(slack.ephemerals(PEOPLE.bob)).toEqual([]);
  });
});

describe("a signed request that is sent again", () => {
  it("is known though nothing can be written", async () => {
    const world = await startAll({ mode: "http" });
    const { slack } = world;
    lockDatabase(world);
    const before = slack.ephemerals(PEOPLE.alice).length;
    const sent = await type(slack, PEOPLE.alice, "user mallory@example.com");
    await newEphemeral(slack, PEOPLE.alice, before);
    expect(await slack.replay(sent)).toMatchObject({ ok: true });
    await answerTo(slack, PEOPLE.alice, "help");
    expect(slack.ephemerals(PEOPLE.alice)).toHaveLength(before + 2);
  });

  it("is known to the process that comes after the one that took it", async () => {
    const world = await startWorld({ mode: "http" });
    const { slack } = world;
    const first = await startBot(world);
    const paused = await type(slack, PEOPLE.bob, "pause --reason looking at something");
    await newEphemeral(slack, PEOPLE.bob);
    await answerTo(slack, PEOPLE.bob, "resume");
    await first.bot.stop();

    const second = await startBot(world);
    if (paused.request?.mode !== "http") throw new Error("not sent over HTTP");
    const request = { ...paused.request, url: `${second.bot.url}/slack/events` };
    expect(await slack.replay({ ...paused, request })).toMatchObject({ ok: true });
    const { words } = await answerTo(slack, PEOPLE.bob, "resume");
    expect(words).toContain("Not paused");
    expect(slack.messages(CHANNELS.approvals)).toHaveLength(2);
  });
});
