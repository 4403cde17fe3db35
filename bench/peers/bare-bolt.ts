import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

import { App, LogLevel } from "@slack/bolt";

/**
 * The least that a Bolt app can be: it acknowledges `/zt` and does nothing. Over HTTP, or in Socket Mode where it has an
 * app token; says "ready" as the bot does.
 */
const { SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_SIGNING_SECRET, SLACK_API_URL } = process.env;
const app = new App({
  ...(SLACK_BOT_TOKEN !== undefined && { token: SLACK_BOT_TOKEN }),
  ...(SLACK_SIGNING_SECRET !== undefined && { signingSecret: SLACK_SIGNING_SECRET }),
  ...(SLACK_APP_TOKEN !== undefined && { socketMode: true, appToken: SLACK_APP_TOKEN }),
  clientOptions: SLACK_API_URL === undefined ? {} : { slackApiUrl: SLACK_API_URL },
  logLevel: LogLevel.ERROR,
});
app.command("/zt", async ({ ack }) => {
  await ack();
});
const started = (await app.start({ host: "127.0.0.1", port: 0 })) as Server | object;
const address = "address" in started ? (started.address() as AddressInfo) : null;
const url = address === null ? null : `http://127.0.0.1:${address.port}`;
process.stdout.write(`${JSON.stringify({ level: "info", msg: "ready", url })}\n`);
