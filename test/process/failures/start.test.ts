/** @module-tag slow */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { askedOf, askToRevoke, callsTo, PEOPLE, press, startWorld } from "../../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { query, spawnBot, startBotProcess } from "../../support/process.ts";
import { describeWithMounts, mountSmallDisk } from "../../support/small-disk.ts";
import { expectWholeStory } from "../killed/whole-story.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

/** A port of this machine on which somebody listens already. */
async function takePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return String((server.address() as AddressInfo).port);
}

/** Starts the bot, which ends by itself, and gives back what whoever started it reads. */
async function failToStart(env: Record<string, string>): Promise<string> {
  const bot = spawnBot(env);
  const { code } = await bot.exited;
  expect(code, bot.stdout()).toBe(1);
  const [fatal, ...more] = bot.logs("zt-bot cannot go on");
  expect(more).toEqual([]);
  expect(fatal).toMatchObject({ level: "fatal", err: { message: bot.stderr().trim() } });
  return bot.stderr();
}

describe("a port that is taken", () => {
  it.each(["PORT", "METRICS_PORT"])(
    "(%s) ends the start in words, before any work is begun",
    async (name) => {
      const world = await startWorld();
      const { slack, cloudflare } = world;
      const first = await startBotProcess(world);
      const card = await askToRevoke(slack);
      const held = cloudflare.faults.hold("users.get");
      await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
      await held.arrived;
      // What stands before the call is read while the click is still being judged.
      await vi.waitFor(() =>
        expect(query(world, "SELECT status FROM requests")).toEqual([{ status: "approved" }]),
      );
      await first.kill();
      held.release();
      const connections = () => slack.calls.filter(({ method }) => method === "apps.connections.open").length;
      const before = { connections: connections(), calls: askedOf(cloudflare).length };

      const port = await takePort();
      expect(await failToStart({ ...world.env, [name]: port })).toMatch(
        new RegExp(
          `another program listens on port ${port} of 127.0.0.1 \\(${name}, [A-Z_]+\\)\\.\n→ End that program`,
        ),
      );
      expect({ connections: connections(), calls: askedOf(cloudflare).length }).toEqual(before);
      expect(query(world, "SELECT execution_until FROM requests")).toEqual([{ execution_until: null }]);

      await expectWholeStory(world, await startBotProcess(world), card, {
        calls: 1,
        answer: "Cloudflare accepted it",
        audit: ["call.sent", "call.answered"],
      });
    },
  );

  it("is told from an address that this machine does not have", async () => {
    const world = await startWorld({ mode: "http" });
    expect(await failToStart({ ...world.env, HOST: "192.0.2.7" })).toContain(
      "192.0.2.7 (HOST) is no address of this machine",
    );
  });
});

describeWithMounts("a disk on which nothing can be written", () => {
  it.each([["new"], ["that there was before"]])(
    "keeps a bot with a database %s from starting, in words, and from nothing once it is fixed",
    async (which) => {
      const world = await startWorld({ mode: "http" });
      const disk = mountSmallDisk(join(world.folder, "data"));
      if (which !== "new") {
        const before = await startBotProcess(world);
        await before.stop();
      }
      disk.fill();
      expect(await failToStart(world.env)).toMatch(/zt\.db has no room: its disk is full\.\n→ Free space/);
      disk.free();
      disk.remount("ro");
      expect(await failToStart(world.env)).toMatch(/zt\.db can't be opened\.\n→ .*not read-only/);
      disk.remount("rw");
      const after = await startBotProcess(world);
      expect((await after.stop()).code).toBe(0);
    },
  );
});

describeWithPostgres("PostgreSQL", () => {
  it("ends the start in words that name the place and no password, and what fixes it", async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const world = await startWorld({ mode: "http" });
    const failAt = (url: string | URL) => failToStart({ ...world.env, DATABASE_URL: String(url) });
    expect(await failAt("postgres://zt:hunter2@127.0.0.1:1/zt")).toBe(
      "zt-bot cannot start: the database 127.0.0.1:1/zt can't be reached.\n→ Start PostgreSQL, or fix the network between it and zt-bot.\n",
    );
    const unknown = new URL(database.url);
    unknown.pathname = "/zt_nonesuch";
    expect(await failAt(unknown)).toContain("/zt_nonesuch does not let zt-bot in.\n→ Correct user, password");
    const readOnly = new URL(database.url);
    readOnly.searchParams.set("options", "-c default_transaction_read_only=on");
    expect(await failAt(readOnly)).toMatch(
      /takes no writes: it is read-only\.\n→ Make it writable again\. .* promote it/,
    );
  });
});

describe("a token that Slack does not take", () => {
  it("ends the start in words, and names the setting, before any work is begun or once it is put down", async () => {
    const world = await startWorld();
    const { slack, cloudflare } = world;
    slack.setTokenError("token_revoked");
    expect(await failToStart(world.env)).toMatch(
      /Slack does not accept SLACK_BOT_TOKEN \(token_revoked\)\.\n→ Install the app again/,
    );
    slack.setTokenError(null);
    slack.faults.set("apps.connections.open", { error: "invalid_auth" });
    expect(await failToStart(world.env)).toMatch(
      /Slack does not accept SLACK_APP_TOKEN \(invalid_auth\)\.\n→ Make an app-level token/,
    );
    expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
    slack.faults.clear();
    const after = await startBotProcess(world);
    expect((await after.stop()).code).toBe(0);
  });
});
