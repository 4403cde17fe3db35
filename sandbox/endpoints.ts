import { parseArgs } from "node:util";

import express from "express";

import { createControlRouter, startCloudflare } from "./cloudflare/index.ts";
import { createInspectorRouter } from "./inspector/control.ts";
import { createJournal } from "./inspector/journal.ts";
import { startSlack } from "./slack/index.ts";
import { buildPage, listSubcommands, mountPage } from "./web/serve.ts";
import {
  ACCOUNT_ID,
  CHANNELS,
  CLOUDFLARE_TOKEN,
  describeWorkspace,
  ENDPOINT_PORTS,
  PEOPLE,
  STEP_UP_KEY,
} from "./workspace.ts";

/**
 * `npm run sandbox:endpoints`: the sandbox's Slack and Cloudflare with their page, and without a bot, for one that is
 * installed as in production: `npm run setup -- --sandbox`, `npm start`.
 */
const { values } = parseArgs({
  options: {
    port: { type: "string", default: String(ENDPOINT_PORTS.slack) },
    "cloudflare-port": { type: "string", default: String(ENDPOINT_PORTS.cloudflare) },
  },
});
const workspace = describeWorkspace({ mode: "socket" });
const { botToken, appToken, signingSecret } = workspace.bot;
const journal = createJournal([botToken, appToken, signingSecret, CLOUDFLARE_TOKEN, STEP_UP_KEY]);
const { observe } = journal;
try {
  const dist = await buildPage();
  const cloudflare = await startCloudflare({
    port: Number(values["cloudflare-port"]),
    accountId: ACCOUNT_ID,
    tokens: [{ token: CLOUDFLARE_TOKEN }],
    observe,
  });
  const slack = await startSlack({
    ...workspace,
    channels: workspace.channels.map((one) => ({ ...one, isPrivate: one.id === CHANNELS.approvals })),
    port: Number(values.port),
    observe,
    mount(app) {
      app.use("/sandbox", express.json(), createControlRouter(cloudflare));
      app.use("/sandbox", createInspectorRouter(journal));
      mountPage(app, dist, {
        user: PEOPLE.alice,
        channel: CHANNELS.security,
        subcommands: listSubcommands(),
      });
    },
  });
  process.stdout.write(`Slack and Cloudflare of the sandbox, without a bot:
  ${slack.apiUrl}
  ${cloudflare.baseUrl}
In another terminal:
  npm run setup -- --sandbox
  npm start
Then open ${slack.url} and type /zt help. Ctrl-C stops it.\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      void Promise.all([slack.close(), cloudflare.close()]).then(() => process.exit(0));
    });
} catch (error) {
  if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
  process.stderr.write(
    `Port ${values.port} or ${values["cloudflare-port"]} is taken: end npm run sandbox, or what else is there.\n`,
  );
  process.exit(1);
}
