import { expect, it, vi } from "vitest";

import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  finishedThread,
  MODES,
  PEOPLE,
  press,
  startWorld,
} from "../support/harness.ts";
import { startBotProcess } from "../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const BROKEN = ["500", "dropped", "malformed"] as const;

it.each(MODES)(
  "no credential is in any line of the log in %s mode, at any level, whatever breaks",
  async (mode) => {
    const world = await startWorld({ mode });
    const { slack, cloudflare } = world;
    const bot = await startBotProcess(world, { LOG_LEVEL: "trace" });

    slack.faults.set("users.info", { dropConnection: true, times: 1 });
    await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
    for (const how of BROKEN) {
      cloudflare.faults.set(
        "*",
        how === "500"
          ? { kind: "status", status: 500, body: "Authorization: Bearer sandbox-cloudflare-token" }
          : how === "dropped"
            ? { kind: "drop" }
            : { kind: "odd" },
      );
      await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
      cloudflare.faults.clear();
    }
    // Were an error to quote what it was asked with, this is what would be written.
    slack.faults.set("chat.postMessage", {
      error: `invalid_auth of ${world.env["SLACK_BOT_TOKEN"]}`,
      times: 1,
    });
    const card = await askToRevoke(slack);
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    await bot.stop();

    const output = bot.stdout() + bot.stderr();
    expect(bot.logs("messages not posted, will try again")).toEqual([
      expect.objectContaining({
        err: expect.objectContaining({ message: expect.stringContaining("invalid_auth") }),
      }),
    ]);
    for (const secret of ["xoxb-", "xapp-", "sandbox-signing-secret", "sandbox-cloudflare-token"])
      expect(output).not.toContain(secret);
    // Neither cookies nor what Slack and Cloudflare were asked with: headers and bodies stay out as a whole.
    expect(output).not.toMatch(/authorization|set-cookie|response_url|trigger_id/i);
  },
);
