import type { AnyBlock } from "@slack/types";
import { expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { describeInBrowser } from "../../support/chromium.ts";
import { revokeView, summaryBlocks } from "./blocks.ts";
import { desk, phone, type, usePages } from "./open-page.ts";
import { alice, approvals, bob, type Sandbox } from "./support.ts";

const search: AnyBlock = {
  type: "actions",
  elements: [
    {
      type: "external_select",
      action_id: "who",
      min_query_length: 0,
      placeholder: { type: "plain_text", text: "Search users" },
    },
  ],
};

const several: AnyBlock = {
  type: "input",
  optional: true,
  label: { type: "plain_text", text: "Devices" },
  element: {
    type: "multi_static_select",
    action_id: "devices",
    options: ["MM-MacBook", "MM-iPhone"].map((name) => ({
      text: { type: "plain_text", text: name },
      value: name,
    })),
  },
};

async function fillChannel(sandbox: Sandbox): Promise<void> {
  await sandbox.slack.post({ user: bob, channel: approvals, text: "@alice look: `x` https://example.com" });
  const ts = await sandbox.post(summaryBlocks);
  await sandbox.post(summaryBlocks, { thread_ts: ts });
  await sandbox.update(ts, summaryBlocks);
  await sandbox.post([search], { to: alice, thread_ts: ts });
  await sandbox.post([...summaryBlocks, search], { to: alice });
  sandbox.suggest(() => ({
    option_groups: [
      {
        label: { type: "plain_text", text: "High risk" },
        options: [
          {
            text: { type: "plain_text", text: "mallory@example.com" },
            value: "mallory",
            description: { type: "plain_text", text: "3 sessions" },
          },
        ],
      },
    ],
  }));
}

describeInBrowser("accessibility of the sandbox's page", () => {
  const open = usePages();

  for (const [size, options] of [
    ["a desk", desk],
    ["a phone", phone],
  ] as const) {
    test(`axe finds nothing serious at the size of ${size}, in light and in dark colours`, async () => {
      const { page, sandbox } = await open(options);
      await fillChannel(sandbox);
      const found: string[] = [];
      const check = async (place: string): Promise<void> => {
        found.push(...(await findViolations(page)).map((violation) => `${place}, ${violation}`));
      };
      await page.getByRole("article").nth(2).waitFor();
      // The panel would be looked at again at every stop.
      if (options === desk) await page.getByRole("button", { name: "Close Cloudflare panel" }).click();
      await check("messages");

      await page.getByRole("button", { name: "1 reply" }).click();
      const thread = page.getByRole("complementary", { name: /^Thread/ });
      await thread.getByRole("combobox", { name: "Search users" }).click();
      await thread.getByRole("option", { name: /mallory/ }).waitFor();
      await check("thread and its select");
      await page.getByRole("button", { name: /^(Close thread|Back to #zt-approvals)$/ }).click();

      await page.getByRole("article").first().hover();
      await page.getByRole("button", { name: "More actions" }).first().click();
      await page.getByRole("menuitem", { name: "Investigate" }).waitFor();
      await check("menu");
      await page.keyboard.press("Escape");

      const composer = page.getByRole("textbox", { name: "Message #zt-approvals" });
      await composer.pressSequentially("@");
      await page.getByRole("option", { name: "@zt-bot" }).waitFor();
      await check("mentions");
      await composer.fill("/zt r");
      await page.getByRole("option", { name: "revoke" }).waitFor();
      await check("subcommands");
      await composer.fill("");

      await page.getByText("Devices and posture").first().click();
      await page.getByRole("button", { name: "More options" }).first().click();
      await page.getByRole("menuitem", { name: "Show the identity" }).waitFor();
      await check("overflow menu, unfolded container");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Revoke…" }).first().click();
      await page.getByRole("alertdialog").waitFor();
      await check("confirm");
      await page.keyboard.press("Escape");

      sandbox.openAtNextCommand({ ...revokeView, blocks: [several, ...revokeView.blocks] });
      await type(page, "/zt revoke");
      const modal = page.getByRole("dialog", { name: "Revoke sessions" });
      await modal.getByRole("button", { name: "Ask for approval" }).click();
      await modal.getByText("Please complete this required field.").first().waitFor();
      await modal.getByRole("combobox", { name: "Devices" }).click();
      await modal.getByRole("option", { name: "MM-iPhone" }).click();
      await modal.getByRole("button", { name: "Remove MM-iPhone" }).waitFor();
      await check("modal");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await modal.waitFor({ state: "hidden" });

      if (options === phone) {
        await page.getByRole("button", { name: "Channel list" }).click();
        await check("drawer");
      }
      await page.getByRole("navigation").getByRole("button", { name: "general" }).click();
      await page.getByRole("button", { name: "Cloudflare" }).click();
      const panel = page.getByRole("complementary", { name: "Cloudflare" });
      await panel.getByRole("switch", { name: "success: false" }).click();
      await panel.getByRole("button", { name: "Switch all off" }).waitFor();
      await check("Cloudflare and the empty channel");
      await panel.getByRole("button", { name: "Switch all off" }).click();
      await panel.getByRole("button", { name: "Switch all off" }).waitFor({ state: "hidden" });

      await page.getByRole("button", { name: /^(Close Cloudflare panel|Back to the messages)$/ }).click();
      sandbox.slack.faults.set("chat.postMessage", { error: "msg_too_long", times: 1 });
      await sandbox.post(summaryBlocks).catch(() => {});
      await page.getByRole("button", { name: "Inspector" }).click();
      const failed = page.getByRole("listitem").filter({ hasText: "msg_too_long" });
      await failed.getByText("chat.postMessage").click();
      await failed.getByText("Answer").waitFor();
      await check("inspector");
      expect(found).toEqual([]);
    });
  }
});
