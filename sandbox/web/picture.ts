import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import type { Browser } from "playwright-core";
import type { PictureContent, PictureFindings, PictureRequest } from "./page/picture-request.ts";
import { buildPage, mountPage } from "./serve.ts";

/** Narrower pictures show what a phone shows. */
const phoneWidth = 480;

export interface PictureOptions {
  /** In CSS pixels; the picture has twice as many. 390 by default, as a phone has. */
  width?: number;
  /** "light" by default. */
  theme?: "light" | "dark";
  /** Whose messages are marked as the app's. */
  bot?: { userId: string; name: string };
  /** What "today" is, milliseconds since the epoch. Noon of 2 March 2026 UTC by default. */
  now?: number;
  /** IANA name of the reader's zone. "UTC" by default, so that a picture does not depend on where it was made. */
  timeZone?: string;
  /** Names for `<@U…>` mentions. */
  people?: { id: string; realName: string }[];
  /** Handles for `<!subteam^S…>` mentions. */
  userGroups?: { id: string; handle: string }[];
  /** Where the page is served already, with the files that the messages show. Served for this picture by default. */
  pageUrl?: string;
}

export interface Picture extends PictureFindings {
  png: Buffer;
}

/**
 * Draws messages or a Home tab, without anything around them, the way the sandbox's page does, and looks for what keeps
 * the picture from being read.
 *
 * @param browser a running Chromium, the caller's to close.
 */
export async function renderPicture(
  browser: Browser,
  content: PictureContent,
  options: PictureOptions = {},
): Promise<Picture> {
  const { width = 390, theme = "light" } = options;
  const request: PictureRequest = {
    content,
    width,
    bot: options.bot ?? { userId: "UBOT", name: "zt-bot" },
    now: options.now ?? Date.UTC(2026, 2, 2, 12),
    timeZone: options.timeZone ?? "UTC",
    people: options.people ?? [],
    userGroups: options.userGroups ?? [],
  };
  const served =
    options.pageUrl === undefined ? await servePage() : { url: options.pageUrl, close: async () => {} };
  const page = await browser.newPage({
    // The page takes a narrow window for a phone; a wider picture is only narrower than a desk.
    viewport: { width: width < phoneWidth ? width : Math.max(width, 1_000), height: 600 },
    colorScheme: theme,
    deviceScaleFactor: 2,
  });
  try {
    await page.goto(`${served.url}/picture.html#${encodeURIComponent(JSON.stringify(request))}`, {
      waitUntil: "networkidle",
    });
    const png = await page.locator(".picture").screenshot({ animations: "disabled" });
    const findings = await page.evaluate<PictureFindings>("findPictureProblems()");
    return { png, ...findings };
  } finally {
    await page.close();
    await served.close();
  }
}

async function servePage(): Promise<{ url: string; close: () => Promise<void> }> {
  const app = express();
  mountPage(app, await buildPage(), { user: "" });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
