import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import type { AnyBlock } from "@slack/types";
import type { Browser, Page } from "playwright-core";
import type { StoredMessage } from "../slack/types.ts";
import type { PictureContent, PictureFindings, PictureRequest } from "./page/picture-request.ts";
import { buildPage, mountPage } from "./serve.ts";

/** Narrower pictures show what a phone shows. */
const phoneWidth = 480;

export interface PictureOptions {
  /** In CSS pixels; the picture has twice as many. 390 by default, as a phone has. */
  width?: number;
  /** "light" by default. */
  theme?: "light" | "dark";
  /** Marks a message that is given as its blocks "Only visible to you". */
  ephemeral?: boolean;
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

/** Messages as they are stored, what a Home tab shows, or the blocks of one message. */
type Shown = PictureContent | AnyBlock[];

/**
 * Draws messages or a Home tab, without anything around them, the way the sandbox's page does, and looks for what keeps
 * the picture from being read.
 *
 * @param browser a running Chromium, the caller's to close.
 */
export async function renderPicture(
  browser: Browser,
  shown: Shown,
  options: PictureOptions = {},
): Promise<Picture> {
  const { page, close } = await openPicture(browser, shown, options);
  try {
    const png = await page.locator(".picture").screenshot({ animations: "disabled" });
    return { png, ...(await page.evaluate<PictureFindings>("findPictureProblems()")) };
  } finally {
    await close();
  }
}

/** The page that such a picture is taken of, to be looked at more closely: `.picture` is what is taken. */
export async function openPicture(
  browser: Browser,
  shown: Shown,
  options: PictureOptions = {},
): Promise<{ page: Page; close: () => Promise<void> }> {
  const { width = 390, theme = "light", now = Date.UTC(2026, 2, 2, 12) } = options;
  const bot = options.bot ?? { userId: "UBOT", name: "zt-bot" };
  const request: PictureRequest = {
    content: Array.isArray(shown)
      ? { messages: [toMessage(shown, bot.userId, now, options.ephemeral ?? false)] }
      : shown,
    width,
    bot,
    now,
    timeZone: options.timeZone ?? "UTC",
    people: options.people ?? [],
    userGroups: options.userGroups ?? [],
  };
  const served = options.pageUrl === undefined ? await servePage() : null;
  const page = await browser.newPage({
    // The page takes a narrow window for a phone; a wider picture is only narrower than a desk.
    viewport: { width: width < phoneWidth ? width : Math.max(width, 1_000), height: 600 },
    colorScheme: theme,
    deviceScaleFactor: 2,
  });
  const close = async (): Promise<void> => {
    await page.close();
    await served?.close();
  };
  try {
    const url = options.pageUrl ?? served?.url;
    const hash = encodeURIComponent(JSON.stringify(request));
    // Fonts and the files that messages show have arrived then.
    await page.goto(`${url}/picture.html#${hash}`, { waitUntil: "networkidle" });
    await page.locator(".picture").waitFor();
    return { page, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function toMessage(blocks: AnyBlock[], user: string, now: number, ephemeral: boolean): StoredMessage {
  return {
    ts: (now / 1000).toFixed(6),
    channel: "C0",
    user,
    text: "",
    blocks,
    replyCount: 0,
    history: [],
    ...(ephemeral && { ephemeralTo: "U0" }),
  };
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
