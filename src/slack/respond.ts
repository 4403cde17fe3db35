import type { Message } from "../views/blocks.ts";
import { AS_WRITTEN } from "./messages.ts";

/** A response_url takes five answers within 30 minutes; after that Slack has forgotten the question. */
export interface RespondOptions {
  /** For everybody in the channel instead of only who asked. */
  inChannel?: boolean;
  /** In place of the message whose button was pressed. */
  replaceOriginal?: boolean;
}

const TIMEOUT_MS = 5000;

/**
 * Answers a command or a click by its response_url: works in every channel, also where the bot is no member.
 * @throws Error with Slack's status when the answer was not taken.
 */
export async function respond(
  responseUrl: string,
  message: Message,
  options: RespondOptions = {},
): Promise<void> {
  const answer = await fetch(responseUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      response_type: options.inChannel === true ? "in_channel" : "ephemeral",
      replace_original: options.replaceOriginal === true,
      text: message.text,
      blocks: message.blocks,
      ...AS_WRITTEN,
      unfurl_links: false,
      unfurl_media: false,
    }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  // The body names what Slack did not like about the blocks; it holds nothing of ours but the place.
  if (!answer.ok)
    throw new Error(`Slack did not take the answer: ${answer.status} ${(await answer.text()).slice(0, 300)}`);
}
