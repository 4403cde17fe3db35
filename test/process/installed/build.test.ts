import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, it, vi } from "vitest";

import { answerTo, PEOPLE, startWorld } from "../../support/harness.ts";
import { startBotProcess } from "../../support/process.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const ROOT = join(import.meta.dirname, "..", "..", "..");
const run = promisify(execFile);

/** Where there is nothing but what was built: no packages, no code. */
let elsewhere = "";

beforeAll(async () => {
  elsewhere = mkdtempSync(join(tmpdir(), "zt-built-"));
  // Not into dist/, which may be the developer's own.
  const build = ["--silent", "run", "build", "--", "--dir", join(elsewhere, "dist")];
  await run("npm", build, { cwd: ROOT });
});

afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

it("the bundle alone is the whole bot: it answers, and draws its picture", async () => {
  const world = await startWorld();
  await startBotProcess(world, {}, elsewhere, join(elsewhere, "dist", "main.js"));
  const { words } = await answerTo(world.slack, PEOPLE.alice, "logins mallory@example.com");
  expect(words).toContain("denied");
  const image = await world.slack.waitFor(() =>
    world.slack
      .ephemerals(PEOPLE.alice)
      .flatMap(({ blocks }) => blocks as { type: string }[])
      .find(({ type }) => type === "image"),
  );
  expect(image).toBeDefined();
});

it("the tools come with it", async () => {
  const { stdout, stderr } = await run(process.execPath, [
    join(elsewhere, "dist", "audit.js"),
    "--help",
  ]).catch((error: { stdout: string; stderr: string }) => error);
  expect(stdout + stderr).toContain("npm run audit");
});

it("names the license of every package that is in it", () => {
  const maps = readdirSync(join(elsewhere, "dist")).filter((file) => file.endsWith(".js.map"));
  const sources = maps.flatMap(
    (file) =>
      (JSON.parse(readFileSync(join(elsewhere, "dist", file), "utf8")) as { sources: string[] }).sources,
  );
  const packages = new Set(
    sources.flatMap(
      (source) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(source)?.[1] ?? [],
    ),
  );
  expect(packages.size).toBeGreaterThan(30);
  const licenses = readFileSync(join(elsewhere, "dist", "LICENSES.txt"), "utf8");
  for (const name of packages) expect(licenses).toContain(`Name: ${name}\n`);
  expect(existsSync(join(elsewhere, "dist", "node_modules", "@napi-rs", "canvas", "LICENSE"))).toBe(true);
});
