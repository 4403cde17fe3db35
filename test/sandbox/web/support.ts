import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { AnyBlock, ModalView } from "@slack/types";
import { WebClient } from "@slack/web-api";
import express from "express";
import {
  type CloudflareEmulator,
  createControlRouter,
  startCloudflare,
} from "../../../sandbox/cloudflare/index.ts";
import { createInspectorRouter } from "../../../sandbox/inspector/control.ts";
import { createJournal } from "../../../sandbox/inspector/journal.ts";
import { createGuideRouter } from "../../../sandbox/scenarios/control.ts";
import { createPlayer } from "../../../sandbox/scenarios/player.ts";
import { type Slack, startSlack } from "../../../sandbox/slack/index.ts";
import { buildPage, mountPage } from "../../../sandbox/web/serve.ts";

export const alice = "U0ALICE001";
export const bob = "U0BOB00001";
const carol = "U0CAROL001";
export const approvals = "C0APPROVAL";
const leads = "S0LEADS001";

const subcommands = [
  { name: "revoke", aliases: [], usage: "revoke <who…>", summary: "end all sessions" },
  { name: "risk", aliases: ["score"], usage: "risk <who>", summary: "the risk score" },
  { name: "user", aliases: ["who"], usage: "user <who>", summary: "one user" },
];

/** What reached the app: a slash command's fields or an interaction's payload. */
export type Received = Record<string, unknown> & { trigger_id?: string; type?: string };

/** The page on both emulators, and an app that does what the test says. */
export interface Sandbox {
  url: string;
  slack: Slack;
  cloudflare: CloudflareEmulator;
  received: Received[];
  /** The app's ack of what comes next; an empty ack by default. */
  answer: (reply: (received: Received) => unknown) => void;
  /** What the app answers to every question for options; none by default. */
  suggest: (options: (value: string) => unknown) => void;
  /** Posts as the bot. */
  post: (blocks: AnyBlock[], options?: { text?: string; thread_ts?: string; to?: string }) => Promise<string>;
  update: (ts: string, blocks: AnyBlock[], text?: string) => Promise<void>;
  client: WebClient;
  /** Makes the app open a modal at Alice's next command. */
  openAtNextCommand: (view: ModalView) => void;
  /** After a test has cut the way to the app. */
  restoreDelivery: () => void;
  /** Forgets what happened on Slack's side, for the next test. */
  reset: () => void;
  close: () => Promise<void>;
}

export async function startSandbox(): Promise<Sandbox> {
  const received: Received[] = [];
  let reply: (received: Received) => unknown = () => undefined;
  let offer: (value: string) => unknown = () => ({ options: [] });
  const app = express();
  app.post("/slack/events", express.urlencoded({ extended: false }), express.json(), (request, response) => {
    const body = request.body as Record<string, string>;
    const payload = (body["payload"] === undefined ? body : JSON.parse(body["payload"])) as Received;
    received.push(payload);
    if (payload.type === "block_suggestion") {
      response.json(offer(String(payload["value"])));
      return;
    }
    const answering = reply;
    reply = () => undefined;
    void Promise.resolve(answering(payload)).then((answer) =>
      answer === undefined ? response.end() : response.json(answer),
    );
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const appUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;

  const journal = createJournal(["xoxb-sandbox"]);
  const cloudflare = await startCloudflare({
    accountId: "0".repeat(32),
    tokens: [{ token: "t" }],
    observe: journal.observe,
  });
  const page = await buildPage();
  const guide = express.Router();
  const slack = await startSlack({
    quiet: true,
    observe: journal.observe,
    // A busy machine takes a second for two presses.
    ackTimeoutMs: 1500,
    team: { id: "T0SANDBOX1", name: "Example Security", domain: "example" },
    people: [
      { id: alice, name: "alice", realName: "Alice Moreau", email: "alice@example.com", tz: "Europe/Paris" },
      { id: bob, name: "bob", realName: "Bob Tanaka", email: "bob@example.com", tz: "Asia/Tokyo" },
      {
        id: carol,
        name: "carol",
        realName: "Carol Díaz",
        email: "carol@example.com",
        tz: "America/New_York",
      },
    ],
    channels: [
      { id: approvals, name: "zt-approvals", members: [alice, bob, carol], botIsMember: true },
      { id: "C0GENERAL1", name: "general", members: [alice, bob, carol], botIsMember: true },
      { id: "C0INCIDENT", name: "incidents", members: [alice, bob], isPrivate: true, botIsMember: true },
    ],
    userGroups: [{ id: leads, handle: "security-leads", users: [bob] }],
    bot: {
      userId: "U0ZTBOT001",
      botId: "B0ZTBOT001",
      appId: "A0ZTBOT001",
      name: "zt-bot",
      botToken: "xoxb-sandbox",
      appToken: "xapp-sandbox",
      signingSecret: "secret",
      scopes: ["commands", "chat:write", "chat:write.public", "im:write", "users:read"],
    },
    delivery: { mode: "http", url: appUrl },
    commands: [{ command: "/zt", description: "Look up a user", usageHint: "user alice@example.com" }],
    shortcuts: [
      { type: "message", name: "Investigate", callbackId: "investigate" },
      { type: "message", name: "Ask for a revocation", callbackId: "ask" },
      { type: "global", name: "Zero Trust…", callbackId: "menu" },
    ],
    events: ["app_mention", "app_home_opened"],
    mount: (app) => {
      app.use("/sandbox", createControlRouter(cloudflare));
      app.use("/sandbox", createInspectorRouter(journal), guide);
      mountPage(app, page, { user: alice, channel: approvals, subcommands });
    },
  });
  guide.use(createGuideRouter(createPlayer({ slack, cloudflare, pace: 8 })));
  const client = new WebClient("xoxb-sandbox", { slackApiUrl: slack.apiUrl });

  return {
    url: `${slack.url}/`,
    slack,
    cloudflare,
    received,
    client,
    answer: (next) => {
      reply = next;
    },
    suggest: (options) => {
      offer = options;
    },
    async post(blocks, { to, text = "a message", ...rest } = {}) {
      if (to !== undefined) {
        await client.chat.postEphemeral({ channel: approvals, user: to, text, blocks, ...rest });
        return "";
      }
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- Slack's method, not the window's
      const { ts } = await client.chat.postMessage({ channel: approvals, text, blocks, ...rest });
      return ts ?? "";
    },
    async update(ts, blocks, text = "a message") {
      await client.chat.update({ channel: approvals, ts, text, blocks });
    },
    openAtNextCommand: (view) => {
      reply = async (command) => {
        await client.views.open({ trigger_id: command.trigger_id ?? "", view });
      };
    },
    restoreDelivery: () => slack.setDelivery({ mode: "http", url: appUrl }),
    reset() {
      slack.reset();
      journal.clear();
      received.splice(0);
      reply = () => undefined;
      offer = () => ({ options: [] });
    },
    async close() {
      await slack.close();
      await cloudflare.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
