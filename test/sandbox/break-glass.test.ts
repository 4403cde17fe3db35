import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { PEOPLE } from "../../sandbox/workspace.ts";
import { describeInBrowser, launchBrowser } from "../support/chromium.ts";
import { beAt, startSandbox } from "../support/sandbox.ts";

describeInBrowser("the sandbox in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it("lets Alice break the glass, tells Bob, and has him review it", async () => {
    const sandbox = await startSandbox();
    const [page, bobs] = [await browser.newPage(), await browser.newPage()];
    try {
      await page.goto(sandbox.url);
      await beAt(page, "Alice Moreau", "security");
      await page
        .getByRole("textbox", { name: "Message #security" })
        .fill("/zt revoke mallory@example.com --reason laptop stolen");
      await page.keyboard.press("Enter");
      const asked = page.getByRole("article").filter({ hasText: "Needs 1 approval" });
      await asked.getByRole("button", { name: /Revoke now/ }).click();
      const form = page.getByRole("dialog", { name: "Break-glass" });
      await form.getByText("This happens at once, without approval.").waitFor();
      const reason = form.getByRole("textbox", { name: "Why can't it wait for an approver?" });
      await reason.fill("urgent");
      await form.getByRole("button", { name: "Revoke now" }).click();
      await form.getByText("at least 15 characters: the reviewer").waitFor();
      expect(await reason.inputValue()).toBe("urgent");
      await reason.fill("it is 3 in the morning and nobody answers");
      await form.getByRole("button", { name: "Revoke now" }).click();
      await page.getByText("In progress, without approval").waitFor();
      await page.getByRole("button", { name: "Close", exact: true }).last().click();

      // A tab of Bob's own: nothing in it is Alice's.
      await bobs.goto(`${sandbox.url}#as=${PEOPLE.bob}`);
      await bobs
        .getByRole("navigation", { name: "Channels" })
        .getByRole("button", { name: /zt-bot/ })
        .click();
      await bobs.getByText(", without approval").first().waitFor();

      await beAt(bobs, "Bob Okafor", "zt-approvals");
      const card = bobs.getByRole("article").filter({ hasText: "Needs review" });
      await card.getByText("verified at").waitFor();
      await card.getByRole("button", { name: /Review/ }).click();
      const review = bobs.getByRole("dialog", { name: "Review" });
      await review.getByRole("radio", { name: /^Justified/ }).check();
      await review.getByRole("button", { name: "Review", exact: true }).click();
      await bobs.getByText("Your review is on the card").waitFor();
      await bobs
        .getByText(/Justified, reviewed by/)
        .first()
        .waitFor();
    } finally {
      await Promise.all([page.close(), bobs.close()]);
      expect(await sandbox.stop()).toBe(0);
    }
  }, 90_000);
});
