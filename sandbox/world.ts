import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startCloudflare, type CloudflareEmulator, type TokenOptions } from "./cloudflare/index.ts";
import type { Observe } from "./inspector/journal.ts";
import { startSlack, type Slack, type SlackOptions } from "./slack/index.ts";
import { ACCOUNT_ID, CLOUDFLARE_TOKEN, describeWorkspace, POLICY, STEP_UP_KEY } from "./workspace.ts";

export type Mode = "socket" | "http";

export interface WorldOptions {
  mode?: Mode;
  /** Text of policy.yml; the sandbox's by default. */
  policy?: string;
  /** Permissions of the Cloudflare token; all by default. */
  permissions?: string[];
  /** What else Cloudflare knows of the token: an account's, active and without end by default. */
  token?: Pick<TokenOptions, "kind" | "status" | "expiresAt">;
  /** The bot signs in with an email and a key instead of a token. */
  isKey?: boolean;
  databaseUrl?: string;
  /** Cloudflare's limit on calls; the real one by default. */
  rateLimit?: { requests: number; windowMs: number };
  /** So long Cloudflare's list shows sessions that are over; not at all by default. */
  sessionListLagMs?: number;
  /** SLACK_POSTS_PER_SECOND; far more than the real limit by default, which the emulator does not have unless told. */
  postsPerSecond?: number;
  /** Cloudflare's clock; the real one by default. */
  cloudflareNow?: () => number;
  /** Further routes of the Slack emulator. */
  mount?: SlackOptions["mount"];
  /** Told of every request between the bot, Slack and Cloudflare. */
  observe?: Observe;
  /** What this Slack does otherwise than most. */
  slack?: Partial<SlackOptions>;
}

const KEY = { email: "ops@example.com", key: "sandbox-cloudflare-key" };

/** Both emulators and a folder, without a bot: for those that start it as a process of its own. */
export interface World {
  slack: Slack;
  cloudflare: CloudflareEmulator;
  folder: string;
  mode: Mode;
  /** The environment of a bot in this world. */
  env: Record<string, string>;
}

/** Starts both emulators on free ports, and makes a folder with a policy.yml; `close` ends and removes all of it. */
export async function openWorld(options: WorldOptions = {}): Promise<World & { close(): Promise<void> }> {
  const mode = options.mode ?? "socket";
  const folder = mkdtempSync(join(tmpdir(), "zt-test-"));
  const { permissions, isKey = false } = options;
  const cloudflare = await startCloudflare({
    accountId: ACCOUNT_ID,
    tokens: [
      { token: CLOUDFLARE_TOKEN, ...(permissions === undefined ? {} : { permissions }), ...options.token },
    ],
    keys: [KEY],
    ...(options.observe === undefined ? {} : { observe: options.observe }),
    ...(options.rateLimit === undefined ? {} : { rateLimit: options.rateLimit }),
    ...(options.sessionListLagMs === undefined ? {} : { sessionListLagMs: options.sessionListLagMs }),
    ...(options.cloudflareNow === undefined ? {} : { now: options.cloudflareNow }),
  });
  const workspace = describeWorkspace({ mode: "socket" });
  const slack = await startSlack({
    ...workspace,
    quiet: true,
    ...(options.observe === undefined ? {} : { observe: options.observe }),
    ...options.slack,
    ...(options.mount === undefined ? {} : { mount: options.mount }),
  });
  const policyFile = join(folder, "policy.yml");
  writeFileSync(policyFile, options.policy ?? POLICY, { mode: 0o600 });
  return {
    slack,
    cloudflare,
    folder,
    mode,
    env: {
      SLACK_BOT_TOKEN: workspace.bot.botToken,
      ...(mode === "socket"
        ? { SLACK_APP_TOKEN: workspace.bot.appToken }
        : { SLACK_SIGNING_SECRET: workspace.bot.signingSecret }),
      SLACK_API_URL: slack.apiUrl,
      SLACK_POSTS_PER_SECOND: String(options.postsPerSecond ?? 1000),
      ...(isKey
        ? { CLOUDFLARE_EMAIL: KEY.email, CLOUDFLARE_API_KEY: KEY.key }
        : { CLOUDFLARE_API_TOKEN: CLOUDFLARE_TOKEN }),
      CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID,
      CLOUDFLARE_BASE_URL: cloudflare.baseUrl,
      DATABASE_URL: options.databaseUrl ?? `file:${join(folder, "data", "zt.db")}`,
      STEP_UP_KEY,
      ZT_POLICY_FILE: policyFile,
      HOST: "127.0.0.1",
      PORT: "0",
      LOG_LEVEL: "info",
    },
    async close() {
      await Promise.all([slack.close(), cloudflare.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
