import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeInBrowser, launchBrowser } from "../../support/chromium.ts";
import { revokeView, summaryBlocks } from "./blocks.ts";
import { alice, bob, approvals, type Sandbox, startSandbox } from "./support.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeResult {
  violations: {
    id: string;
    impact: string;
    help: string;
    nodes: { html: string; failureSummary: string }[];
  }[];
}

/** What axe-core finds that is serious or critical, in words. */
async function findViolations(page: Page): Promise<string[]> {
  // As an expression and not as a script tag: the page's policy allows none.
  await page.evaluate(axe);
  const result = await page.evaluate<AxeResult>("axe.run(document, { resultTypes: ['violations'] })");
  return result.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}\n${node.failureSummary}`));
}

describeInBrowser("accessibility of the sandbox's page", () => {
  let browser: Browser;
  let sandbox: Sandbox;
  beforeAll(async () => {
    browser = await launchBrowser();
    sandbox = await startSandbox();
    await sandbox.slack.post({ user: bob, channel: approvals, text: "@alice look: `x` https://example.com" });
    const ts = await sandbox.post(summaryBlocks);
    await sandbox.post(summaryBlocks, { thread_ts: ts });
    await sandbox.update(ts, summaryBlocks);
    await sandbox.post(summaryBlocks, { to: alice });
  });
  afterAll(async () => {
    await browser.close();
    await sandbox.close();
  });

  const sizes = [
    ["a desk", { width: 1500, height: 1000 }],
    ["a phone", { width: 390, height: 844 }],
  ] as const;

  for (const [size, viewport] of sizes) {
    for (const colorScheme of ["light", "dark"] as const) {
      test(`axe finds nothing serious at the size of ${size} in ${colorScheme} colours`, async () => {
        const context = await browser.newContext({ viewport, colorScheme });
        const page = await context.newPage();
        page.setDefaultTimeout(5_000);
        const found: string[] = [];
        const check = async (place: string): Promise<void> => {
          found.push(...(await findViolations(page)).map((violation) => `${place}: ${violation}`));
        };
        await page.goto(sandbox.url);
        await page.getByRole("article").first().waitFor();
        await check("messages");

        await page.getByRole("button", { name: "1 reply" }).click();
        await page.getByRole("complementary", { name: /^Thread/ }).waitFor();
        await check("thread");
        await page.getByRole("button", { name: "Close thread" }).click();

        await page.getByRole("button", { name: "More actions" }).first().click();
        await page.getByRole("button", { name: "Revoke…" }).first().click();
        await page.getByRole("alertdialog").waitFor();
        await check("confirm");
        await page.keyboard.press("Escape");

        sandbox.openAtNextCommand(revokeView);
        await page.getByRole("textbox", { name: "Message #zt-approvals" }).fill("/zt revoke");
        await page.keyboard.press("Enter");
        const modal = page.getByRole("dialog", { name: "Revoke sessions" });
        await modal.getByRole("button", { name: "Ask for approval" }).click();
        await modal.getByText("Please complete this required field.").first().waitFor();
        await check("modal");
        await page.keyboard.press("Escape");
        await modal.waitFor({ state: "hidden" });

        if (size === "a phone") {
          await page.getByRole("button", { name: "Channel list" }).click();
          await check("drawer");
        }
        await page.getByRole("navigation").getByRole("button", { name: "general" }).click();
        if (size === "a phone") await page.getByRole("button", { name: "Cloudflare" }).click();
        const panel = page.getByRole("complementary", { name: "Cloudflare" });
        await panel.getByRole("switch", { name: "success: false" }).click();
        await panel.getByRole("button", { name: "Switch all off" }).waitFor();
        await check("Cloudflare and the empty channel");
        await panel.getByRole("button", { name: "Switch all off" }).click();
        await panel.getByRole("button", { name: "Switch all off" }).waitFor({ state: "hidden" });
        await context.close();
        expect(found).toEqual([]);
      });
    }
  }
});
