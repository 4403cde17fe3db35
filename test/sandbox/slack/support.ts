import { App, HTTPReceiver, LogLevel, SocketModeReceiver } from "@slack/bolt";
import { startSlack } from "../../../sandbox/slack/index.ts";
import type { Slack, SlackOptions } from "../../../sandbox/slack/index.ts";

export const alice = "U0ALICE";
export const bob = "U0BOB";
export const general = "C0GENERAL";
export const secops = "G0SECOPS";

/** A small workspace: Alice and Bob, a public channel with the bot, a private one without it. */
export function workspaceOptions(change: Partial<SlackOptions> = {}): SlackOptions {
  return {
    team: { id: "T0ACME", name: "Acme", domain: "acme" },
    people: [
      { id: alice, name: "alice", realName: "Alice Ng", email: "alice@corp.com", tz: "Europe/Berlin" },
      { id: bob, name: "bob", realName: "Bob Ray", email: "bob@corp.com" },
    ],
    channels: [
      { id: general, name: "general", members: [alice, bob], botIsMember: true },
      { id: secops, name: "secops", isPrivate: true, members: [alice] },
      { id: "C0OPEN", name: "open", members: [alice] },
      { id: "C0OLD", name: "old", members: [alice], botIsMember: true, isArchived: true },
    ],
    userGroups: [{ id: "S0APPROVERS", handle: "approvers", users: [bob] }],
    bot: {
      userId: "U0BOT",
      botId: "B0BOT",
      appId: "A0BOT",
      name: "zt-bot",
      botToken: "xoxb-test",
      appToken: "xapp-test",
      signingSecret: "shhh",
      scopes: [
        "commands",
        "chat:write",
        "chat:write.public",
        "users:read",
        "users:read.email",
        "usergroups:read",
        "im:write",
        "im:history",
        "channels:history",
      ],
    },
    delivery: { mode: "socket" },
    commands: [{ command: "/zt", description: "Look up a user", usageHint: "user alice@example.com" }],
    quiet: true,
    ...change,
  };
}

export interface Running {
  slack: Slack;
  app: App;
  stop(): Promise<void>;
}

/** The emulator with a real Bolt app connected to it, in Socket Mode or over HTTP. */
export async function startWithApp(
  mode: "socket" | "http",
  register: (app: App, slack: Slack) => void,
  change: Partial<SlackOptions> = {},
  clientPingTimeout?: number,
): Promise<Running> {
  const slack = await startSlack(workspaceOptions(change));
  const started =
    mode === "socket"
      ? await startSocketApp(slack, register, clientPingTimeout)
      : await startHttpApp(slack, register);
  return {
    slack,
    app: started.app,
    async stop() {
      // Bolt does not wait for its socket to close, and complains when the server goes first.
      await started.stop();
      await slack.waitFor(() => slack.connections === 0);
      await slack.close();
    },
  };
}

function newApp(slack: Slack, receiver: SocketModeReceiver | HTTPReceiver): App {
  return new App({
    receiver,
    token: "xoxb-test",
    clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } },
    logLevel: LogLevel.ERROR,
  });
}

/** `clientPingTimeout` is also how long the client waits before it connects again, in milliseconds. */
export async function startSocketApp(
  slack: Slack,
  register: (app: App, slack: Slack) => void,
  clientPingTimeout = 5000,
) {
  const before = slack.connections;
  // Its own options object: the client puts its own retries on whatever it is given.
  const receiver = new SocketModeReceiver({
    appToken: "xapp-test",
    clientPingTimeout,
    logLevel: LogLevel.ERROR,
    installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
  });
  const app = newApp(slack, receiver);
  register(app, slack);
  await app.start();
  await slack.waitFor(() => slack.connections === before + 1);
  return { app, stop: () => app.stop() };
}

async function startHttpApp(slack: Slack, register: (app: App, slack: Slack) => void) {
  const receiver = new HTTPReceiver({ signingSecret: "shhh", logLevel: LogLevel.ERROR });
  const app = newApp(slack, receiver);
  register(app, slack);
  const server = await app.start(0);
  const address = "address" in server ? server.address() : null;
  if (address === null || typeof address === "string") throw new Error("The app has no port.");
  slack.setDelivery({ mode: "http", url: `http://127.0.0.1:${address.port}/slack/events` });
  return { app, stop: () => app.stop() };
}

/** A section with this text and, where told, a button beside it. */
export function section(text: string, button?: { actionId: string; label: string; value?: string }) {
  return {
    type: "section" as const,
    text: { type: "mrkdwn" as const, text },
    ...(button === undefined
      ? {}
      : {
          accessory: {
            type: "button" as const,
            action_id: button.actionId,
            text: { type: "plain_text" as const, text: button.label },
            ...(button.value === undefined ? {} : { value: button.value }),
          },
        }),
  };
}

/** The last of the list; fails when it is empty. */
export function last<T>(items: readonly T[]): T {
  const item = items.at(-1);
  if (item === undefined) throw new Error("There is none.");
  return item;
}
