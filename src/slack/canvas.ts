import type { WebClient } from "@slack/web-api";

import type { Log } from "../log/log.ts";
import { slackErrorCode } from "./clients.ts";

/** Slack's plan has canvases only as a tab of a channel: https://docs.slack.dev/reference/methods/canvases.create */
const TABS_ONLY = "free_teams_cannot_create_non_tabbed_canvases";

/**
 * Writes a canvas that everyone in a channel can read. Slack has no way to look for one that may have been made, so this is
 * for what a person waits for, and is never tried again by itself.
 * @returns a link to it, or null where Slack gives none.
 * @throws what Slack answered (`missing_scope` where the app was not given canvases:write).
 */
export async function createCanvas(
  { slack, log }: { slack: WebClient; log: Log },
  { title, markdown, channel }: { title: string; markdown: string; channel: string },
): Promise<string | null> {
  const content = { title, document_content: { type: "markdown", markdown } } as const;
  const { id, isTab } = await create(slack, content, channel);
  if (id === undefined) return null;
  try {
    if (!isTab)
      await slack.canvases.access.set({ canvas_id: id, access_level: "read", channel_ids: [channel] });
    // A canvas is a file as well.
    const { file } = await slack.files.info({ file: id });
    if (file?.permalink !== undefined) return file.permalink;
  } catch (error) {
    await discard({ slack, log }, id);
    throw error;
  }
  await discard({ slack, log }, id);
  return null;
}

async function create(
  slack: WebClient,
  content: { title: string; document_content: { type: "markdown"; markdown: string } },
  channel: string,
): Promise<{ id: string | undefined; isTab: boolean }> {
  try {
    return { id: (await slack.canvases.create(content)).canvas_id, isTab: false };
  } catch (error) {
    if (slackErrorCode(error) !== TABS_ONLY) throw error;
    return { id: (await slack.canvases.create({ ...content, channel_id: channel })).canvas_id, isTab: true };
  }
}

/** No one could find it. What first went wrong is what is told; one that stays is for an operator to delete. */
async function discard({ slack, log }: { slack: WebClient; log: Log }, id: string): Promise<void> {
  try {
    await slack.canvases.delete({ canvas_id: id });
  } catch (error) {
    log.warn({ err: error, canvas: id }, "a canvas that no one was given could not be deleted");
  }
}
