import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { startCloudflare } from "../sandbox/cloudflare/index.ts";
import { startSlack, type StoredMessage } from "../sandbox/slack/index.ts";
import { renderPicture } from "../sandbox/web/picture.ts";
import {
  ACCOUNT_ID,
  CHANNELS,
  CLOUDFLARE_TOKEN,
  describeWorkspace,
  PEOPLE,
  POLICY,
} from "../sandbox/workspace.ts";
import { createApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { createLogger } from "../src/log.ts";
import { openPolicy } from "../src/policy-file.ts";
import { CARD_ACTIONS } from "../src/views/request/card.ts";

/**
 * `npm run pictures`: the README's pictures, from the messages that the bot really posts in the sandbox, drawn in
 * a browser. Needs Chromium (CHROMIUM_PATH, or /usr/bin/chromium).
 */
const IMAGES = join(import.meta.dirname, "..", "docs", "images");
const folder = mkdtempSync(join(tmpdir(), "zt-pictures-"));
// Two have to agree, so that the card shows what a quorum looks like.
writeFileSync(join(folder, "policy.yml"), POLICY.replace("revoke: {", "revoke: { quorum: 2,"));

const cloudflare = await startCloudflare({ accountId: ACCOUNT_ID, tokens: [{ token: CLOUDFLARE_TOKEN }] });
const workspace = describeWorkspace({ mode: "socket" });
const slack = await startSlack({ ...workspace, quiet: true });
const config = readConfig({
  SLACK_BOT_TOKEN: workspace.bot.botToken,
  SLACK_APP_TOKEN: workspace.bot.appToken,
  SLACK_API_URL: slack.apiUrl,
  CLOUDFLARE_API_TOKEN: CLOUDFLARE_TOKEN,
  CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID,
  CLOUDFLARE_BASE_URL: cloudflare.baseUrl,
  DATABASE_URL: `file:${join(folder, "zt.db")}`,
  ZT_POLICY_FILE: join(folder, "policy.yml"),
  PORT: "0",
});
const bot = await createApp({ config, policy: openPolicy(config.policyFile), log: createLogger("silent") });
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});

try {
  await slack.command({ user: PEOPLE.alice, channel: CHANNELS.security, text: "user mallory@example.com" });
  await draw("summary", await slack.waitFor(() => slack.ephemerals(PEOPLE.alice).at(-1)), {
    ephemeral: true,
    width: 640,
  });

  const text = "revoke mallory@example.com --reason impossible travel, and the laptop is gone";
  await slack.command({ user: PEOPLE.alice, channel: CHANNELS.security, text });
  const card = await slack.waitFor(() => slack.messages(CHANNELS.approvals).at(-1));
  const approve = { channel: card.channel, ts: card.ts, actionId: CARD_ACTIONS.approve };
  await slack.click({ user: PEOPLE.bob, ...approve });
  await slack.waitFor(() => slack.visibleText(card).includes("1 of 2") || undefined);
  await draw("card", card, { width: 640 });

  await slack.click({ user: PEOPLE.carol, ...approve });
  const closing = await slack.waitFor(() =>
    slack.thread(card.channel, card.ts).find((message) => slack.visibleText(message).includes("Next:")),
  );
  await draw("result", closing, { width: 640 });
} finally {
  await browser.close();
  await bot.stop();
  await Promise.all([slack.close(), cloudflare.close()]);
  rmSync(folder, { recursive: true, force: true });
}

async function draw(
  name: string,
  message: StoredMessage,
  options: { width: number; ephemeral?: boolean },
): Promise<void> {
  const people = workspace.people.map(({ id, name, realName }) => ({ id, name, realName }));
  const png = await renderPicture(browser, message.blocks, {
    ...options,
    name: "zt-bot",
    now: Date.now(),
    people,
    userGroups: workspace.userGroups.map(({ id, handle }) => ({ id, handle })),
  });
  writeFileSync(join(IMAGES, `${name}.png`), png);
}
