import { describe, expect, it } from "vitest";

import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { answerTo, askToRevoke, CHANNELS, PEOPLE, press } from "../support/harness.ts";
import { startScene } from "./support.ts";

const { alice, bob } = PEOPLE;

describe("/zt doctor", () => {
  it("shows what is wrong first, each with its fix, and that it is gone when it is checked again", async () => {
    const { slack, cloudflare } = await startScene();
    cloudflare.settings.riskEnabled = false;
    const { message, words } = await answerTo(slack, alice, "doctor");
    expect(words).toMatch(/^2 problems, /);
    expect(words).toMatch(
      /❌ Who reads it: #zt-approvals is public: .*\n\s*→ Make it private in its settings/,
    );
    expect(words).toMatch(
      /❌ Cloudflare permissions: Risk scoring is not enabled .*\n\s*→ Set approver_hygiene: false/,
    );
    expect(words.indexOf("❌")).toBeLessThan(words.indexOf("✅"));

    cloudflare.settings.riskEnabled = true;
    slack.setChannel(CHANNELS.approvals, { isPrivate: true });
    const { channel, ts } = message;
    await slack.click({ user: alice, channel, ts, actionId: "screen:doctor:refresh" });
    const again = await slack.waitFor(() => {
      const now = slack.ephemerals(alice).find((one) => one.ts === ts);
      const text = now === undefined ? "" : slack.visibleText(now);
      return text.includes("No problems") ? text : undefined;
    });
    expect(again).not.toContain("❌");
    expect(again).toContain(
      "✅ Who approves: every action needs 1 approval of Bob Okafor and Carol Lindqvist",
    );
  });

  it("is for operators: an approver who is none is told so", async () => {
    const policy = `channels: { approvals: ${CHANNELS.approvals} }\noperators: [${alice}]\napprovers: [${bob}]\n`;
    const { slack } = await startScene({ policy });
    expect((await answerTo(slack, bob, "doctor")).words).toContain("You can't use /zt doctor");
  });

  it.each([
    [true, /✅ Direct messages: Slack took the last one/],
    [false, /❌ Direct messages: Slack did not take the last one .*\n\s*→ Switch on the Messages tab/],
  ])(
    "knows by the last direct message whether there is a Messages tab (%s)",
    async (hasMessagesTab, says) => {
      const { slack } = await startScene({ slack: { hasMessagesTab } });
      expect((await answerTo(slack, alice, "doctor")).words).toContain(
        "check App Home in the app's settings",
      );
      const card = await askToRevoke(slack);
      await press(slack, bob, card, CARD_ACTIONS.approve);
      await expect
        .poll(async () => (await answerTo(slack, alice, "doctor")).words, { timeout: 30_000, interval: 500 })
        .toMatch(says);
    },
  );
});

it("at the check after the start, what is wrong is a warning with its fix, told once by one place", async () => {
  const scene = await startScene();
  scene.slack.setChannel(CHANNELS.approvals, { isArchived: true });
  await scene.bot.checkUp();
  const warnings = scene
    .logs()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { level: string; msg: string; check?: string; next?: string })
    .filter(({ check }) => check !== undefined);
  expect(warnings).toMatchObject([
    {
      level: "warn",
      check: "channel",
      msg: "The approvals channel is archived (#zt-approvals): no request would be seen",
      next: "Unarchive it, or name another in policy.yml",
    },
  ]);
});
