import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launchBrowser } from "../../support/chromium.ts";
import { type Sandbox, startSandbox } from "./support.ts";

export const desk: BrowserContextOptions = { viewport: { width: 1500, height: 1000 } };
export const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
};

export interface Opened {
  page: Page;
  sandbox: Sandbox;
}

/**
 * One browser and one sandbox for the tests of a file, and one page for each size: to load it anew costs a third of what
 * a new one does. What happened on Slack's side is forgotten before each test. A script error, a refused load or a
 * broken limit of Slack's fails the test.
 */
export function usePages(): (options?: BrowserContextOptions) => Promise<Opened> {
  let browser: Browser;
  let sandbox: Sandbox;
  const pages = new Map<BrowserContextOptions, Page>();
  const problems: string[] = [];

  beforeAll(async () => {
    [browser, sandbox] = await Promise.all([launchBrowser(), startSandbox()]);
  });
  afterEach(async () => {
    expect(problems).toEqual([]);
    expect(sandbox.slack.violations).toEqual([]);
    for (const page of pages.values()) {
      await page.context().unrouteAll();
      await page.unrouteAll();
      for (const other of page.context().pages()) if (other !== page) await other.close();
    }
  });
  afterAll(async () => {
    await browser.close();
    await sandbox.close();
  });

  async function newPage(options: BrowserContextOptions): Promise<Page> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(5_000);
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    pages.set(options, page);
    return page;
  }

  return async (options = desk) => {
    const page = pages.get(options) ?? (await newPage(options));
    problems.splice(0);
    sandbox.reset();
    await page.goto(sandbox.url);
    await page.getByRole("heading", { name: "#zt-approvals", exact: true }).waitFor();
    return { page, sandbox };
  };
}

/** Types a line into the channel's composer and sends it. */
export async function type(page: Page, text: string): Promise<void> {
  const composer = page.getByRole("textbox", { name: /^Message / });
  await composer.fill(text);
  await composer.press("Enter");
}
