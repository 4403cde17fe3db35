import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { drawPictures } from "./pictures/draw.ts";

/**
 * `npm run pictures`: the README's pictures at the width of a phone, from what the bot really posts in the sandbox.
 * Prints the first line of each, which has to be enough for a reader in a hurry, and exits with 1 when text is cut off,
 * runs off the side or is said twice; the pictures are written all the same. Needs Chromium (CHROMIUM_PATH, or
 * /usr/bin/chromium).
 */
const IMAGES = join(import.meta.dirname, "..", "docs", "images");

const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
try {
  for (const [scene, { png, firstLine, problems }] of await drawPictures(browser)) {
    writeFileSync(join(IMAGES, `${scene}.png`), png);
    process.stdout.write(`${scene}.png  ${firstLine}\n`);
    for (const problem of problems) process.stdout.write(`  ✗ ${problem}\n`);
    if (problems.length > 0) process.exitCode = 1;
  }
} finally {
  await browser.close();
}
