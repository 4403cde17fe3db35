import { expect, test } from "vitest";
import { describeInBrowser } from "../../support/chromium.ts";
import { phone, type, usePages } from "./open-page.ts";
import { approvals } from "./support.ts";

const tooLong = [{ type: "divider", block_id: "b".repeat(256) } as const];

describeInBrowser("the inspector", () => {
  const open = usePages();

  for (const [size, options] of [
    ["a desk", undefined],
    ["a phone", phone],
  ] as const) {
    test(`at the size of ${size}: newest first, a broken limit in red and counted, filtered, opened, cleared`, async () => {
      const { page, sandbox } = await open(options);
      await sandbox.post([], { text: "hello" });
      await expect(sandbox.post(tooLong)).rejects.toThrow("invalid_blocks");
      // It is the app of the test that broke a limit, not the page.
      sandbox.slack.violations.splice(0);
      await type(page, "/zt user mallory@example.com");
      await page.getByRole("button", { name: "Inspector 1 over a limit" }).click();
      const panel = page.getByRole("complementary", { name: "Inspector" });
      const rows = panel.getByRole("list", { name: "Requests, newest first" }).getByRole("listitem");
      await rows.nth(2).waitFor();
      expect(await rows.first().innerText()).toMatch(
        /Slack → bot[\s\S]*acknowledged · \d+ ms[\s\S]*\/zt user mallory/,
      );
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);

      await panel.getByRole("checkbox", { name: "Broken limits" }).check();
      await rows.nth(1).waitFor({ state: "detached" });
      await rows.first().getByText("must be less than 256 characters").waitFor();
      await rows.first().getByText("chat.postMessage").click();
      await rows.first().getByLabel("Sent").getByText(approvals).waitFor();
      await rows.first().getByLabel("Answer").getByText("invalid_blocks").first().waitFor();

      await panel.getByRole("checkbox", { name: "Broken limits" }).uncheck();
      await panel.getByRole("combobox", { name: "Between" }).selectOption("Slack → bot");
      await panel.getByRole("searchbox", { name: "Filter requests" }).fill("zt mallory");
      await rows.nth(1).waitFor({ state: "detached" });
      await rows.first().getByText("/zt").waitFor();
      await panel.getByRole("searchbox", { name: "Filter requests" }).fill("nothing like it");
      await panel.getByText("No request fits the filter.").waitFor();

      await panel.getByRole("button", { name: "Clear" }).click();
      await panel.getByText("Nothing yet.").waitFor();
      await panel.getByRole("button", { name: /^(Close inspector|Back to the messages)$/ }).click();
      await page.getByRole("button", { name: "Inspector", exact: true }).waitFor();
    });
  }
});
