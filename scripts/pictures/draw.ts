import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser } from "playwright-core";

import { startCloudflare } from "../../sandbox/cloudflare/index.ts";
import { startSlack } from "../../sandbox/slack/index.ts";
import { renderPicture, type Picture } from "../../sandbox/web/picture.ts";
import { buildPage, mountPage } from "../../sandbox/web/serve.ts";
import { ACCOUNT_ID, CLOUDFLARE_TOKEN, describeWorkspace, PEOPLE, POLICY } from "../../sandbox/workspace.ts";
import { createApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log/log.ts";
import { openPolicy } from "../../src/policy-file.ts";
import { playScenes, type Scene } from "./scenes.ts";

/** Each picture with the scene that it is of, from what the bot really posts in the sandbox, as wide as a phone. */
export async function drawPictures(browser: Browser): Promise<Map<Scene, Picture>> {
  const folder = mkdtempSync(join(tmpdir(), "zt-pictures-"));
  // Two have to agree, so that the card shows what a quorum looks like.
  writeFileSync(join(folder, "policy.yml"), POLICY.replace("revoke: {", "revoke: { quorum: 2,"), {
    mode: 0o600,
  });
  const page = await buildPage();
  const cloudflare = await startCloudflare({ accountId: ACCOUNT_ID, tokens: [{ token: CLOUDFLARE_TOKEN }] });
  const workspace = describeWorkspace({ mode: "socket" });
  const slack = await startSlack({
    ...workspace,
    quiet: true,
    mount: (app) => mountPage(app, page, { user: PEOPLE.alice }),
  });
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
  const pictures = new Map<Scene, Picture>();
  try {
    await playScenes({
      slack,
      cloudflare,
      async draw(scene, content) {
        const picture = await renderPicture(browser, content, {
          bot: workspace.bot,
          now: Date.now(),
          people: workspace.people.map(({ id, realName }) => ({ id, realName })),
          userGroups: workspace.userGroups.map(({ id, handle }) => ({ id, handle })),
          pageUrl: slack.url,
        });
        pictures.set(scene, picture);
      },
    });
    return pictures;
  } finally {
    await bot.stop();
    await Promise.all([slack.close(), cloudflare.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}
