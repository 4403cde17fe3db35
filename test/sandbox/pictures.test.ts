import { expect, it } from "vitest";

import { drawPictures } from "../../scripts/pictures/draw.ts";
import { describeInBrowser, launchBrowser } from "../support/chromium.ts";

describeInBrowser("the README's pictures", () => {
  it("show what the bot posts at the width of a phone: nothing cut off, nothing off the side, nothing twice", async () => {
    const browser = await launchBrowser();
    try {
      const pictures = await drawPictures(browser);
      expect([...pictures.keys()]).toEqual([
        "summary",
        "card",
        "thread",
        "errors",
        "bulk",
        "incident",
        "home",
      ]);
      const problems = [...pictures].flatMap(([scene, picture]) =>
        picture.problems.map((problem) => `${scene}.png: ${problem}`),
      );
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
