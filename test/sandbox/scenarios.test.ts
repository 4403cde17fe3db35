import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { findViolations } from "../support/axe.ts";
import { describeInBrowser, launchBrowser } from "../support/chromium.ts";
import { startSandbox } from "../support/sandbox.ts";

const sizes: [string, BrowserContextOptions][] = [
  ["a desk", { viewport: { width: 1280, height: 800 } }],
  ["a phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
];

/** What overlaps of the guide and the messages, in square pixels. */
const OVERLAP = `(() => {
  const [guide, chat] = [".guide", ".main"].map((one) => document.querySelector(one).getBoundingClientRect());
  const wide = Math.min(guide.right, chat.right) - Math.max(guide.left, chat.left);
  const high = Math.min(guide.bottom, chat.bottom) - Math.max(guide.top, chat.top);
  return Math.max(0, wide) * Math.max(0, high);
})()`;

async function openPage(browser: Browser, url: string, options: BrowserContextOptions) {
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(20_000);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  await page.goto(url);
  return { page, problems };
}

function guideOf(page: Page) {
  return page.locator("aside.guide");
}

describeInBrowser("the sandbox's guide", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it.each(sizes)(
    "at the size of %s plays phished-user to its end, takes the page along, and the thread tells the story",
    async (_size, options) => {
      const sandbox = await startSandbox("--play", "phished-user", "--pace", "0.3");
      const { page, problems } = await openPage(browser, sandbox.url, options);
      try {
        const guide = guideOf(page);
        await guide.getByRole("heading", { name: "Phished user" }).waitFor();
        expect(await page.evaluate(OVERLAP)).toBe(0);
        await guide.getByRole("heading", { name: "The end" }).waitFor({ timeout: 90_000 });

        const thread = page.getByRole("log", { name: "Thread in #incident-7" });
        await thread.getByText("Closed by").first().waitFor();
        await thread
          .getByText(/INC-\w+\.json/)
          .first()
          .waitFor();
        const words = await thread.innerText();
        expect(words).toMatch(
          /Closed[\s\S]*Noted by @Bob[\s\S]*requested: Revoke all sessions and devices[\s\S]*@Bob Okafor approved[\s\S]*verified at/,
        );
        expect(words).toMatch(
          /and block them[\s\S]*@Carol Lindqvist approved[\s\S]*Contained[\s\S]*Closed by/,
        );
        await page.getByRole("radio", { name: "Alice Moreau", checked: true }).waitFor();

        await guide.getByText("All steps").click();
        const steps = guide.getByRole("listitem");
        expect(await steps.filter({ hasText: ", done" }).count()).toBe(await steps.count());
        expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
        expect(await page.evaluate(OVERLAP)).toBe(0);
        expect(await findViolations(page)).toEqual([]);

        await guide.getByRole("button", { name: "All scenarios" }).click();
        await guide.getByRole("heading", { name: "False alarm" }).waitFor();
        expect(problems).toEqual([]);
      } finally {
        await page.context().close();
        expect(await sandbox.stop()).toBe(0);
      }
    },
    150_000,
  );

  it.each(sizes)(
    "at the size of %s goes step by step: one with one's own hands, one done by the guide, and can be left",
    async (_size, options) => {
      const sandbox = await startSandbox();
      const { page, problems } = await openPage(browser, sandbox.url, options);
      try {
        await page.getByRole("button", { name: "Guide", exact: true }).click();
        const guide = guideOf(page);
        const story = guide.getByRole("group", { name: "False alarm" });
        await story.getByRole("button", { name: "Step by step" }).click();
        await guide.getByRole("heading", { name: "Alice looks Rhea up" }).waitFor();
        await guide.getByRole("button", { name: "Go there" }).click();
        await page.getByRole("heading", { name: "#incident-7", exact: true }).waitFor();
        expect(await findViolations(page)).toEqual([]);

        await guide.getByRole("button", { name: "Put it in the message field" }).click();
        const field = page.getByRole("textbox", { name: "Message #incident-7" });
        expect(await field.inputValue()).toBe("/zt user rhea@example.com");
        await page.getByRole("button", { name: "Send" }).click();
        await guide.getByRole("heading", { name: "Alice opens an incident" }).waitFor();
        await guide.getByRole("button", { name: "Do it for me" }).click();
        await guide.getByRole("heading", { name: "Alice requests a revocation" }).waitFor();
        await guide.getByText("All steps").click();
        await guide.getByText("Alice looks Rhea up").getByText("by you").waitFor();

        await guide.getByRole("button", { name: "All scenarios" }).click();
        await guide.getByRole("heading", { name: "Credential stuffing" }).waitFor();
        expect(await findViolations(page)).toEqual([]);
        await guide.getByRole("button", { name: "Close guide" }).click();
        await guide.waitFor({ state: "detached" });
        expect(problems).toEqual([]);
      } finally {
        await page.context().close();
        expect(await sandbox.stop()).toBe(0);
      }
    },
    120_000,
  );
});
