import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import express, { type Express } from "express";

import { usageOf } from "../../src/commands/define.ts";
import { createCommands } from "../../src/commands/index.ts";

const here = import.meta.dirname;
const output = join(here, "dist");
const keepMs = 24 * 60 * 60 * 1000;

/**
 * Builds the page unless these very sources are built already. The folder is named after their hash, so that several
 * processes may build at once without a lock: each builds aside and the first to finish puts its folder in place.
 *
 * @returns the absolute path of the folder to serve.
 */
export async function buildPage(): Promise<string> {
  const target = join(output, await hashSources());
  if (existsSync(target)) return target;

  const aside = join(output, `building-${process.pid}-${Date.now()}`);
  await mkdir(output, { recursive: true });
  await removeOldBuilds();
  await runVite(aside);
  try {
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

/** In its own process: vite sets NODE_ENV for the whole process it runs in, and under a test runner builds React's slow half. */
async function runVite(outDir: string): Promise<void> {
  const vite = join(dirname(createRequire(import.meta.url).resolve("vite/package.json")), "bin", "vite.js");
  const config = join(here, "vite.config.ts");
  const flags = ["--config", config, "--configLoader", "native", "--outDir", outDir, "--emptyOutDir"];
  await promisify(execFile)(process.execPath, [vite, "build", here, ...flags], {
    env: { ...process.env, NODE_ENV: "production" },
  });
}

/** Another process may still serve a build that these sources no longer lead to, so builds go by age. */
async function removeOldBuilds(): Promise<void> {
  for (const name of await readdir(output)) {
    const folder = join(output, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > keepMs) await rm(folder, { recursive: true, force: true });
  }
}

/** Where a page opens whose address says nothing: as whom, and in which channel (the first one by default). */
export interface Start {
  user: string;
  channel?: string;
  /** What the bot takes behind its slash command; the page suggests it, where Slack suggests the command alone. */
  subcommands?: Subcommand[];
}

export interface Subcommand {
  name: string;
  aliases: string[];
  /** The name and what follows it, as in the bot's help. */
  usage: string;
  summary: string;
}

/** The bot's help, for the page to complete what is typed. */
export function listSubcommands(): Subcommand[] {
  return createCommands().all.map((command) => ({
    name: command.name,
    aliases: [...(command.aliases ?? [])],
    usage: usageOf(command),
    summary: command.summary,
  }));
}

/**
 * Serves the built page at `/` of an app, under a policy that lets it load nothing from elsewhere. The page expects
 * Slack's and Cloudflare's control routers below `/sandbox` of the same app.
 *
 * @param dist the folder that {@link buildPage} returned.
 */
export function mountPage(app: Express, dist: string, start: Start): void {
  app.get("/start.json", (_request, response) => {
    response.json(start);
  });
  app.use(
    express.static(dist, {
      setHeaders: (response) => {
        response.setHeader(
          "content-security-policy",
          "default-src 'self'; img-src 'self' data: https:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        );
        response.setHeader("x-content-type-options", "nosniff");
        response.setHeader("cache-control", "no-cache");
      },
    }),
  );
}

async function hashSources(): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(here, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(output))
    .toSorted();
  for (const file of files) hash.update(file.slice(here.length)).update(await readFile(file));
  return hash.digest("hex").slice(0, 16);
}
