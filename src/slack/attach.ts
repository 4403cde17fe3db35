import type { WebClient } from "@slack/web-api";

import type { MessagePlace } from "./messages.ts";

/**
 * Attaches text files to a thread, in one message. Slack makes no difference between a repetition and a new one, so this is
 * for what a person waits for, and is never tried again by itself.
 * @throws what Slack answered.
 */
export async function attachFiles(
  slack: WebClient,
  { channel, ts }: MessagePlace,
  { text, files }: { text: string; files: readonly { name: string; content: string }[] },
): Promise<void> {
  await slack.files.uploadV2({
    channel_id: channel,
    thread_ts: ts,
    initial_comment: text,
    file_uploads: files.map(({ name, content }) => ({ file: Buffer.from(content), filename: name })),
  });
}
