import { expect, it } from "vitest";

import { createLogger } from "../../src/log/log.ts";
import { createSlackClients } from "../../src/slack/clients.ts";
import { createDirectory } from "../../src/slack/directory.ts";
import { PEOPLE, startWorld } from "../support/harness.ts";

const { alice, bob, carol } = PEOPLE;

async function startDirectory() {
  const { slack, env } = await startWorld();
  const lines: string[] = [];
  const log = createLogger("info", { write: (line) => void lines.push(line) });
  const clock = { now: Date.UTC(2027, 0, 15, 12) };
  const client = createSlackClients(env["SLACK_BOT_TOKEN"] ?? "", slack.apiUrl).interactive;
  const warnings = () => lines.filter((line) => line.includes("does not know this user group")).length;
  return { slack, clock, warnings, directory: createDirectory(client, () => clock.now, log) };
}

it("a user group that Slack does not know has no members, and those named beside it stay", async () => {
  const { directory, clock, warnings } = await startDirectory();
  const principals = [alice, "S0GONE001", "S0LEADS01"];
  for (let look = 0; look < 3; look += 1) {
    expect(await directory.members(principals)).toEqual(new Set([alice, bob, carol]));
    expect(await directory.unknownGroups(principals)).toEqual(["S0GONE001"]);
  }
  expect(warnings()).toBe(1);
  // Asked again, it is said again.
  clock.now += 30_000;
  await directory.members(principals);
  expect(warnings()).toBe(2);
});

it("a group that comes into being is known within half a minute", async () => {
  const { directory, slack, clock } = await startDirectory();
  expect(await directory.unknownGroups(["S0LATER01"])).toEqual(["S0LATER01"]);
  slack.setUserGroup("S0LATER01", { handle: "later", users: [carol] });
  clock.now += 30_000;
  expect(await directory.unknownGroups(["S0LATER01"])).toEqual([]);
  expect(await directory.members(["S0LATER01"])).toEqual(new Set([carol]));
});

it("a workspace without user groups has nobody in one", async () => {
  const { directory, slack } = await startDirectory();
  slack.faults.set("usergroups.users.list", { error: "plan_upgrade_required" });
  expect(await directory.members(["S0LEADS01", bob])).toEqual(new Set([bob]));
});

it("what is no answer about the group is no empty group", async () => {
  const { directory, slack } = await startDirectory();
  for (const error of ["fatal_error", "invalid_auth", "missing_scope"]) {
    slack.faults.set("usergroups.users.list", { error });
    await expect(directory.members(["S0LEADS01", bob])).rejects.toThrow(error);
    await expect(directory.unknownGroups(["S0LEADS01"])).rejects.toThrow(error);
  }
});
