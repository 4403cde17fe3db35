import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { BLOCK_LIST_ID } from "./cloudflare/seed/keep-out.ts";
import type { SlackOptions } from "./slack/index.ts";

/** The local workspace: three people, the approvals channel, and the app as its manifest describes it. */
export const ACCOUNT_ID = "023e105f4ecef8ad9ca31a8372d0c353";
export const CLOUDFLARE_TOKEN = "sandbox-cloudflare-token";
/** With it `/zt authenticator` works; `step_up: [revoke]` in the policy requires the codes. */
export const STEP_UP_KEY = Buffer.from("the sandbox's key: 32 open bytes").toString("base64");

export const PEOPLE = {
  alice: "U0ALICE01",
  bob: "U0BOB0001",
  carol: "U0CAROL01",
} as const;

export const CHANNELS = { security: "C0SECURE1", incident: "C0INCIDN7", approvals: "C0APPROV1" } as const;

const LEADS = "S0LEADS01";
const LEADS_HANDLE = "security-leads";

/** Where `npm run sandbox:endpoints` listens. */
export const ENDPOINT_PORTS = { slack: 8787, cloudflare: 8788 } as const;

/** What `npm run setup -- --sandbox` would ask: who and where, by name, and the settings. */
export function describeSetup(): {
  env: Record<string, string>;
  names: { channel: string; operators: string; approvers: string };
} {
  const { people, channels, bot } = describeWorkspace({ mode: "socket" });
  return {
    env: {
      SLACK_BOT_TOKEN: bot.botToken,
      SLACK_APP_TOKEN: bot.appToken,
      SLACK_API_URL: `http://127.0.0.1:${ENDPOINT_PORTS.slack}/api/`,
      CLOUDFLARE_API_TOKEN: CLOUDFLARE_TOKEN,
      CLOUDFLARE_BASE_URL: `http://127.0.0.1:${ENDPOINT_PORTS.cloudflare}/client/v4`,
    },
    names: {
      channel: channels.find(({ id }) => id === CHANNELS.approvals)?.name ?? "",
      operators: people.map(({ email }) => email).join(","),
      approvers: `@${LEADS_HANDLE}`,
    },
  };
}

export const POLICY = `channels:
  approvals: ${CHANNELS.approvals}
operators: [${PEOPLE.alice}, ${PEOPLE.bob}, ${PEOPLE.carol}]
approvers: [${LEADS}]
actions:
  revoke: { ttl: 1h }
  reset-risk: { ttl: 1h }
`;

/** Incidents go where the bot is, wherever they are opened. */
const WITH_INCIDENTS = POLICY.replace("channels:\n", `channels:\n  incidents: ${CHANNELS.incident}\n`);
/** What the sandbox can be tried with beyond that: Alice may break the glass, and the leads are told. */
export const SANDBOX_POLICY = `${WITH_INCIDENTS}break_glass: { members: [${PEOPLE.alice}], notify: [${LEADS}] }
protected: { emails: [erin@example.com], quorum: 2 }
block: { email_list: ${BLOCK_LIST_ID} }
`;

/** The workspace with the app as manifest.yml describes it: a call that needs another scope fails here as in Slack. */
export function describeWorkspace(delivery: SlackOptions["delivery"]): SlackOptions {
  const everybody = Object.values(PEOPLE);
  const manifest = readManifest();
  return {
    team: { id: "T0SANDBOX", name: "Example Corp", domain: "example-corp" },
    people: [
      {
        id: PEOPLE.alice,
        name: "alice",
        realName: "Alice Moreau",
        email: "alice@example.com",
        tz: "Europe/Paris",
        avatarColor: "#7c3aed",
      },
      {
        id: PEOPLE.bob,
        name: "bob",
        realName: "Bob Okafor",
        email: "bob@example.com",
        tz: "Europe/London",
        avatarColor: "#0e7490",
      },
      {
        id: PEOPLE.carol,
        name: "carol",
        realName: "Carol Lindqvist",
        email: "carol@example.com",
        tz: "America/New_York",
        avatarColor: "#b45309",
      },
    ],
    channels: [
      { id: CHANNELS.security, name: "security", members: everybody, botIsMember: false },
      { id: CHANNELS.incident, name: "incident-7", members: everybody, botIsMember: true },
      { id: CHANNELS.approvals, name: "zt-approvals", members: everybody, botIsMember: true },
    ],
    userGroups: [{ id: LEADS, handle: LEADS_HANDLE, users: [PEOPLE.bob, PEOPLE.carol] }],
    bot: {
      userId: "U0ZTBOT01",
      botId: "B0ZTBOT01",
      appId: "A0ZTBOT01",
      name: "zt-bot",
      botToken: "xoxb-sandbox-bot",
      appToken: "xapp-sandbox-app",
      signingSecret: "sandbox-signing-secret",
      scopes: [...manifest.oauth_config.scopes.bot, ...manifest.oauth_config.scopes.bot_optional],
    },
    delivery,
    commands: manifest.features.slash_commands.map(({ command, description, usage_hint: usageHint }) => ({
      command,
      description,
      usageHint,
    })),
    shortcuts: manifest.features.shortcuts.map(({ type, name, callback_id: callbackId }) => ({
      type,
      name,
      callbackId,
    })),
    hasHomeTab: manifest.features.app_home?.home_tab_enabled === true,
    events: manifest.settings.event_subscriptions.bot_events,
    hasMessagesTab: manifest.features.app_home?.messages_tab_enabled === true,
  };
}

interface Manifest {
  features: {
    slash_commands: { command: string; description: string; usage_hint: string }[];
    app_home?: { home_tab_enabled?: boolean; messages_tab_enabled?: boolean };
    shortcuts: { type: "message" | "global"; name: string; callback_id: string }[];
  };
  oauth_config: { scopes: { bot: string[]; bot_optional: string[] } };
  settings: { event_subscriptions: { bot_events: string[] } };
}

function readManifest(): Manifest {
  return parse(readFileSync(join(import.meta.dirname, "..", "manifest.yml"), "utf8")) as Manifest;
}
