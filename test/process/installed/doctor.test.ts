import { execFile } from "node:child_process";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { ACCOUNT_ID, describeWorkspace, POLICY } from "../../../sandbox/workspace.ts";
import { recordPolicy } from "../../../src/audit/policy-row.ts";
import { readConfig } from "../../../src/config.ts";
import type { Report, Row } from "../../../src/ops/doctor/results.ts";
import { openStore } from "../../../src/store/open.ts";
import { BLOCK_LIST_ID } from "../../../sandbox/cloudflare/seed/keep-out.ts";
import { CHANNELS, startWorld, type World, type WorldOptions } from "../../support/harness.ts";
import { startBotProcess } from "../../support/process.ts";

// Each test starts a process: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const ROOT = join(import.meta.dirname, "..", "..", "..");
const SHIFT_CLOCK = join(ROOT, "test", "support", "shifted-clock.mjs");

interface Ended {
  code: number;
  out: string;
  err: string;
}

/** `npm run doctor` in this world's folder, with exactly this environment. */
async function doctor(world: World, env: Record<string, string> = {}, args: string[] = []): Promise<Ended> {
  const script = join(ROOT, "scripts", "doctor.ts");
  const all: Record<string, string> = { PATH: process.env["PATH"] ?? "", ...world.env, ...env };
  const ended = await new Promise<Ended>((resolve) => {
    const child = execFile(
      process.execPath,
      [script, ...args],
      { cwd: world.folder, env: all },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
  for (const name of ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "CLOUDFLARE_API_TOKEN", "STEP_UP_KEY"])
    expect(ended.out + ended.err).not.toContain(all[name] ?? name);
  return ended;
}

async function report(world: World, env: Record<string, string> = {}): Promise<Report & { code: number }> {
  const { code, out, err } = await doctor(world, env, ["--json"]);
  expect(err).toBe("");
  return { ...(JSON.parse(out) as Report), code };
}

const problemsOf = ({ rows }: Report): Row[] => rows.filter(({ status }) => status === "problem");

/** A world in which all is well: a private channel, files for nobody else, and a database with a record. */
async function startHealthy(options: WorldOptions = {}): Promise<World> {
  const world = await startWorld(options);
  world.slack.setChannel(CHANNELS.approvals, { isPrivate: true });
  writeFileSync(join(world.folder, ".env"), "", { mode: 0o600 });
  const store = await openStore(readConfig(world.env).database);
  for (const text of ["first", "second", "third"]) await recordPolicy(store.db, text, Date.now());
  await store.close();
  return world;
}

function inDatabase({ folder }: World, sql: string): DatabaseSync {
  const database = new DatabaseSync(join(folder, "data", "zt.db"));
  database.exec(sql);
  return database;
}

function withoutScope(scope: string): WorldOptions {
  const { bot } = describeWorkspace({ mode: "socket" });
  return { slack: { bot: { ...bot, scopes: bot.scopes.filter((one) => one !== scope) } } };
}

interface Fault {
  fault: string;
  world?: WorldOptions;
  /** Done to a world that was well. */
  make?(world: World): void;
  env?: Record<string, string>;
  /** The checks that find it, and no others do. */
  checks: string[];
  names: RegExp;
  fix: RegExp;
}

const READS = ["Access: Audit Logs Read", "Zero Trust: PII Read", "Account Settings Read"];

const FAULTS: Fault[] = [
  {
    fault: "a scope that is not granted",
    world: withoutScope("files:write"),
    checks: ["scopes"],
    names: /lacks files:write.*pictures of sign-ins/,
    fix: /manifest\.yml.*install the app again/,
  },
  {
    fault: "a bot token that is not Slack's",
    env: { SLACK_BOT_TOKEN: "xoxb-of-another-app" },
    checks: ["slack"],
    names: /Slack rejects SLACK_BOT_TOKEN \(invalid_auth\)/,
    fix: /set SLACK_BOT_TOKEN/,
  },
  {
    fault: "an app-level token that is not Slack's",
    env: { SLACK_APP_TOKEN: "xapp-of-another-app" },
    checks: ["app-token"],
    names: /refused SLACK_APP_TOKEN/,
    fix: /connections:write/,
  },
  {
    fault: "an archived channel",
    make: ({ slack }) => slack.setChannel(CHANNELS.approvals, { isArchived: true }),
    checks: ["channel"],
    names: /is archived \(#zt-approvals\)/,
    fix: /Unarchive it/,
  },
  {
    fault: "a private channel without the bot",
    make: ({ slack }) => slack.setChannel(CHANNELS.approvals, { botIsMember: false }),
    checks: ["channel"],
    names: /does not exist, or zt-bot can't see it/,
    fix: /Invite it there/,
  },
  {
    fault: "a public channel without the bot",
    make: ({ slack }) => slack.setChannel(CHANNELS.approvals, { botIsMember: false, isPrivate: false }),
    checks: ["channel", "audience"],
    names: /not a member of the approvals channel.*is public/s,
    fix: /\/invite @zt-bot.*Make it private/s,
  },
  {
    fault: "a channel shared with another organization",
    make: ({ slack }) => slack.setChannel(CHANNELS.approvals, { isExtShared: true }),
    checks: ["audience"],
    names: /shared with another organization/,
    fix: /Stop sharing it/,
  },
  {
    fault: "a quorum that no one can reach",
    world: { policy: `${POLICY}quorum: 5\n` },
    checks: ["policy"],
    names: /Every action: needs 5 approvals, and/,
    fix: /Name more approvers, or lower the quorum/,
  },
  {
    fault: "viewers in a group that Slack does not know",
    world: { policy: `${POLICY}viewers: [S0VIEWERS]\n` },
    checks: ["policy"],
    names: /knows no user group S0VIEWERS/,
    fix: /Correct the id.*viewers/,
  },
  {
    fault: "an approver who left, by name",
    make: ({ slack }) => slack.setPerson("U0CAROL01", { deleted: true }),
    checks: ["policy"],
    names: /Carol Lindqvist \(U0CAROL01\) is deactivated/,
    fix: /Remove who has left/,
  },
  {
    fault: "a block list that is not there",
    world: { policy: `${POLICY}block: { email_list: 00000000-0000-4000-8000-000000000000 }\n` },
    checks: ["block-list"],
    names: /no Zero Trust list with the id 00000000/,
    fix: /Copy the id/,
  },
  {
    fault: "a block list that nothing enforces",
    world: { policy: `${POLICY}block: { email_list: ${BLOCK_LIST_ID} }\n` },
    make: ({ cloudflare }) => void (cloudflare.state.rules.length = 0),
    checks: ["block-list"],
    names: /No enabled Gateway rule uses the block list/,
    fix: /Make a rule that blocks/,
  },
  {
    fault: "a Cloudflare token without a permission",
    world: { permissions: READS },
    checks: ["permissions"],
    names: /lacks “Zero Trust Read”, which user, devices/,
    fix: /Add “Zero Trust Read” to the token/,
  },
  {
    fault: "a Cloudflare token that was revoked",
    env: { CLOUDFLARE_API_TOKEN: "a-token-of-former-days" },
    checks: ["cloudflare"],
    names: /rejects the API credentials/,
    fix: /set CLOUDFLARE_API_TOKEN/,
  },
  {
    fault: "an account id of another account",
    env: { CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID.replace(/^../, "ff") },
    checks: ["cloudflare"],
    names: /reads nothing in the account of CLOUDFLARE_ACCOUNT_ID/,
    fix: /Copy the account ID/,
  },
  {
    fault: "an account id of another account, with a user's token",
    world: { token: { kind: "user" } },
    env: { CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID.replace(/^../, "ff") },
    checks: ["cloudflare"],
    names: /reads nothing in the account of CLOUDFLARE_ACCOUNT_ID/,
    fix: /Copy the account ID/,
  },
  {
    fault: "an account without risk scoring",
    make: ({ cloudflare }) => void (cloudflare.settings.riskEnabled = false),
    checks: ["permissions"],
    names: /Risk scoring is not enabled/,
    fix: /approver_hygiene: false/,
  },
  {
    fault: "a database that is not migrated",
    make: (world) => inDatabase(world, "DELETE FROM kysely_migration WHERE name LIKE '0017%'").close(),
    checks: ["migrations"],
    names: /not up to date: 1 migration to run \(0017-threads\)/,
    fix: /npm run migrate/,
  },
  {
    fault: "a database that takes no writes",
    make(world) {
      const other = inDatabase(world, "BEGIN IMMEDIATE");
      onTestFinished(() => other.close());
    },
    checks: ["database"],
    names: /takes no writes \(database is locked\)/,
    fix: /keeps it locked/,
  },
  {
    fault: "a clock that is five minutes fast",
    env: { NODE_OPTIONS: `--import=${SHIFT_CLOCK}`, CLOCK_SHIFT_MS: "300000" },
    checks: ["clock"],
    names: /clock is 5 min ahead of Slack's and 5 min ahead of Cloudflare's/,
    fix: /timedatectl set-ntp true/,
  },
  {
    fault: "a record that was tampered with",
    make(world) {
      const triggers = inDatabase(world, "SELECT 1")
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit'")
        .all();
      const drop = triggers.map(({ name }) => `DROP TRIGGER "${String(name)}";`).join("");
      inDatabase(world, `${drop} UPDATE audit SET actor = 'U0MALLORY' WHERE seq = 2`).close();
    },
    checks: ["record"],
    names: /tampered with: row 2/,
    fix: /npm run audit -- verify/,
  },
  {
    fault: "a .env that everyone on the machine can read",
    make: ({ folder }) => chmodSync(join(folder, ".env"), 0o644),
    checks: ["files"],
    names: /users of this machine may read .*\.env/,
    fix: /Run chmod 600 .*\.env/,
  },
  {
    fault: "a Slack that can't be reached",
    env: { SLACK_API_URL: "http://127.0.0.1:1/api/" },
    checks: ["slack"],
    names: /Slack can't be reached/,
    fix: /reach slack\.com/,
  },
  {
    fault: "a Cloudflare that can't be reached",
    env: { CLOUDFLARE_BASE_URL: "http://127.0.0.1:1/client/v4" },
    checks: ["cloudflare"],
    names: /Cloudflare's API can't be reached/,
    fix: /reach api\.cloudflare\.com/,
  },
  {
    fault: "a policy that can't be read",
    world: {},
    make: ({ env }) => writeFileSync(env["ZT_POLICY_FILE"] ?? "", "operators: []\n", { mode: 0o600 }),
    checks: ["settings"],
    names: /operators is empty/,
    fix: /Correct it in policy\.yml/,
  },
];

describe("npm run doctor", () => {
  it("finds nothing wrong where all is well, says what it could not ask, and ends with 0", async () => {
    const world = await startHealthy();
    const found = await report(world);
    expect(problemsOf(found)).toEqual([]);
    expect(found.rows.filter(({ status }) => status === "unknown")).toEqual([]);
    expect(found.code).toBe(0);
    expect(found.rows.filter(({ status }) => status === "unasked").map(({ check }) => check)).toEqual([
      "direct-messages",
      "permissions",
      "record",
    ]);
    const { out, code } = await doctor(world);
    expect(code).toBe(0);
    expect(out).toContain("✅ Who approves: every action needs 1 approval of Bob Okafor and Carol Lindqvist");
    expect(out).toMatch(/\nNo problems, 3 to check yourself, \d+ fine\n$/);
  });

  it.each(FAULTS)("names $fault, with its fix and a link, and ends with 1", async (one) => {
    const world = await startHealthy(one.world);
    one.make?.(world);
    const found = await report(world, one.env);
    const problems = problemsOf(found);
    expect([...new Set(problems.map(({ check }) => check))]).toEqual(one.checks);
    expect(problems.map(({ what }) => what).join("\n")).toMatch(one.names);
    const fixes = problems.map((row) => (row.status === "problem" ? row.fix : ""));
    expect(fixes.join("\n")).toMatch(one.fix);
    for (const row of problems)
      expect(row.status === "problem" && row.link).toMatch(/^(?:https?:\/\/|[\w./-]+\.(?:md|yml))/);
    expect(found.code).toBe(1);
  });

  it("names wrong settings in words, without their values, and calls what depends on them unknown", async () => {
    const world = await startHealthy();
    const found = await report(world, {
      PORT: "hidden-value-of-a-port",
      CLOUDFLARE_ACCOUNT_ID: "hidden-value",
    });
    expect(problemsOf(found).map(({ what }) => what)).toEqual([
      expect.stringMatching(/^CLOUDFLARE_ACCOUNT_ID is not 32 hexadecimal digits/),
      expect.stringMatching(/^PORT /),
    ]);
    expect(found.counts.unknown).toBeGreaterThan(3);
    expect(JSON.stringify(found)).not.toContain("hidden-value");
    expect(found.code).toBe(1);
  });

  it("needs no database before the first start, and makes none", async () => {
    const world = await startWorld();
    world.slack.setChannel(CHANNELS.approvals, { isPrivate: true });
    const found = await report(world);
    expect(problemsOf(found)).toEqual([]);
    expect(found.rows.find(({ check }) => check === "database")).toMatchObject({ status: "unasked" });
    expect(existsSync(join(world.folder, "data"))).toBe(false);
    expect(found.code).toBe(0);
  });

  it("ends with 2 where nothing is wrong and something could not be asked", async () => {
    const world = await startHealthy();
    world.slack.faults.set("usergroups.users.list", { retryAfter: 30 });
    const found = await report(world);
    expect(problemsOf(found)).toEqual([]);
    expect(found.rows[0]).toMatchObject({ check: "policy", status: "unknown" });
    expect(found.code).toBe(2);
  });
});

it("the bot looks by itself once it is ready: what is wrong is a warning in its log, with the fix", async () => {
  const world = await startWorld(withoutScope("files:write"));
  const bot = await startBotProcess(world);
  const line = await bot.logged("The Slack app lacks files:write. What fails: pictures of sign-ins", 60_000);
  expect(line).toMatchObject({ level: "warn", check: "scopes", link: "https://api.slack.com/apps" });
  expect(await bot.stop()).toMatchObject({ code: 0 });
});
