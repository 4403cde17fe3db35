import { join } from "node:path";

import { expect, it, vi } from "vitest";

import { BLOCK_LIST_ID } from "../../sandbox/cloudflare/seed/keep-out.ts";
import { POLICY } from "../../sandbox/workspace.ts";

import { appendAudit, BOT } from "../../src/audit/append.ts";
import { readRecordConfig } from "../../src/config.ts";
import { openTables } from "../../src/store/open.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  cardWhere,
  finishedThread,
  PEOPLE,
  press,
  startAll,
  startBot,
  startWorld,
  type World,
} from "../support/harness.ts";
import { startBotProcess } from "../support/process.ts";
import { runAudit } from "./support.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const SINCE = ["reconcile", "--since", "1h"] as const;

/** Revokes somebody with the bot's own token, past the bot. */
async function revokePastTheBot({ cloudflare, env }: World): Promise<void> {
  const url = `${cloudflare.baseUrl}/accounts/${env["CLOUDFLARE_ACCOUNT_ID"]}/access/organizations/revoke_user`;
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${env["CLOUDFLARE_API_TOKEN"]}`, "content-type": "application/json" },
    body: JSON.stringify({ email: "dana@example.com" }),
  });
  expect(response.status).toBe(200);
}

it("agrees with Cloudflare's audit log on what the bot did, names what was done past it, and what only the record has", async () => {
  const world = await startAll();
  const { slack, env } = world;
  const card = await askToRevoke(slack);
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  await finishedThread(slack, card);
  const same = await runAudit(env, ...SINCE);
  expect(same).toMatchObject({ code: 0, stderr: "" });
  expect(same.stdout).toContain("1 change by our token in both");

  await revokePastTheBot(world);
  const past = await runAudit(env, ...SINCE);
  expect(past).toMatchObject({ code: 1, stderr: "" });
  expect(past.stdout).toMatch(/Only in Cloudflare's audit log: 1\n {2}\S+, ray [0-9a-f]+: POST 200 /);
  expect(past.stdout).not.toContain("Only in the record");

  const tables = await openTables(readRecordConfig(env).database);
  const call = { at: Date.now(), requestId: "ZT-0000001", actor: BOT };
  await appendAudit(tables.db, { ...call, event: "call.sent", data: { call: "revoke_user for nobody" } });
  await appendAudit(tables.db, {
    ...call,
    event: "call.answered",
    data: { ok: true, cf_ray: "0123abcd-FRA" },
  });
  await tables.close();
  const both = await runAudit(env, ...SINCE);
  expect(both.code).toBe(1);
  expect(both.stdout).toMatch(
    /Only in the record: 1\n {2}\S+, ray 0123abcd: ZT-0000001, revoke_user for nobody \(row \d+\)/,
  );
  const long = await runAudit(env, "reconcile", "--since", "2020-01-01", "--until", "2020-02-01");
  expect(long).toMatchObject({ code: 0, stdout: expect.stringContaining("0 changes by our token in both") });
});

it("agrees on users created, renamed and deleted, on devices in several batches, and on what was not needed", async () => {
  const { slack, cloudflare, env } = await startAll();
  for (let index = 0; index < 448; index += 1)
    cloudflare.registerDevice("mallory@example.com", { name: `kiosk-${index}` });
  const carryOut = async (text: string, headline: string, before: () => void = () => {}): Promise<void> => {
    await answerTo(slack, PEOPLE.alice, text);
    const card = await cardWhere(slack, (words) => words.includes(headline));
    before();
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    expect((await finishedThread(slack, card)).join("\n")).toContain("verified at");
  };
  await carryOut("create-user new@example.com Nova New --reason x", "Create the Access user new@");
  await carryOut("rename-user mallory@example.com Mal --reason x", "Rename mallory");
  await carryOut("revoke-devices mallory@example.com --all --reason x", "Revoke 450 devices");
  await carryOut(
    "delete-user mallory@example.com --confirm mallory@example.com --reason x",
    "Delete the Access user",
  );
  const before = await runAudit(env, ...SINCE);
  expect(before).toMatchObject({ code: 0, stderr: "" });
  expect(before.stdout).toContain("6 changes by our token in both");

  // Somebody was quicker, in the dashboard.
  await carryOut("create-user late@example.com --reason x", "Create the Access user late@", () => {
    const [one] = cloudflare.state.users;
    if (one === undefined) throw new Error("there is no user");
    cloudflare.state.users.push({
      ...one,
      id: "0a1b2c3d-0000-4000-8000-0000000000ff",
      email: "late@example.com",
    });
  });
  expect(await runAudit(env, ...SINCE)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("6 changes by our token in both"),
  });
  const { stdout } = await runAudit(env, "export");
  const answers = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { event: string; data: Record<string, unknown> })
    .filter(({ event }) => event === "call.answered");
  expect(answers.map(({ data }) => data["status"])).toEqual([201, 200, 200, 202, null]);
  expect(answers[2]?.data["cf_rays"]).toHaveLength(3);
  expect(answers[4]?.data).toMatchObject({ ok: true, was_so: true, cf_ray: null });
});

it("agrees on a block and its end, and archives the rows of a block only once it is over", async () => {
  const world = await startWorld({ policy: `${POLICY}block: { email_list: ${BLOCK_LIST_ID} }\n` });
  const { slack, env, folder } = world;
  const first = await startBot(world);
  await answerTo(slack, PEOPLE.alice, "block mallory@example.com --for 5m --reason phished");
  const card = await cardWhere(slack, (words) => words.includes("Block mallory@example.com for 5 minutes"));
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  const [, id = ""] = /(ZT-[0-9A-Z]{7})/.exec((await finishedThread(slack, card)).join("\n")) ?? [];
  await first.bot.stop();
  const file = join(folder, "archive.jsonl");
  expect(await runAudit(env, "checkpoint")).toMatchObject({ code: 0 });
  const early = await runAudit(env, "archive", "--file", file, "--remove");
  expect(early).toMatchObject({ code: 2, stderr: expect.stringContaining("1 request is not finished") });
  expect(early.stderr).toContain(id);

  const second = await startBot(world, { now: () => Date.now() + 5 * 60_000 });
  await slack.waitFor(() =>
    slack.thread(card.channel, card.ts).some((one) => slack.visibleText(one).includes("the time is up")),
  );
  const same = await runAudit(env, ...SINCE);
  expect(same).toMatchObject({ code: 0, stderr: "" });
  expect(same.stdout).toContain("2 changes by our token in both");

  await second.bot.stop();
  expect(await runAudit(env, "archive", "--file", file, "--remove")).toMatchObject({ code: 0 });
  expect(await runAudit(env, "verify", "--archive", file)).toMatchObject({ code: 0 });
});

it("says which request a change may come from when the process died before the answer was recorded", async () => {
  const world = await startWorld();
  const { slack, cloudflare, env } = world;
  const bot = await startBotProcess(world);
  const held = cloudflare.faults.holdAnswer("revoke-user");
  const card = await askToRevoke(slack);
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  await held.arrived;
  await bot.kill();
  held.release();
  const ran = await runAudit(env, ...SINCE);
  expect(ran.code).toBe(1);
  expect(ran.stdout).toMatch(
    /perhaps ZT-[0-9A-Z]{7}, sent \S+ and never answered: revoke_user for mallory@example\.com/,
  );
});

it("names the permission that the token lacks, and the settings that are missing", async () => {
  const world = await startWorld({ permissions: ["Access: Audit Logs Read"] });
  await (await startBotProcess(world)).stop();
  const denied = await runAudit(world.env, ...SINCE);
  expect(denied).toMatchObject({ code: 2, stdout: "" });
  expect(denied.stderr).toContain("Account Settings Read");
  const { SLACK_BOT_TOKEN: _left, ...env } = world.env;
  expect(await runAudit(env, ...SINCE)).toMatchObject({
    code: 78,
    stderr: expect.stringContaining("SLACK_BOT_TOKEN"),
  });
  const { CLOUDFLARE_API_TOKEN: _token, ...rest } = world.env;
  const withKey = { ...rest, CLOUDFLARE_EMAIL: "ops@example.com", CLOUDFLARE_API_KEY: "0123456789abcdef" };
  expect(await runAudit(withKey, ...SINCE)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("needs an API token"),
  });
});
