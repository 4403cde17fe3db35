import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { AnyBlock } from "@slack/types";
import express from "express";
import type { Browser, Page } from "playwright-core";
import type { PictureRequest } from "./page/picture-request.ts";
import { buildPage, mountPage } from "./serve.ts";

/** Narrower pictures show what a phone shows. */
const phoneWidth = 480;

export interface PictureOptions {
  /** In CSS pixels; the picture has twice as many. 720 by default. */
  width?: number;
  /** "light" by default. */
  theme?: "light" | "dark";
  /** Who posted it. "zt-bot" by default. */
  name?: string;
  /** Marks it "Only visible to you". */
  ephemeral?: boolean;
  /** When it was posted and what "today" is, milliseconds since the epoch. Noon of 2 March 2026 UTC by default. */
  now?: number;
  /** IANA name of the reader's zone. "UTC" by default, so that a picture does not depend on where it was made. */
  timeZone?: string;
  /** Names for `<@U…>` mentions. */
  people?: { id: string; realName: string }[];
  /** Handles for `<!subteam^S…>` mentions. */
  userGroups?: { id: string; handle: string }[];
}

/**
 * Renders blocks as one Slack message, alone, the way the sandbox's page shows it.
 *
 * @param browser a running Chromium, the caller's to close.
 * @returns a PNG.
 */
export async function renderPicture(
  browser: Browser,
  blocks: AnyBlock[],
  options: PictureOptions = {},
): Promise<Buffer> {
  const { page, close } = await openPicture(browser, blocks, options);
  try {
    return await page.locator(".picture").screenshot({ animations: "disabled" });
  } finally {
    await close();
  }
}

/** The page that such a picture is taken of, to be looked at closer: `.picture` is the message. */
export async function openPicture(
  browser: Browser,
  blocks: AnyBlock[],
  options: PictureOptions = {},
): Promise<{ page: Page; close: () => Promise<void> }> {
  const { width = 720, theme = "light" } = options;
  const request: PictureRequest = {
    blocks,
    width,
    name: options.name ?? "zt-bot",
    ephemeral: options.ephemeral ?? false,
    now: options.now ?? Date.UTC(2026, 2, 2, 12),
    timeZone: options.timeZone ?? "UTC",
    people: options.people ?? [],
    userGroups: options.userGroups ?? [],
  };
  const { url, close } = await servePage();
  const page = await browser.newPage({
    // The page takes a narrow window for a phone; a picture for a README is only narrow.
    viewport: { width: width < phoneWidth ? width : Math.max(width, 1_000), height: 600 },
    colorScheme: theme,
    deviceScaleFactor: 2,
  });
  const closeAll = async (): Promise<void> => {
    await page.close();
    await close();
  };
  try {
    await page.goto(`${url}/picture.html#${encodeURIComponent(JSON.stringify(request))}`);
    await page.locator(".picture").waitFor();
    return { page, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
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
