import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import express from "express";

import { createApp, type ZtBot } from "../src/app.ts";
import { usageOf } from "../src/commands/define.ts";
import { createCommands } from "../src/commands/index.ts";
import { readConfig } from "../src/config.ts";
import { createLogger } from "../src/log.ts";
import { openPolicy } from "../src/policy-file.ts";
import { createInspectorRouter } from "./inspector/control.ts";
import { createJournal } from "./inspector/journal.ts";
import { createControlRouter, startCloudflare } from "./cloudflare/index.ts";
import { startSlack } from "./slack/index.ts";
import { buildPage, mountPage, type Subcommand } from "./web/serve.ts";
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
const { values } = parseArgs({
  options: {
    data: { type: "string" },
    port: { type: "string", default: "8787" },
    http: { type: "boolean", default: false },
    "step-up": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  say(`npm run sandbox -- [--data <folder>] [--port <n>] [--http] [--step-up]

  --data     keep everything in this folder (default: a temporary one, removed at the end)
  --port     of the page (default 8787; 0 for any free one)
  --http     the bot takes Slack's requests over HTTP instead of Socket Mode
  --step-up  approving revoke and delete-user needs a code: /zt authenticator sets it up`);
  process.exit(0);
}

const STEP_UP_HINT = `    /zt authenticator                as Bob. Carol confirms it in #zt-approvals with Bob's number;
                                     from then on Bob's approval needs a code
`;
const folder = values.data === undefined ? mkdtempSync(join(tmpdir(), "zt-sandbox-")) : resolve(values.data);
mkdirSync(folder, { recursive: true, mode: 0o700 });
const stepUp = values["step-up"] ? "step_up: [revoke, delete-user]\n" : "";
writeFileSync(join(folder, "policy.yml"), `${SANDBOX_POLICY}${stepUp}`);

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
const slack = await startSlack({
  ...workspace,
  // As it should be: a public one is warned of.
  channels: workspace.channels.map((one) => ({ ...one, isPrivate: one.id === CHANNELS.approvals })),
  port: Number(values.port),
  dataFile: join(folder, "slack.json"),
  observe: journal.observe,
  mount(app) {
    app.use("/sandbox", express.json(), createControlRouter(cloudflare));
    app.use("/sandbox", createInspectorRouter(journal));
    mountPage(app, dist, { user: PEOPLE.alice, channel: CHANNELS.security, subcommands: listSubcommands() });
  },
}).catch(async (error: unknown) => {
  if (!isPortTaken(error)) throw error;
  await cloudflare.close();
  if (values.data === undefined) rmSync(folder, { recursive: true, force: true });
  process.stderr.write(`Port ${values.port} is taken. Choose another: npm run sandbox -- --port 8788\n`);
  process.exit(1);
});

const log = createLogger("info", {
  write: (line) => writeFileSync(join(folder, "zt-bot.log"), line, { flag: "a" }),
});
const config = readConfig({
  SLACK_BOT_TOKEN: workspace.bot.botToken,
  ...(values.http
    ? { SLACK_SIGNING_SECRET: workspace.bot.signingSecret }
    : { SLACK_APP_TOKEN: workspace.bot.appToken }),
  SLACK_API_URL: slack.apiUrl,
  CLOUDFLARE_API_TOKEN: CLOUDFLARE_TOKEN,
  CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID,
  CLOUDFLARE_BASE_URL: cloudflare.baseUrl,
  DATABASE_URL: `file:${join(folder, "zt.db")}`,
  AUDIT_SIGNING_KEY_FILE: join(folder, "audit-signing.key"),
  STEP_UP_KEY,
  ZT_POLICY_FILE: join(folder, "policy.yml"),
  PORT: "0",
});
const bot: ZtBot = await createApp({
  config,
  policy: openPolicy(config.policyFile, { hasStepUpKey: config.stepUpKey !== null }),
  log,
});
if (values.http) slack.setDelivery({ mode: "http", url: `${bot.url}/slack/events` });

say(`
  zt-bot sandbox   ${slack.url}

  Open it in a browser. You are Alice, in #security. Try:
    /zt help
    /zt user mallory@example.com     then Revoke all…, and approve it as Bob in #zt-approvals,
                                     or revoke at once as Alice (break-glass) and review it as Bob
${values["step-up"] ? STEP_UP_HINT : ""}
  Files: ${folder}${values.data === undefined ? " (temporary; --data <folder> keeps them)" : ""}
  Ctrl-C stops it.
`);

// As with the bot itself: a policy.yml that was edited is read again.
process.on("SIGHUP", () => void bot.reloadPolicy());
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop());

async function stop(): Promise<void> {
  await bot.stop();
  await Promise.all([slack.close(), cloudflare.close()]);
  if (values.data === undefined) rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

/** The bot's help, for the page to complete what is typed. */
function listSubcommands(): Subcommand[] {
  return createCommands().all.map((command) => ({
    name: command.name,
    aliases: [...(command.aliases ?? [])],
    usage: usageOf(command),
    summary: command.summary,
  }));
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
