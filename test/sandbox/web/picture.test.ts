import { expect, test } from "vitest";
import { renderPicture } from "../../../sandbox/web/picture.ts";
import { describeInBrowser, launchBrowser } from "../../support/chromium.ts";
import { summaryBlocks } from "./blocks.ts";

/** Width and height, from a PNG's header. */
function sizeOf(png: Buffer): { width: number; height: number } {
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

describeInBrowser("a message as a picture", () => {
  test("it is as wide as asked for at double density, and the same each time", async () => {
    const browser = await launchBrowser();
    try {
      const first = await renderPicture(browser, summaryBlocks, { width: 480 });
      const again = await renderPicture(browser, summaryBlocks, { width: 480 });
      const dark = await renderPicture(browser, summaryBlocks, { width: 480, theme: "dark" });
      expect(sizeOf(first).width).toBe(960);
      expect(sizeOf(first).height).toBeGreaterThan(600);
      expect(again.equals(first)).toBe(true);
      expect(dark.equals(first)).toBe(false);
    } finally {
      await browser.close();
    }
  });
});
