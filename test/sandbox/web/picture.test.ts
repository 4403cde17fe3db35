import type { AnyBlock } from "@slack/types";
import { expect, test } from "vitest";
import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { openPicture, type Picture, renderPicture } from "../../../sandbox/web/picture.ts";
import { describeInBrowser, launchBrowser } from "../../support/chromium.ts";
import { summaryBlocks } from "./blocks.ts";

/** Width and height, from a PNG's header. */
function sizeOf(png: Buffer): { width: number; height: number } {
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

function message(blocks: AnyBlock[], ts = "1772452800.000100"): StoredMessage {
  return { ts, channel: "C0", user: "UBOT", botId: "BBOT", text: "", blocks, replyCount: 0, history: [] };
}

const section = (text: string): AnyBlock => ({ type: "section", text: { type: "mrkdwn", text } });

async function draw(...messages: AnyBlock[][]): Promise<Picture> {
  const browser = await launchBrowser();
  try {
    const stored = messages.map((blocks, index) => message(blocks, `${1772452800 + index}.000100`));
    return await renderPicture(browser, { messages: stored });
  } finally {
    await browser.close();
  }
}

describeInBrowser("messages as a picture", () => {
  test("it is as wide as wanted at double density, and the same each time", async () => {
    const browser = await launchBrowser();
    try {
      const { png: first } = await renderPicture(browser, summaryBlocks, { width: 480 });
      const { png: again } = await renderPicture(browser, summaryBlocks, { width: 480 });
      const { png: dark } = await renderPicture(browser, summaryBlocks, { width: 480, theme: "dark" });
      expect(sizeOf(first).width).toBe(960);
      expect(sizeOf(first).height).toBeGreaterThan(600);
      expect(again.equals(first)).toBe(true);
      expect(dark.equals(first)).toBe(false);
    } finally {
      await browser.close();
    }
  });

  test("what is folded opens by the keyboard on a phone, in dark colours too, without running off the side", async () => {
    const browser = await launchBrowser();
    const { page, close } = await openPicture(browser, summaryBlocks, { theme: "dark" });
    try {
      await page.locator("summary", { hasText: "Devices and posture" }).focus();
      await page.keyboard.press("Enter");
      await page.getByText("MM-MacBook: WARP is on").waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
      await page.keyboard.press("Enter");
      await page.getByText("MM-MacBook: WARP is on").waitFor({ state: "hidden" });
    } finally {
      await close();
      await browser.close();
    }
  });

  test("its first line is the one below who wrote it, and nothing is wrong with what fits and is said once", async () => {
    const picture = await draw(
      [section("🔴 *Likely account takeover.* 3 sessions open."), section("Revoke the sessions now.")],
      [section("Two words"), section("Two words")],
    );
    expect(picture.firstLine).toBe("🔴 Likely account takeover. 3 sessions open.");
    expect(picture.problems).toEqual([]);
  });

  test("a line that is said twice is found, also in another message, but not where it is folded", async () => {
    const folded: AnyBlock = {
      type: "container",
      title: { type: "plain_text", text: "More" },
      is_collapsible: true,
      default_collapsed: true,
      child_blocks: [section("Folded away until someone looks") as never],
    };
    const picture = await draw(
      [section("They can *sign in* again.\nFolded away until someone looks"), folded],
      [section("They can sign in again.")],
    );
    expect(picture.problems).toEqual(["“They can sign in again.” is said twice."]);
  });

  test("a column that one has to scroll to, a long button and a text off the side are found", async () => {
    const wide = ["first column", "second column", "third column", "fourth column"];
    const picture = await draw([
      {
        type: "table",
        rows: [
          wide.map((text) => ({ type: "raw_text", text })),
          wide.map((text) => ({ type: "raw_text", text })),
        ],
      },
      {
        type: "actions",
        elements: [
          {
            type: "button",
            action_id: "long",
            text: { type: "plain_text", text: "Revoke all sessions and all devices of this person…" },
          },
        ],
      },
    ]);
    expect(picture.problems).toHaveLength(2);
    expect(picture.problems[0]).toMatch(/^A table needs \d+ px and has 3\d\d: “first column second column/);
    expect(picture.problems[1]).toMatch(/^“Revoke all sessions and all devices of this person…” is cut off/);
  });
});
