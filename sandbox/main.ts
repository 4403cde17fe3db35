import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import express from "express";

import { createApp, type ZtBot } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { createLogger } from "../src/log/log.ts";
import { openPolicy } from "../src/policy-file.ts";
import { createInspectorRouter } from "./inspector/control.ts";
import { createJournal } from "./inspector/journal.ts";
import { readFlags, type Flags } from "./flags.ts";
import { createGuideRouter } from "./scenarios/control.ts";
import { SCENARIOS, type ScenarioName } from "./scenarios/index.ts";
import { createPlayer } from "./scenarios/player.ts";
import { createTelling } from "./scenarios/tell.ts";
import { createControlRouter, startCloudflare } from "./cloudflare/index.ts";
import { startSlack } from "./slack/index.ts";
import { buildPage, listSubcommands, mountPage } from "./web/serve.ts";
import {
  ACCOUNT_ID,
  CHANNELS,
  CLOUDFLARE_TOKEN,
  describeWorkspace,
  PEOPLE,
  SANDBOX_POLICY,
  STEP_UP_KEY,
} from "./workspace.ts";

/**
 * `npm run sandbox`: the same bot that goes to production, on a local Slack workspace and a local Cloudflare
 * account, with a page to be three people on. Nothing to configure and nothing leaves this machine.
 */
const flags = takeFlags();

/** How often those who are watched are looked at: half a minute is long for someone who waits for it. */
const WATCH_MS = 5000;

/** How long a scenario waits for someone to open the page. */
const OPEN_MS = 15_000;

const STEP_UP_HINT = `    /zt authenticator                as Bob. Carol confirms it in #zt-approvals with Bob's number;
                                     from then on Bob's approval needs a code
`;
const folder = flags.folder ?? mkdtempSync(join(tmpdir(), "zt-sandbox-"));
mkdirSync(folder, { recursive: true, mode: 0o700 });
const stepUp = flags.stepUp ? "step_up: [revoke, delete-user]\n" : "";
writeFileSync(join(folder, "policy.yml"), `${SANDBOX_POLICY}${stepUp}`, { mode: 0o600 });

const dist = await buildPage();
const workspace = describeWorkspace({ mode: "socket" });
const { botToken, appToken, signingSecret } = workspace.bot;
const journal = createJournal([botToken, appToken, signingSecret, CLOUDFLARE_TOKEN, STEP_UP_KEY]);
const cloudflare = await startCloudflare({
  accountId: ACCOUNT_ID,
  tokens: [{ token: CLOUDFLARE_TOKEN }],
  dataFile: join(folder, "cloudflare.json"),
  observe: journal.observe,
});
/** Filled in once there is a bot to play with. */
const guide = express.Router();
const slack = await startSlack({
  ...workspace,
  // As it should be: a public one is warned of.
  channels: workspace.channels.map((one) => ({ ...one, isPrivate: one.id === CHANNELS.approvals })),
  port: flags.port,
  dataFile: join(folder, "slack.json"),
  observe: journal.observe,
  mount(app) {
    app.use("/sandbox", express.json(), createControlRouter(cloudflare));
    app.use("/sandbox", createInspectorRouter(journal), guide);
    mountPage(app, dist, { user: PEOPLE.alice, channel: CHANNELS.security, subcommands: listSubcommands() });
  },
}).catch(async (error: unknown) => {
  if (!isPortTaken(error)) throw error;
  await cloudflare.close();
  if (flags.folder === null) rmSync(folder, { recursive: true, force: true });
  refuse(`Port ${flags.port} is taken. Choose another: npm run sandbox -- --port 8788`);
});

const log = createLogger("info", {
  write: (line) => writeFileSync(join(folder, "zt-bot.log"), line, { flag: "a" }),
});
const config = readConfig({
  SLACK_BOT_TOKEN: workspace.bot.botToken,
  ...(flags.http
    ? { SLACK_SIGNING_SECRET: workspace.bot.signingSecret }
    : { SLACK_APP_TOKEN: workspace.bot.appToken }),
  SLACK_API_URL: slack.apiUrl,
  CLOUDFLARE_API_TOKEN: CLOUDFLARE_TOKEN,
  CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID,
  CLOUDFLARE_BASE_URL: cloudflare.baseUrl,
  DATABASE_URL: `file:${join(folder, "zt.db")}`,
  AUDIT_SIGNING_KEY_FILE: join(folder, "audit-signing.key"),
  // Nobody's limit is here, and a thread about forty people should not take a minute.
  SLACK_POSTS_PER_SECOND: "5",
  STEP_UP_KEY,
  ZT_POLICY_FILE: join(folder, "policy.yml"),
  PORT: "0",
});
const bot: ZtBot = await createApp({
  config,
  policy: openPolicy(config.policyFile, { hasStepUpKey: config.stepUpKey !== null }),
  log,
  watchMs: WATCH_MS,
});
if (flags.http) slack.setDelivery({ mode: "http", url: `${bot.url}/slack/events` });

const player = createPlayer({
  slack,
  cloudflare,
  pace: flags.pace,
  ...(flags.play !== null && { telling: createTelling(say) }),
});
const opened = Promise.withResolvers<void>();
guide.use(createGuideRouter(player, opened.resolve));

// As with the bot itself: a policy.yml that was edited is read again. Before the sandbox says that it is there.
process.on("SIGHUP", () => void bot.reloadPolicy());
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop());

say(`
  zt-bot sandbox   ${slack.url}

  Open it in a browser. You are Alice, in #security. Try:
    /zt help
    /zt user mallory@example.com     then Revoke all…, and approve it as Bob in #zt-approvals,
                                     or revoke at once as Alice (break-glass) and review it as Bob
  Guide in the page plays three incidents; --play ${SCENARIOS[0]} begins with one.
${flags.stepUp ? STEP_UP_HINT : ""}
  Files: ${folder}${flags.folder === null ? " (temporary; --data <folder> keeps them)" : ""}
  Ctrl-C stops it.
`);

if (flags.play !== null) void play(flags.play);

function takeFlags(): Flags {
  const read = readFlags(process.argv.slice(2));
  if ("problem" in read) refuse(read.problem);
  if (!("help" in read)) return read;
  say(read.help);
  process.exit(0);
}

/** Begins when the page is open, so that no one misses the first step; without a page, a little later. */
async function play(name: ScenarioName): Promise<void> {
  say(`  Playing ${name}: begins when you open the page, or in ${OPEN_MS / 1000} s.`);
  await Promise.race([opened.promise, sleep(OPEN_MS)]);
  player.start(name, "playing");
  if (await player.finished()) say("\n  That was the scenario. The sandbox goes on; Ctrl-C stops it.");
}

async function stop(): Promise<void> {
  player.stop();
  await bot.stop();
  await Promise.all([slack.close(), cloudflare.close()]);
  if (flags.folder === null) rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
