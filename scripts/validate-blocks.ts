import { LogLevel, WebClient } from "@slack/web-api";

import { goldenCases } from "../test/golden/cases.ts";
import { validateBlocks } from "./validate-blocks/run.ts";

/**
 * `npm run validate-blocks`: asks the real Slack whether it takes what the bot shows. SLACK_BOT_TOKEN is any token of
 * a workspace, and needs no scope; nothing is posted. Exit code 1: Slack refuses something; 2: it could not be asked.
 */
const token = process.env["SLACK_BOT_TOKEN"] ?? "";
const slackApiUrl = process.env["SLACK_API_URL"];
const say = (line: string) => void process.stdout.write(`${line}\n`);

if (token === "") {
  say("Set SLACK_BOT_TOKEN to a token of any workspace: Slack is asked with it, and nothing is posted.");
  process.exitCode = 2;
} else {
  const client = new WebClient(token, {
    logLevel: LogLevel.ERROR,
    retryConfig: { retries: 2 },
    ...(slackApiUrl !== undefined && { slackApiUrl }),
  });
  try {
    process.exitCode = (await validateBlocks(client, goldenCases(), say)) === 0 ? 0 : 1;
  } catch (error) {
    say(`Slack could not be asked: ${error instanceof Error ? error.message : "unknown"}`);
    process.exitCode = 2;
  }
}
