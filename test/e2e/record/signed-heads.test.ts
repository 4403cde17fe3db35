import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, it } from "vitest";

import { runHere } from "../../audit/support.ts";
import { cardWhere, startBot, startWorld } from "../../support/harness.ts";

it("the record is signed at start and at stop, and a line in the approvals channel proves it a day later", async () => {
  const world = await startWorld();
  const { slack, folder, env } = world;
  const first = await startBot(world);
  const keyFile = join(folder, "audit-signing.key");
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  await first.bot.stop();

  const later = await startBot(world, { now: () => Date.now() + 25 * 3_600_000 });
  const told = slack.visibleText(
    await cardWhere(slack, (words) => words.includes("The record is signed up to row")),
  );
  await later.bot.stop();
  const lines = join(folder, "lines.txt");
  writeFileSync(lines, told);
  const { DATABASE_URL = "" } = env;
  const { stdout: key } = await runHere({ DATABASE_URL }, "public-key");
  const args = ["verify", "--public-key", key.trim(), "--heads", lines];
  const { code, stdout, stderr } = await runHere(
    { DATABASE_URL, AUDIT_SIGNING_KEY_FILE: "/nowhere" },
    ...args,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("in the record is good, up to row");
  const secret = readFileSync(keyFile, "utf8").trim();
  for (const text of [first.logs(), later.logs(), stdout, key]) expect(text).not.toContain(secret.slice(-30));
});
