import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, vi } from "vitest";

import { POLICY } from "../../../sandbox/workspace.ts";
import { CHANNELS, startWorld } from "../../support/harness.ts";
import { spawnBot, startBotProcess } from "../../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const EX_CONFIG = 78;

describe("wrong settings", () => {
  it("are all told in one message on stderr, by name and without their values, and the process exits 78", async () => {
    const secrets = {
      SLACK_BOT_TOKEN: "s3cret-of-another-kind",
      SLACK_APP_TOKEN: "s3cret-app",
      CLOUDFLARE_API_TOKEN: "s3cret-token",
      CLOUDFLARE_API_KEY: "s3cret-key",
      CLOUDFLARE_ACCOUNT_ID: "s3cret-account",
      DATABASE_URL: "postgres://zt:s3cret-p@s3cret-ss/s3cret-w#s3cret-rd@db/zt",
      SLACK_API_URL: "ftp://s3cret-host/",
      CLOUDFLARE_BASE_URL: "s3cret-url",
      PORT: "s3cret-port",
      LOG_LEVEL: "s3cret-level",
    };
    const bot = spawnBot({ ...secrets, ZT_POLICY_FILE: "/nowhere/policy.yml" });
    const { code } = await bot.exited;

    expect(code).toBe(EX_CONFIG);
    const told = bot.stderr();
    for (const name of [...Object.keys(secrets), "ZT_POLICY_FILE"]) expect(told).toContain(name);
    expect(told.match(/zt-bot cannot start/g)).toHaveLength(1);
    expect(told + bot.stdout()).not.toContain("s3cret");
  });

  it("are told for an empty environment too, each with what it should be", async () => {
    const bot = spawnBot({});
    const { code } = await bot.exited;

    expect(code).toBe(EX_CONFIG);
    expect(bot.stderr().trim().split("\n")).toEqual([
      "zt-bot cannot start: 5 settings are wrong.",
      expect.stringMatching(/^ {2}- SLACK_BOT_TOKEN is missing: .*xoxb-/),
      expect.stringMatching(/^ {2}- CLOUDFLARE_ACCOUNT_ID is missing: .*32 hexadecimal/),
      expect.stringMatching(
        /^ {2}- SLACK_APP_TOKEN \(Socket Mode\) or SLACK_SIGNING_SECRET \(HTTP\) is missing/,
      ),
      expect.stringMatching(/^ {2}- CLOUDFLARE_API_TOKEN is missing/),
      expect.stringMatching(
        /^ {2}- ZT_POLICY_FILE: .*policy\.yml cannot be read \(ENOENT\): copy policy\.example\.yml/,
      ),
    ]);
  });

  it("of the environment and of policy.yml are told together", async () => {
    const { env } = await startWorld({
      policy:
        "channels: { approvals: general }\noperators: []\napprovers: [U0BOB0001]\nactions: { revoke: { ttl: soon } }\nextra: 1\n",
    });
    const bot = spawnBot({ ...env, PORT: "99999" });
    const { code } = await bot.exited;

    expect(code).toBe(EX_CONFIG);
    const told = bot.stderr();
    expect(told).toContain("zt-bot cannot start: 5 settings are wrong.");
    expect(told).toMatch(/PORT is not a port/);
    expect(told).toMatch(/policy\.yml: channels\.approvals is not a channel id/);
    expect(told).toMatch(/policy\.yml: operators is empty/);
    expect(told).toMatch(/policy\.yml: actions\.revoke\.ttl is not a duration/);
    expect(told).toMatch(/policy\.yml: .*extra/);
  });

  it("keep a policy that asks for codes from starting without the key for them", async () => {
    const { env } = await startWorld({ policy: `${POLICY}step_up: [delete-user]\n` });
    const bot = spawnBot({ ...env, STEP_UP_KEY: "" });
    expect((await bot.exited).code).toBe(EX_CONFIG);
    expect(bot.stderr()).toMatch(/STEP_UP_KEY is missing: .*policy\.yml asks for codes \(step_up\)/);
  });

  it.each([
    ["is missing", (file: string) => rmSync(file), /policy\.yml cannot be read \(ENOENT\)/],
    ["is not YAML", (file: string) => writeFileSync(file, "channels: [unclosed"), /policy\.yml is not YAML/],
    ["is empty", (file: string) => writeFileSync(file, ""), /policy\.yml: the file /],
  ])("end the process with 78 when policy.yml %s", async (_what, damage, told) => {
    const { env } = await startWorld();
    damage(env["ZT_POLICY_FILE"] ?? "");
    const bot = spawnBot(env);
    const { code } = await bot.exited;

    expect(code).toBe(EX_CONFIG);
    expect(bot.stderr()).toMatch(told);
  });
});

it("others on the machine: what they can read is named at start, and no signal of theirs opens the debugger", async () => {
  const world = await startWorld();
  const [policy, env] = [world.env["ZT_POLICY_FILE"] ?? "", join(world.folder, ".env")];
  chmodSync(policy, 0o622);
  writeFileSync(env, "");
  chmodSync(env, 0o640);
  const owner = "postgres://owner:s3cret-owner@db/zt";
  const bot = await startBotProcess(world, { MIGRATION_DATABASE_URL: owner }, world.folder);

  const warnings = bot.logs().filter(({ level }) => level === "warn");
  expect(warnings.map(({ msg }) => msg).slice(0, 3)).toEqual([
    `other users of this machine may read ${env}: chmod 600 ${env}`,
    `other users of this machine may read or change ${policy}: chmod 600 ${policy}`,
    expect.stringMatching(/^MIGRATION_DATABASE_URL is set where zt-bot runs: /),
  ]);
  bot.signal("SIGUSR1");
  expect(await fetch(`${bot.url}/readyz`)).toHaveProperty("status", 200);
  expect(await bot.stop()).toHaveProperty("code", 0);
  expect(bot.stdout() + bot.stderr()).not.toMatch(/s3cret|Debugger/);
});

describe("an approvals channel that is shared with another organization", () => {
  it("ends the process with 78, and stderr says why and what to do", async () => {
    const { env, slack } = await startWorld();
    slack.setChannel(CHANNELS.approvals, { isExtShared: true });
    const bot = spawnBot(env);
    const { code } = await bot.exited;

    expect(code).toBe(EX_CONFIG);
    expect(bot.stderr()).toMatch(
      /the approvals channel is shared with another organization.* Next: stop sharing it/,
    );
  });
});

describe("a data folder that is in use", () => {
  it("is refused to a second process, with the way out, and the first goes on", async () => {
    const world = await startWorld();
    const first = await startBotProcess(world);
    const second = spawnBot(world.env);
    const { code } = await second.exited;

    expect(code).toBe(EX_CONFIG);
    expect(second.stderr().trim()).toMatch(
      /^another zt-bot is already running on .*data: stop it first, or set DATABASE_URL=postgres:\/\/… to run several$/,
    );
    expect(await fetch(`${first.url}/readyz`)).toHaveProperty("status", 200);
  });

  it("is free again at once when the first process was killed", async () => {
    const world = await startWorld();
    const first = await startBotProcess(world);
    await first.kill();
    const second = await startBotProcess(world);
    expect(second.logs("ready")).toHaveLength(1);
  });
});
