import { setTimeout as delay } from "node:timers/promises";

import type { WebClient } from "@slack/web-api";

/** How long Slack may take to look at a picture, and how often it is asked meanwhile. */
const READY_WITHIN_MS = 8000;
const ASK_EVERY_MS = 250;

/**
 * Puts a PNG into Slack, shared with nobody: blocks show it by its id. Slack refuses blocks with a file that it has
 * not looked at yet, which shows by its empty type (https://github.com/slackapi/python-slack-sdk/issues/1575).
 * @returns the file's id.
 * @throws what Slack answered (`missing_scope` before the app was given files:write and files:read), or an Error when
 * Slack does not get it ready in time.
 */
export async function uploadPicture(slack: WebClient, name: string, png: Buffer): Promise<string> {
  const uploaded = await slack.files.uploadV2({ file: png, filename: name });
  const { files = [] } = uploaded as { files?: { files?: { id?: string }[] }[] };
  const id = files[0]?.files?.[0]?.id;
  if (id === undefined) throw new Error("Slack named no file after an upload");
  const start = performance.now();
  for (;;) {
    const { file } = await slack.files.info({ file: id });
    if (file?.mimetype !== undefined && file.mimetype !== "") return id;
    if (performance.now() - start > READY_WITHIN_MS)
      throw new Error("Slack did not get a picture ready in time");
    await delay(ASK_EVERY_MS);
  }
}
