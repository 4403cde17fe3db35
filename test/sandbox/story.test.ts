import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { describeInBrowser, launchBrowser } from "../support/chromium.ts";
import { beAt, startSandbox } from "../support/sandbox.ts";

describeInBrowser("the sandbox in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it.each([
    { mode: "Socket Mode", args: [] },
    { mode: "HTTP", args: ["--http"] },
  ])(
    "tells the main story: look up, ask, approve as a colleague, see that it is done, over $mode",
    async ({ args }) => {
      const sandbox = await startSandbox(...args);
      const page = await browser.newPage();
      try {
        await page.goto(sandbox.url);
        await beAt(page, "Alice Moreau", "security");
        await page.getByRole("textbox", { name: "Message #security" }).fill("/zt user mallory@example.com");
        await page.keyboard.press("Enter");
        // Where Cloudflare takes long, an answer with what was read so far comes first.
        const summary = page.getByRole("article").filter({ hasText: "Mallory Archer" }).last();
        await summary.getByText("3 active sessions").waitFor();
        await summary.getByText("3 sessions open").waitFor();

        await summary.getByText("Likely account takeover").waitFor();
        await summary.getByRole("button", { name: "Revoke all…" }).click();
        const form = page.getByRole("dialog", { name: "Revoke sessions" });
        expect(await form.getByRole("textbox", { name: "Reason" }).inputValue()).toMatch(
          /^Impossible travel GB → BR; 17 denied sign-ins, then 2 allowed from 203\.0\.113\.199/,
        );
        expect(await form.getByRole("checkbox", { name: "Also revoke their devices" }).isChecked()).toBe(
          true,
        );
        await form.getByRole("textbox", { name: "Reason" }).fill("laptop stolen");
        await form.getByRole("button", { name: "Request approval" }).click();
        await page.getByText("Needs 1 approval").first().waitFor();
        await page.getByRole("button", { name: "Done" }).click();

        await beAt(page, "Bob Okafor", "zt-approvals");
        const card = page
          .getByRole("article")
          .filter({ hasText: "Revoke all sessions and devices of mallory@example.com" });
        await card.getByText("Ends 3 sessions on 5 apps").waitFor();
        await card.getByRole("button", { name: "Approve" }).click();
        await page.getByRole("alertdialog").getByRole("button", { name: "Approve" }).click();
        await card.getByText("verified at").waitFor();
        expect(await card.getByRole("button", { name: "Approve" }).count()).toBe(0);

        await card.getByRole("button", { name: /replies/ }).click();
        const thread = page.getByRole("log", { name: /^Thread/ });
        await thread
          .getByText(
            /Revoked 3 sessions and 2 device registrations(, blocked \(on the list .*\))?, verified at /,
          )
          .first()
          .waitFor();
        await thread.getByText("Next:").waitFor();

        await page.getByRole("radio", { name: "Alice Moreau" }).check();
        await page
          .getByRole("navigation", { name: "Channels" })
          .getByRole("button", { name: "security" })
          .click();
        await page.getByRole("textbox", { name: "Message #security" }).fill("/zt user mallory@example.com");
        await page.keyboard.press("Enter");
        await page.getByRole("article").filter({ hasText: "No active session" }).waitFor();
      } finally {
        await page.close();
        expect(await sandbox.stop()).toBe(0);
      }
    },
    90_000,
  );
});
