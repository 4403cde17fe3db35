import { writeFileSync } from "node:fs";
import type { AnyBlock } from "@slack/types";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPicture } from "../../../sandbox/web/picture.ts";
import type { UserSummary } from "../../../src/lookup/summary.ts";
import { userSummary } from "../../../src/views/look-ups/user-summary.ts";
import { describeInBrowser, launchBrowser } from "../../support/chromium.ts";
import { ACCOUNT, HOUR, makeIdentity, makeSession, makeSummary, MINUTE, NOW, SUMMARIES } from "../../views/support.ts";

const WIDTH = 390;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** A picture in the folder named by PICTURES, to be looked at. */
async function keep(page: Page, name: string): Promise<void> {
  const folder = process.env["PICTURES"];
  if (folder !== undefined) writeFileSync(`${folder}/${name}.png`, await page.locator(".picture").screenshot());
}

async function measure(name: string, blocks: readonly object[], width = WIDTH) {
  const { page, close } = await openPicture(browser, blocks as AnyBlock[], {
    width,
    ephemeral: true,
    now: NOW,
  });
  try {
    await keep(page, name.replaceAll(" ", "-"));
    return await page.evaluate(() => {
      const picture = document.querySelector(".picture");
      if (picture === null) throw new Error("nothing is drawn");
      const top = picture.getBoundingClientRect().top;
      const bottomOf = (found: Iterable<Element>) =>
        [...found].map((one) => one.getBoundingClientRect().bottom - top).reduce((a, b) => Math.max(a, b), 0);
      return {
        height: picture.getBoundingClientRect().height,
        /** To the end of the sessions and the buttons. */
        needed: bottomOf(picture.querySelectorAll(".block-table, .actions:not(details *)")),
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        wide: [...picture.querySelectorAll("*")]
          .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
          .map((one) => `${one.tagName}.${one.className}: ${one.scrollWidth} > ${one.clientWidth}`),
        tables: [...picture.querySelectorAll("table")].map((one) => one.scrollWidth),
      };
    });
  } finally {
    await close();
  }
}
describeInBrowser("x", () => {
  it.each(Object.entries(SUMMARIES))("%s", async (name, summary) => {
    console.log(name, await measure(name, userSummary({ summary, accountId: ACCOUNT, now: NOW }).blocks));
  });
});
