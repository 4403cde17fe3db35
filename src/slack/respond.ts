import type { Message } from "../views/blocks.ts";
import { sendUnfolding } from "./containers.ts";
import { AS_WRITTEN } from "./messages.ts";

/** A response_url takes five answers within 30 minutes; after that Slack has forgotten the question. */
export interface RespondOptions {
  /** For everyone in the channel instead of one person. */
  inChannel?: boolean;
  /** In place of the message whose button was pressed. */
  replaceOriginal?: boolean;
  /** The thread in which a button was pressed: without it, Slack shows the answer in the channel. */
  threadTs?: string | undefined;
}

/**
 * Answers a command or a click by its response_url: works in every channel, also where the bot is no member.
 * @throws Error with Slack's status when the answer was not taken; where the URL is not Slack's nothing is sent.
 */
export type Respond = (responseUrl: string, message: Message, options?: RespondOptions) => Promise<void>;

const TIMEOUT_MS = 5000;

/** The one client for response_urls. `apiUrl`: SLACK_API_URL. */
export function createRespond(apiUrl: string): Respond {
  const slack = new URL(apiUrl);
  // The last two are Slack's too, under another name: GovSlack's, or that of an emulator.
  const origins = new Set(["https://hooks.slack.com", `https://hooks.${slack.host}`, slack.origin]);
  const respond: Respond = async (responseUrl, { text, blocks }, options = {}) => {
    // An answer holds people's names, devices and places. The URL came with the request, and is not repeated in errors.
    if (!origins.has(URL.parse(responseUrl)?.origin ?? ""))
      throw new Error("not answered: the request's response_url is not one of Slack's");
    await sendUnfolding(respond, blocks, (shown) => send(responseUrl, { text, blocks: shown }, options));
  };
  return respond;
}

async function send(responseUrl: string, { text, blocks }: Message, options: RespondOptions): Promise<void> {
  const answer = await fetch(responseUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      response_type: options.inChannel === true ? "in_channel" : "ephemeral",
      replace_original: options.replaceOriginal === true,
      ...(options.threadTs !== undefined && { thread_ts: options.threadTs }),
      text,
      blocks,
      ...AS_WRITTEN,
      unfurl_links: false,
      unfurl_media: false,
    }),
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  // Read to its end, or its connection would stay open. It names what Slack did not like about the blocks, and holds
  // nothing of ours but the place.
  const said = await answer.text();
  if (answer.ok) return;
  const refusal = new Error(`Slack did not take the answer: ${answer.status} ${said.slice(0, 300)}`);
  // As the Web API's errors hold it: see slackErrorCode.
  throw Object.assign(refusal, /\binvalid_blocks\b/.test(said) ? { data: { error: "invalid_blocks" } } : {});
}
