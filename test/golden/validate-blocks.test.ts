import { execFile } from "node:child_process";
import { join } from "node:path";

import { LogLevel, WebClient } from "@slack/web-api";
import { describe, expect, it, onTestFinished } from "vitest";

import { startSlack, type Slack } from "../../sandbox/slack/index.ts";
import { validateBlocks } from "../../scripts/validate-blocks/run.ts";
import { workspaceOptions } from "../sandbox/slack/support.ts";
import { goldenCases, type GoldenCase } from "./cases.ts";

async function start(): Promise<{ slack: Slack; client: WebClient }> {
  const slack = await startSlack(workspaceOptions({ quiet: true }));
  onTestFinished(() => slack.close());
  const client = new WebClient("xoxb-test", { slackApiUrl: slack.apiUrl, logLevel: LogLevel.ERROR });
  return { slack, client };
}

/** The script, as `npm run validate-blocks` starts it. */
function runScript(env: Record<string, string>): Promise<{ code: number; out: string }> {
  const script = join(import.meta.dirname, "..", "..", "scripts", "validate-blocks.ts");
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { env }, (error, out) => {
      resolve({ code: error === null ? 0 : Number(error.code), out });
    });
  });
}

describe("asking Slack about what the bot shows", { tags: ["slow"] }, () => {
  it("says of each case that Slack takes it, and posts nothing", async () => {
    const { slack, client } = await start();
    const lines: string[] = [];
    expect(await validateBlocks(client, goldenCases(), (line) => lines.push(line))).toBe(0);
    const names = goldenCases().map(({ name }) => name);
    expect(lines).toEqual([
      ...names.map((name) => `✅ ${name}`),
      `${names.length} of ${names.length} are taken by Slack.`,
    ]);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(slack.calls.map(({ method }) => method))).toEqual(new Set(["blocks.validate"]));
  });

  it("says what Slack does not take, and where, and goes on", async () => {
    const { client } = await start();
    const broken: GoldenCase = {
      name: "broken",
      surface: "message",
      shown: {
        text: "words",
        blocks: [{ type: "header", text: { type: "plain_text", text: "x".repeat(151) } }],
      },
    };
    const lines: string[] = [];
    expect(await validateBlocks(client, [broken, ...goldenCases()], (line) => lines.push(line))).toBe(1);
    expect(lines.slice(0, 3)).toEqual([
      "❌ broken",
      "   /blocks/0/text/text must be less than 151 characters",
      `✅ ${goldenCases()[0]?.name}`,
    ]);
  });

  it(
    "is a script: 0 where Slack takes everything, 2 where it can't be asked",
    { tags: ["slow"] },
    async () => {
      const { slack } = await start();
      const SLACK_API_URL = slack.apiUrl;
      expect(await runScript({ SLACK_API_URL, SLACK_BOT_TOKEN: "xoxb-test" })).toMatchObject({ code: 0 });
      const refused = await runScript({ SLACK_API_URL, SLACK_BOT_TOKEN: "xoxb-other" });
      expect(refused).toEqual({ code: 2, out: expect.stringContaining("invalid_auth") });
      expect(await runScript({})).toEqual({ code: 2, out: expect.stringContaining("Set SLACK_BOT_TOKEN") });
    },
  );
});
